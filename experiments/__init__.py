"""The command line, plots and tracking."""
