"""Parsers of other formats: bytes in, drafts out; they know ``blog.domain`` and nothing else."""
