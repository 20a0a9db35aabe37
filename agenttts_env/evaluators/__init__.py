"""Where evaluations come from."""
