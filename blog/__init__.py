"""Crosstag: a self-hosted linkblog, readable and subscribable by any intersection of tags."""
