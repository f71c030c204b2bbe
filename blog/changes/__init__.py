"""All writing. Nothing else in the blog inserts, updates or deletes.

Every function here is one transaction, which also appends to the ``change`` log what the
followers need to know.
"""
