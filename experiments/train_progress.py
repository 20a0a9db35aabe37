"""How a running training shows itself: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_UPDATES = 0.2


class TrainProgress:
    """Shows steps, steps per second and the last evaluation; to be used in a ``with`` statement.

    Args:
        console: where.
        total: number of steps.
        done: steps that a resumed training has already.
    """

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console = console
        self._total, self._before, self._done = total, done, done
        self._start = time.monotonic()
        self._shown = self._start
        self._evaluated = ""
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                TextColumn("steps"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left:"),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=console,
            )
            self._task = self._bar.add_task("", total=total, completed=done)

    def __enter__(self) -> TrainProgress:
        if self._bar is not None:
            self._bar.start()
        if self._before:
            self._console.print(f"resumed: {self._before:,} of {self._total:,} steps are done", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, done: int) -> None:
        """Show that so many steps are done."""
        self._done = done
        now = time.monotonic()
        wait = SECONDS_BETWEEN_LINES if self._bar is None else SECONDS_BETWEEN_UPDATES
        if now - self._shown >= wait:
            self._show(now)

    def evaluated(self, mean: float, best: float) -> None:
        """Show what an evaluation has found."""
        self._evaluated = f"held-out return {mean:.4f}, best {best:.4f}"
        if self._bar is not None or self._done >= self._total:
            self._show(time.monotonic())

    def _show(self, now: float) -> None:
        self._shown = now
        speed = (self._done - self._before) / max(now - self._start, 1e-9)
        text = ", ".join(filter(None, [f"{speed:,.0f} steps/s", self._evaluated]))
        if self._bar is not None:
            self._bar.update(self._task, completed=min(self._done, self._total), description=text)
        else:
            self._console.print(f"step {self._done:,}/{self._total:,}: {text}", highlight=False)
