"""Task families and the registry of tasks."""
