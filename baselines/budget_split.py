"""The feasible allocations as points of a box, for optimisers that know nothing of budgets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.cost import with_slack
from agenttts_env.problem import Problem

Point = list[tuple[int, float]]
"""For each stage the index of a model, and a share in [0, 1] of what it may spend."""


class BudgetSplit:
    """Splits the budget stage by stage, so that every point is a feasible allocation.

    A cost is known before anything is run: an infeasible trial would teach an optimiser nothing, and cost one. So each
    stage in turn may spend what the stages before it left, less the cheapest choice of every later stage. The index
    picks its model; where that model does not fit, the next smaller one that does (or, if no smaller one does, the
    smallest that does). The share picks its sample count on a log scale, from the lowest level (0) to the highest that
    fits (1).

    Every point is a feasible allocation, and every feasible allocation has a point: the two methods are inverses, up to
    the points that stand for the same allocation.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        cheapest = [float(table.min()) for table in problem.cost_tables]
        self._later = [math.fsum(cheapest[stage + 1 :]) for stage in range(len(cheapest))]
        self._most = with_slack(problem.budget)
        self._log_levels = np.log(problem.levels)

    def allocation(self, point: Sequence[tuple[int, float]]) -> Allocation:
        """What a point stands for."""
        choices: list[StageAllocation] = []
        spent = 0.0
        for stage, (index, share) in enumerate(point):
            counts = self.fitting_levels(stage, spent)
            fitting = [model for model, count in enumerate(counts) if count]
            model = max((model for model in fitting if model <= index), default=fitting[0])
            logs = self._log_levels[: counts[model]]
            level = int(np.argmin(np.abs(logs - (logs[0] + share * (logs[-1] - logs[0])))))
            choices.append(
                StageAllocation(self._problem.task.stages[stage].models[model].name, self._problem.levels[level])
            )
            spent += float(self._problem.cost_tables[stage][model, level])
        return Allocation(tuple(choices))

    def point(self, allocation: Allocation) -> Point:
        """A point that stands for a feasible allocation."""
        point: Point = []
        spent = 0.0
        for stage, (model, level) in enumerate(self._problem.encode(allocation).reshape(-1, 2).tolist()):
            logs = self._log_levels[: self.fitting_levels(stage, spent)[model]]
            width = logs[-1] - logs[0]
            point.append((model, float((logs[level] - logs[0]) / width) if width > 0 else 0.0))
            spent += float(self._problem.cost_tables[stage][model, level])
        return point

    def fitting_levels(self, stage: int, spent: float) -> list[int]:
        """For each model of a stage how many levels, from the lowest, fit; one at least is not 0.

        Args:
            stage: its index.
            spent: what the stages before it cost.
        """
        taken = spent + self._later[stage]
        fitting: list[int] = (taken + self._problem.cost_tables[stage] <= self._most).sum(axis=1).tolist()
        return fitting
