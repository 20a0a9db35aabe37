"""Bayesian optimisation with Optuna's samplers."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Literal, get_args

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.budget_split import BudgetSplit, Point
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial

if TYPE_CHECKING:
    import optuna

OptunaSampler = Literal["tpe", "gp"]
"""``tpe``: tree-structured Parzen estimator. ``gp``: Gaussian process with expected improvement."""

_NEEDS: dict[str, tuple[str, ...]] = {"tpe": ("optuna",), "gp": ("optuna", "torch", "scipy")}
_MOST_REPEATS = 10


class OptunaSearcher(Searcher):
    """Asks Optuna for points of :class:`~agenttts_env.baselines.budget_split.BudgetSplit`, which are all feasible.

    Many points stand for the same allocation. Where Optuna names one that was tried before, it is told that trial's
    result and asked again, ten times at most; after that the repeat is asked for (it costs a trial, but no inference).
    A trial that is not complete is told as failed; Optuna's samplers leave it out.

    Args:
        sampler: which of Optuna's samplers, at its defaults.
        init_rule: begin with these trials (:func:`~agenttts_env.initial.initial_allocations`); None leaves the
            beginning to Optuna, which draws its first ten points at random.

    Raises:
        InvalidInputError: there is no such sampler.
        MissingExtraError: Optuna, or what its sampler needs, is not installed.
    """

    def __init__(self, *, sampler: OptunaSampler = "tpe", init_rule: InitRule | None = None) -> None:
        if sampler not in get_args(OptunaSampler):
            raise InvalidInputError(f"`sampler` must be one of {get_args(OptunaSampler)}, but got {sampler!r}")
        for module in _NEEDS[sampler]:
            if importlib.util.find_spec(module) is None:
                raise MissingExtraError(module, "baselines")
        self.name = sampler
        self.sampler = sampler
        self.init_rule = init_rule

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`."""
        self._problem = problem
        self._split = BudgetSplit(problem)
        self._study = _quiet_study(self.sampler, seed)
        for allocation in initial_allocations(problem, self.init_rule) if self.init_rule else ():
            self._study.enqueue_trial(self._parameters(self._split.point(allocation)))
        self._results: dict[Allocation, float | None] = {}

    def ask(self) -> Allocation:
        """A feasible allocation."""
        for _ in range(_MOST_REPEATS):
            allocation = self._next()
            if allocation not in self._results:
                return allocation
            self._tell(self._results[allocation])
        return self._next()

    def tell(self, trial: Trial) -> None:
        """Hand the score to Optuna."""
        if trial.requested is not None:
            self._results[trial.requested] = trial.score
        self._tell(trial.score)

    def _next(self) -> Allocation:
        self._asked = asked = self._study.ask()
        point: Point = []
        for stage in self._problem.task.stages:
            model = asked.suggest_int(f"{stage.name} model", 0, len(stage.models) - 1)
            point.append((model, asked.suggest_float(f"{stage.name} share", 0.0, 1.0)))
        return self._split.allocation(point)

    def _parameters(self, point: Point) -> dict[str, int | float]:
        parameters: dict[str, int | float] = {}
        for stage, (model, share) in zip(self._problem.task.stages, point, strict=True):
            parameters |= {f"{stage.name} model": model, f"{stage.name} share": share}
        return parameters

    def _tell(self, score: float | None) -> None:
        if score is None or not math.isfinite(score):
            from optuna.trial import TrialState

            self._study.tell(self._asked, state=TrialState.FAIL)
        else:
            self._study.tell(self._asked, score)


def _quiet_study(sampler: OptunaSampler, seed: int) -> optuna.Study:
    """A study in memory; Optuna's report that it made one is held back, its logging is otherwise left as it is."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        samplers = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}
        return optuna.create_study(direction="maximize", sampler=samplers[sampler](seed=seed))
    finally:
        optuna.logging.set_verbosity(verbosity)
