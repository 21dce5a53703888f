"""One form per kind of work."""
