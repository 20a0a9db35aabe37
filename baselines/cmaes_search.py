"""CMA-ES: a normal distribution that moves to where scores are high."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.budget_split import BudgetSplit
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.errors import MissingExtraError
from agenttts_env.initial import InitRule
from agenttts_env.trial import Trial

if TYPE_CHECKING:
    import cmaes

Vector = npt.NDArray[np.float64]

_SIGMA = 1 / 6
_MOST_REPEATS = 100


class CmaEsSearcher(Optimiser):
    """Covariance matrix adaptation with margin for integers (Hamano et al. 2022), over points of a unit box.

    The box holds a :class:`~agenttts_env.baselines.budget_split.BudgetSplit` point: for every stage with a choice of
    models the index, in even steps, and for every stage the share. The distribution starts in its middle, or seeded at
    the best of the initial trials, with a standard deviation of a sixth of the box, as in Optuna. Failed and infeasible
    trials are the last of their generation.

    Many points stand for the same allocation. One that was tried before joins its generation with its known score and
    takes no trial; after a hundred of them in a row the distribution has nothing new to say, and starts again around a
    random untried allocation.

    This is the package ``cmaes`` itself, on which Optuna's sampler builds. The sampler leaves failed trials out, has no
    sound way to begin from a few known trials (``x0`` is deprecated, ``source_trials`` wants ten at least), and counts
    its handling of integers as experimental.

    Args:
        init_rule: see :class:`~agenttts_env.baselines.optimiser.Optimiser`.

    Raises:
        MissingExtraError: ``cmaes`` is not installed.
    """

    name = "cmaes"
    _pending: Vector | None  # what the distribution drew for the trial that is asked for, if it did

    def __init__(self, *, init_rule: InitRule | None = None) -> None:
        super().__init__(init_rule=init_rule)
        if importlib.util.find_spec("cmaes") is None:
            raise MissingExtraError("cmaes", "baselines")

    def tell(self, trial: Trial) -> None:
        """Keep the score; a complete generation moves the distribution."""
        if trial.requested is not None:
            self._scores[trial.requested] = trial.score
        if self._pending is not None:
            self._join(self._pending, trial.score)
            self._pending = None

    def _start(self, trials: int, seed: int) -> None:
        self._split = BudgetSplit(self._problem)
        self._sizes = [len(stage.models) for stage in self._problem.task.stages]
        self._scores: dict[Allocation, float | None] = {}
        self._distribution: cmaes.CMAwM | None = None
        self._generation: list[tuple[Vector, float]] = []
        self._pending = None

    def _propose(self) -> Allocation:
        if self._distribution is None:
            scores = {allocation: score for allocation, score in self._scores.items() if score is not None}
            best = max(scores, key=lambda allocation: scores[allocation], default=None)
            self._distribution = self._around(best)
        for _ in range(_MOST_REPEATS):
            point, vector = self._distribution.ask()
            allocation = self._allocation(point)
            if allocation not in self._asked:
                self._pending = vector
                return allocation
            self._join(vector, self._scores[allocation])
        allocation = self._untried()
        self._distribution = self._around(allocation)
        self._generation = []
        return allocation

    def _join(self, vector: Vector, score: float | None) -> None:
        assert self._distribution is not None
        self._generation.append((vector, math.inf if score is None else -score))
        if len(self._generation) == self._distribution.population_size:
            self._distribution.tell(self._generation)
            self._generation = []

    def _around(self, centre: Allocation | None) -> cmaes.CMAwM:
        """A new distribution around an allocation, or in the middle of the box."""
        import cmaes

        mean, steps = [], []
        point = [(0, 0.5)] * len(self._sizes) if centre is None else self._split.point(centre)
        for size, (model, share) in zip(self._sizes, point, strict=True):
            if size > 1:
                mean.append(0.5 if centre is None else model / (size - 1))
                steps.append(1 / (size - 1))
            mean.append(share)
            steps.append(0.0)
        return cmaes.CMAwM(
            mean=np.array(mean),
            sigma=_SIGMA,
            bounds=np.array([[0.0, 1.0]] * len(mean)),
            steps=np.array(steps),
            seed=int(self._rng.integers(2**32)),
        )

    def _allocation(self, point: Vector) -> Allocation:
        entries = iter(point.tolist())
        return self._split.allocation(
            [(round(next(entries) * (size - 1)) if size > 1 else 0, next(entries)) for size in self._sizes]
        )
