"""What the blog does by itself towards the rest of the web, while it is served."""
