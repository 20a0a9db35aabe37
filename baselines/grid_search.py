"""Grid search: all models, with sample counts in even steps on a log scale."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.baselines.budget_split import BudgetSplit
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial


class GridSearcher(Optimiser):
    """Tries :func:`grid` at the highest resolution of which the trials can run all of it, in an order by the seed.

    What trials are left go to the next higher resolutions, one after another; the highest holds every feasible
    allocation. Where even the lowest resolution has more allocations than there are trials, some of it is run.

    Args:
        init_rule: see :class:`~agenttts_env.baselines.optimiser.Optimiser`. The grid is then chosen for the trials that
            the initial ones leave.
    """

    name = "grid"

    def tell(self, trial: Trial) -> None:
        """Nothing is learnt."""

    def _start(self, trials: int, seed: int) -> None:
        resolution = 1
        while resolution < len(self._problem.levels) and _fits(self._problem, resolution + 1, trials):
            resolution += 1
        self._order = self._refined(resolution)

    def _propose(self) -> Allocation:
        return next(allocation for allocation in self._order if allocation not in self._asked)

    def _refined(self, lowest: int) -> Iterator[Allocation]:
        """The grids from this resolution on, each in a random order; never ends."""
        resolution = lowest
        while True:
            allocations = list(grid(self._problem, resolution))
            for place in self._rng.permutation(len(allocations)):
                yield allocations[place]
            resolution = resolution + 1 if resolution < len(self._problem.levels) else lowest


def grid(problem: Problem, resolution: int) -> Iterator[Allocation]:
    """Feasible allocations with all models and at most ``resolution`` sample counts of each, every one once.

    Stage by stage, the counts of a model go from the lowest level to the highest that fits: beside what the stages
    before it take, and the cheapest choice at the stages after it. They are the levels nearest to even steps on a log
    scale; a resolution of 1 takes the middle.
    """
    split = BudgetSplit(problem)

    def extended(choices: tuple[StageAllocation, ...], spent: float) -> Iterator[Allocation]:
        stage = len(choices)
        if stage == len(problem.task.stages):
            yield Allocation(choices)
            return
        for model, fitting in enumerate(split.fitting_levels(stage, spent)):
            name = problem.task.stages[stage].models[model].name
            for level in _even_levels(problem.levels[:fitting], resolution):
                choice = StageAllocation(name, problem.levels[level])
                yield from extended((*choices, choice), spent + float(problem.cost_tables[stage][model, level]))

    return extended((), 0.0)


def _even_levels(levels: tuple[int, ...], resolution: int) -> list[int]:
    """Indices of levels in even steps on a log scale, both ends included; all where the resolution is that high."""
    if resolution >= len(levels):
        return list(range(len(levels)))
    logs = np.log(levels)
    steps = np.linspace(logs[0], logs[-1], resolution) if resolution > 1 else np.array([(logs[0] + logs[-1]) / 2])
    return sorted({int(np.argmin(np.abs(logs - step))) for step in steps})


def _fits(problem: Problem, resolution: int, trials: int) -> bool:
    return sum(1 for _ in islice(grid(problem, resolution), trials + 1)) <= trials
