"""One run of one searcher on one task, as the statistics see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.experiments.statistics.arrays import Array
from agenttts_env.trial import Trial, best_trial

SPENDING: Mapping[str, Callable[[Trial], float]] = {
    "tokens": lambda trial: trial.ledger.tokens_computed,
    "total_tokens": lambda trial: trial.ledger.tokens_computed + trial.overhead.tokens_computed,
    "total_flops": lambda trial: trial.ledger.flops + trial.overhead.flops,
    "total_dollars": lambda trial: trial.ledger.dollars + trial.overhead.dollars,
}
"""What a trial spends: inference tokens computed for it; *total* includes the searcher's own inference."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A run's N trials, in order.

    Attributes:
        task: names the problem: the task, and its budget where a comparison has several.
        searcher: its name.
        seed: the run's; equal seeds of one task mean common random numbers.
        search_scores: (N,), what the searcher was told; NaN for a trial that was not completed.
        test_scores: (N,), true score of the incumbent after each trial: the population's expectation where a backend
            knows it, else the mean over the sealed test split. NaN before the first completed trial. The incumbent is
            the :func:`~agenttts_env.trial.best_trial` so far.
        spending: by axis (N,), what each trial spent.
    """

    task: str
    searcher: str
    seed: int
    search_scores: Array
    test_scores: Array
    spending: Mapping[str, Array]

    @classmethod
    def of(
        cls, task: str, searcher: str, seed: int, trials: Sequence[Trial], test_score: Callable[[Allocation], float]
    ) -> Cell:
        """From a run's log.

        Args:
            task: see above.
            searcher: see above.
            seed: see above.
            trials: all of them.
            test_score: true score of an allocation; asked once for each new incumbent.
        """
        best: Trial | None = None
        score, test_scores = np.nan, []
        for trial in trials:
            incumbent = best_trial([trial] if best is None else [best, trial])
            if incumbent is not None and incumbent is not best and incumbent.allocation is not None:
                best, score = incumbent, test_score(incumbent.allocation)
            test_scores.append(score)
        search_scores = [np.nan if trial.score is None else trial.score for trial in trials]
        spending = {
            axis: np.array([spent(trial) for trial in trials], dtype=np.float64) for axis, spent in SPENDING.items()
        }
        return cls(task, searcher, seed, np.array(search_scores), np.array(test_scores), spending)
