"""Cards: the picture that other sites and messengers show beside a link to a page of the blog."""
