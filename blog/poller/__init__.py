"""Asking sources for what is new: finding their feeds, reading them, and taking in what they say."""
