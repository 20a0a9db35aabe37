"""How a running comparison shows itself."""

from __future__ import annotations

import time

from rich.console import Console

from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.progress_bar import ProgressBar


class CompareProgress(ProgressBar):
    """Shows cells as they are finished, and how long the rest may take; to be used in a ``with`` statement.

    Args:
        console: where.
        total: number of cells.
        done: cells that a resumed comparison has already.
    """

    def __init__(self, console: Console, total: int, done: int) -> None:
        super().__init__(console, "cells", total, done, remaining=True)
        self._done, self._failed = done, 0

    def add(self, record: CellRecord) -> None:
        """Show one more cell."""
        self._done += 1
        self._failed += bool(record.error)
        failed = f"{self._failed} broke down" if self._failed else ""
        passed = time.monotonic() - self.start
        left = passed / (self._done - self.before) * (self.total - self._done)
        parts = [f"cell {self._done}/{self.total}", f"{passed:.0f} s", f"about {left:.0f} s left", failed]
        self.show(self._done, failed, ", ".join(filter(None, parts)))
