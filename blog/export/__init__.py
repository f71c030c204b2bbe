"""Taking a blog out: as a complete archive, or as a tree of Markdown files."""
