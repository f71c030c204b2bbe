"""The author's pages. Everything below ``/admin/`` needs somebody who is signed in, unless said here."""
