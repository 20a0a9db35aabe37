"""How a running search shows itself: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agenttts_env.rendering import format_score
from agenttts_env.trial import Trial, best_trial

SECONDS_BETWEEN_LINES = 10.0


class SearchProgress:
    """Shows trials as they come; to be used in a ``with`` statement.

    Args:
        console: where.
        total: number of trials.
        done: trials that a resumed search has already.
    """

    def __init__(self, console: Console, total: int, done: list[Trial]) -> None:
        self._console = console
        self._total = total
        self._trials = list(done)
        self._last_line = time.monotonic()
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("trials"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=console,
            )
            self._task = self._bar.add_task(self._status(), total=total, completed=len(done))

    def __enter__(self) -> SearchProgress:
        if self._bar is not None:
            self._bar.start()
        elif self._trials:
            self._console.print(f"resumed: {len(self._trials)} of {self._total} trials are done", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def add(self, trial: Trial) -> None:
        """Show one more trial."""
        self._trials.append(trial)
        if self._bar is not None:
            self._bar.update(self._task, completed=len(self._trials), description=self._status())
            return
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES or len(self._trials) == self._total:
            self._last_line = now
            self._console.print(f"trial {len(self._trials)}/{self._total}: {self._status()}", highlight=False)

    def _status(self) -> str:
        best = best_trial(self._trials)
        score = "none yet" if best is None else format_score(best.score, best.standard_error)
        tokens = sum(trial.ledger.tokens_computed + trial.overhead.tokens_computed for trial in self._trials)
        return f"best {score}, {tokens:,} tokens computed"
