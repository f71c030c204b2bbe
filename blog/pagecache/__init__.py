"""Pages kept as the bytes that are sent: a WSGI middleware between the server and Flask."""
