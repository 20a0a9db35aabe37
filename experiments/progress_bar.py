"""What every long command shows of itself: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0


class ProgressBar:
    """Shows how much is done, and a text; to be used in a ``with`` statement.

    Args:
        console: where.
        what: is counted.
        total: number of them.
        done: those that a resumed command has already.
        remaining: whether to estimate the time that is left.
    """

    def __init__(self, console: Console, what: str, total: int, done: int, *, remaining: bool = False) -> None:
        self.console = console
        self.total, self.before = total, done
        self.start = time.monotonic()
        self._what = what
        self._last_line = self.start
        self._bar: Progress | None = None
        if console.is_terminal:
            left = (TextColumn("left:"), TimeRemainingColumn()) if remaining else ()
            self._bar = Progress(
                TextColumn(what),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                *left,
                TextColumn("{task.description}"),
                console=console,
            )
            self._task = self._bar.add_task("", total=total, completed=done)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        elif self.before:
            self.console.print(
                f"resumed: {self.before:,} of {self.total:,} {self._what} are done", highlight=False, markup=False
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, text: str, line: str) -> None:
        """Show how far it is.

        Args:
            done: how many.
            text: beside the bar.
            line: in its place where there is none; now and then, and at the end.
        """
        if self._bar is not None:
            self._bar.update(self._task, completed=min(done, self.total), description=text)
        elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES or done >= self.total:
            self._last_line = time.monotonic()
            self.console.print(line, highlight=False, markup=False)
