"""The API for programs, ``/api/v1/``: JSON over HTTP, described by one table of operations (``routes.py``)."""
