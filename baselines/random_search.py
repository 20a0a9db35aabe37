"""Random search: the baseline that every other searcher must beat."""

from __future__ import annotations

from collections import deque

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial


class RandomSearcher(Searcher):
    """Draws uniformly from the feasible allocations, without repeating one until all have been tried.

    Args:
        init_rule: begin with these trials (:func:`~agenttts_env.initial.initial_allocations`); None begins at random.
    """

    name = "random"

    def __init__(self, *, init_rule: InitRule | None = None) -> None:
        self.init_rule = init_rule

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`."""
        self._problem = problem
        self._rng = np.random.default_rng([seed, *self.name.encode()])
        self._initial = deque(initial_allocations(problem, self.init_rule) if self.init_rule else ())
        self._asked: set[Allocation] = set()

    def ask(self) -> Allocation:
        """A feasible allocation."""
        if len(self._asked) == self._problem.count():
            self._asked.clear()
        allocation = self._initial.popleft() if self._initial else self._problem.sample(self._rng)
        while allocation in self._asked:
            allocation = self._problem.sample(self._rng)
        self._asked.add(allocation)
        return allocation

    def tell(self, trial: Trial) -> None:
        """Nothing is learnt."""
