"""Micropub (W3C Recommendation of 23 May 2017), by which apps post: ``/micropub`` and ``/micropub/media``."""
