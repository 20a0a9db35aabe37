"""A search as text and as a picture."""
