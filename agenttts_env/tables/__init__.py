"""Recorded outcomes that come with this package: a file per task; see ``docs/replay.md``."""
