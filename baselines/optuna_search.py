"""Bayesian optimisation with Optuna's samplers."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any, Literal, get_args

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.budget_split import BudgetSplit
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.initial import InitRule
from agenttts_env.trial import Trial

if TYPE_CHECKING:
    import optuna

OptunaSampler = Literal["tpe", "gp"]
"""``tpe``: tree-structured Parzen estimator. ``gp``: Gaussian process with expected improvement."""

_NEEDS: dict[str, tuple[str, ...]] = {"tpe": ("optuna",), "gp": ("optuna", "torch", "scipy", "greenlet")}
_MOST_REPEATS = 10


class OptunaSearcher(Optimiser):
    """Asks Optuna for points of :class:`~agenttts_env.baselines.budget_split.BudgetSplit`, which are all feasible.

    Optuna draws points at random until ten trials are complete, the initial trials among them.

    Many points stand for the same allocation. Where Optuna names one that was tried before, it is told that trial's
    result and asked again; after ten of them in a row a random untried allocation is asked for. A trial that is not
    complete is told as failed; Optuna's samplers leave it out.

    Args:
        sampler: which of Optuna's samplers, at its defaults.
        init_rule: see :class:`~agenttts_env.baselines.optimiser.Optimiser`.

    Raises:
        InvalidInputError: there is no such sampler.
        MissingExtraError: Optuna, or what its sampler needs, is not installed.
    """

    _pending: optuna.Trial | None  # what Optuna named for the trial that is asked for, if it did

    def __init__(self, *, sampler: OptunaSampler = "tpe", init_rule: InitRule | None = None) -> None:
        if sampler not in get_args(OptunaSampler):
            raise InvalidInputError(f"`sampler` must be one of {get_args(OptunaSampler)}, but got {sampler!r}")
        for module in _NEEDS[sampler]:
            if importlib.util.find_spec(module) is None:
                raise MissingExtraError(module, "gp" if sampler == "gp" else "baselines")
        self.name = self.sampler = sampler
        super().__init__(init_rule=init_rule)

    def tell(self, trial: Trial) -> None:
        """Hand the score to Optuna."""
        if trial.requested is not None:
            self._scores[trial.requested] = trial.score
            if self._pending is None:
                self._add(trial.requested, trial.score)
            else:
                self._tell(self._pending, trial.score)
        self._pending = None

    def _start(self, trials: int, seed: int) -> None:
        from optuna.distributions import FloatDistribution, IntDistribution

        self._split = BudgetSplit(self._problem)
        self._space: dict[str, Any] = {}
        for stage in self._problem.task.stages:
            self._space[f"{stage.name} model"] = IntDistribution(0, len(stage.models) - 1)
            self._space[f"{stage.name} share"] = FloatDistribution(0.0, 1.0)
        self._study = _quiet_study(self.sampler, seed)
        self._scores: dict[Allocation, float | None] = {}
        self._pending = None

    def _propose(self) -> Allocation:
        for _ in range(_MOST_REPEATS):
            named = self._study.ask(self._space)
            entries = iter([named.params[name] for name in self._space])
            allocation = self._split.allocation(list(zip(entries, entries, strict=True)))
            if allocation not in self._asked:
                self._pending = named
                return allocation
            self._tell(named, self._scores[allocation])
        return self._untried()

    def _tell(self, named: optuna.Trial, score: float | None) -> None:
        if score is None or not math.isfinite(score):
            from optuna.trial import TrialState

            self._study.tell(named, state=TrialState.FAIL)
        else:
            self._study.tell(named, score)

    def _add(self, allocation: Allocation, score: float | None) -> None:
        """Tell Optuna of a trial that it did not name; without a score there is nothing that it would learn."""
        if score is not None and math.isfinite(score):
            from optuna.trial import create_trial

            entries = [entry for pair in self._split.point(allocation) for entry in pair]
            parameters = dict(zip(self._space, entries, strict=True))
            self._study.add_trial(create_trial(params=parameters, distributions=self._space, value=score))


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
