"""Proving who somebody is: passwords, random tokens and passkeys. Nothing here knows the database."""
