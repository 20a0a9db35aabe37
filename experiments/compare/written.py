"""Files that appear as a whole: who reads while they are written sees the old ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file to write beside ``path``, which takes its place at the end, or is gone if something goes wrong.

    Args:
        path: of the file that is wanted; its ending is that of the file to write.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
