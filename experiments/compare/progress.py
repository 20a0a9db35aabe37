"""How a running comparison shows itself: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agenttts_env.experiments.compare.record import CellRecord

SECONDS_BETWEEN_LINES = 10.0


class CompareProgress:
    """Shows cells as they are finished, and how long the rest may take; to be used in a ``with`` statement.

    Args:
        console: where.
        total: number of cells.
        done: cells that a resumed comparison has already.
    """

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console = console
        self._total, self._before, self._done, self._failed = total, done, done, 0
        self._start = self._last_line = time.monotonic()
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("cells"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left:"),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=console,
            )
            self._task = self._bar.add_task("", total=total, completed=done)

    def __enter__(self) -> CompareProgress:
        if self._bar is not None:
            self._bar.start()
        elif self._before:
            self._console.print(f"resumed: {self._before} of {self._total} cells are done", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def add(self, record: CellRecord) -> None:
        """Show one more cell."""
        self._done += 1
        self._failed += bool(record.error)
        failed = f"{self._failed} broke down" if self._failed else ""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, description=failed)
            return
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES or self._done == self._total:
            self._last_line = now
            passed = now - self._start
            left = passed / (self._done - self._before) * (self._total - self._done)
            parts = [f"cell {self._done}/{self._total}", f"{passed:.0f} s", f"about {left:.0f} s left", failed]
            self._console.print(", ".join(filter(None, parts)), highlight=False)
