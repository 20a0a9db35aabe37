"""What the searchers without an LLM share: they start bare or seeded, and repeat nothing while anything is new."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import get_args

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import SEEDED, InitRule, initial_allocations
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher


class Optimiser(Searcher):
    """Asks for feasible allocations only, and for none twice before all have been tried.

    *Seeded*, it first asks for the initial trials and is told their results like any others; *bare*, it begins by
    itself. All else is the same, the random numbers included.

    Args:
        init_rule: begin with these trials (:func:`~agenttts_env.initial.initial_allocations`); None is bare.

    Raises:
        InvalidInputError: there is no such rule.
    """

    def __init__(self, *, init_rule: InitRule | None = None) -> None:
        if init_rule is not None and init_rule not in get_args(InitRule):
            raise InvalidInputError(f"`init_rule` must be None or one of {get_args(InitRule)}, but got {init_rule!r}")
        self.init_rule = init_rule
        self._bare_name = self.name
        if init_rule is not None:
            self.name += SEEDED

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`."""
        self._problem = problem
        self._rng = np.random.default_rng([seed, *self._bare_name.encode()])
        self._initial = deque(initial_allocations(problem, self.init_rule) if self.init_rule else ())
        self._asked: set[Allocation] = set()
        self._start(max(trials - len(self._initial), 0), seed)

    def ask(self) -> Allocation:
        """A feasible allocation."""
        if len(self._asked) == self._problem.count():
            self._asked.clear()
        allocation = self._initial.popleft() if self._initial else self._propose()
        self._asked.add(allocation)
        return allocation

    @abstractmethod
    def _start(self, trials: int, seed: int) -> None:
        """Forget every search before this one; ``trials`` without the initial ones."""

    @abstractmethod
    def _propose(self) -> Allocation:
        """A feasible allocation that is not in ``_asked``; there is one."""

    def _untried(self) -> Allocation:
        """A uniformly random feasible allocation that is not in ``_asked``."""
        while (allocation := self._problem.sample(self._rng)) in self._asked:
            pass
        return allocation
