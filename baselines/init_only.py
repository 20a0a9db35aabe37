"""The initial trials and nothing else: a control for what a search adds to how it begins."""

from __future__ import annotations

from agenttts_env.allocation import Allocation
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial, best_trial


class InitOnlySearcher(Searcher):
    """Asks for the initial trials, and from then on for the best of them again and again.

    A repeat takes a trial, so that all searchers have as many, but computes no sample and cannot change the best
    score: the curve of this searcher stays flat. Where no initial trial was completed, the first is repeated.

    Args:
        init_rule: rule of the trials (:func:`~agenttts_env.initial.initial_allocations`).
    """

    name = "init-only"

    def __init__(self, *, init_rule: InitRule = "paper") -> None:
        self.init_rule = init_rule

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`. The seed decides nothing."""
        self._initial = initial_allocations(problem, self.init_rule)
        self._told: list[Trial] = []

    def ask(self) -> Allocation:
        """The next initial allocation, or else the best."""
        if len(self._told) < len(self._initial):
            return self._initial[len(self._told)]
        best = best_trial(self._told)
        return self._initial[0] if best is None or best.requested is None else best.requested

    def tell(self, trial: Trial) -> None:
        """Keep the trial."""
        self._told.append(trial)
