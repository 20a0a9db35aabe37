"""How a running search shows itself."""

from __future__ import annotations

from rich.console import Console

from agenttts_env.experiments.progress_bar import ProgressBar
from agenttts_env.rendering import format_score
from agenttts_env.trial import Trial, best_trial


class SearchProgress(ProgressBar):
    """Shows trials as they come; to be used in a ``with`` statement.

    Args:
        console: where.
        total: number of trials.
        done: trials that a resumed search has already.
    """

    def __init__(self, console: Console, total: int, done: list[Trial]) -> None:
        super().__init__(console, "trials", total, len(done))
        self._trials = list(done)

    def add(self, trial: Trial) -> None:
        """Show one more trial."""
        self._trials.append(trial)
        count, status = len(self._trials), self._status()
        self.show(count, status, f"trial {count}/{self.total}: {status}")

    def _status(self) -> str:
        best = best_trial(self._trials)
        score = "none yet" if best is None else format_score(best.score, best.standard_error)
        tokens = sum(trial.ledger.tokens_computed + trial.overhead.tokens_computed for trial in self._trials)
        return f"best {score}, {tokens:,} tokens computed"
