"""Where things are kept that are worth keeping between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$AGENTTTS_CACHE``, by default ``~/.cache/agenttts``; made if missing."""
    folder = Path(os.environ.get("AGENTTTS_CACHE") or Path.home() / ".cache" / "agenttts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
