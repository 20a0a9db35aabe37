"""Software development: from a requirement to a small program that runs."""
