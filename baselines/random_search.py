"""Random search: the baseline that every other searcher must beat."""

from __future__ import annotations

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.trial import Trial


class RandomSearcher(Optimiser):
    """Draws uniformly from the feasible allocations, without repeating one until all have been tried.

    Args:
        init_rule: see :class:`~agenttts_env.baselines.optimiser.Optimiser`.
    """

    name = "random"

    def tell(self, trial: Trial) -> None:
        """Nothing is learnt."""

    def _start(self, trials: int, seed: int) -> None:
        """Nothing is kept between trials."""

    def _propose(self) -> Allocation:
        return self._untried()
