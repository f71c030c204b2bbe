"""The words the blog is made of: pure values, with no Flask, no SQL and no clock."""
