"""The rules of a stagewise allocation: what an action is, what it costs, and which ones leave the whole affordable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.stagewise.budgets import limits

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEVELS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100)
"""The sample counts on offer, unless others are asked for: the more of them, the farther apart."""


class StagewiseRules:
    """What a policy may do at each stage, in arrays over episodes.

    An action is ``model * levels + level``: the index of a model (smallest first) and of a sample level. All stages
    have as many actions as the one with the most models; those of models that a stage lacks are never allowed.

    Args:
        problem: what is on offer; its budget does not matter here.

    Attributes:
        stages: number of stages.
        models: the largest number of models of any stage.
        levels: number of sample levels.
        actions: number of actions.
        costs: of every action at every stage, infinite where there is no such model; shape (stages, actions).
        cheapest: cost of the cheapest action of every stage; shape (stages,).
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        tables = problem.cost_tables
        self.stages = len(tables)
        self.models = max(len(table) for table in tables)
        self.levels = len(problem.levels)
        self.actions = self.models * self.levels
        self.costs = np.full((self.stages, self.actions), np.inf)
        for row, table in zip(self.costs, tables, strict=True):
            row[: table.size] = table.ravel()
        self.cheapest = self.costs.min(axis=1)

    def least(self, stage: int, spent: Floats) -> Floats:
        """The cost of the whole allocation where the cheapest actions follow from a stage on; shape as ``spent``.

        Args:
            stage: index of the next stage to be decided.
            spent: what the stages before it cost.
        """
        for cheapest in self.cheapest[stage:]:  # in the order of Problem.cost_of: sums come out the same
            spent = spent + cheapest
        return spent

    def allowed(self, stage: int, spent: Floats, budgets: Floats) -> Mask:
        """Which actions leave a completion that the budget pays: those, and no others.

        Rounding keeps the order of sums, so the cheapest completion decides even to the last bit.

        Args:
            stage: index of the stage to be decided.
            spent: what the stages before it cost; shape (n,).
            budgets: of the whole allocations; shape (n,).

        Returns:
            Shape (actions, n).
        """
        totals = self.costs[stage][:, None] + spent
        for cheapest in self.cheapest[stage + 1 :]:
            totals += cheapest
        allowed: Mask = totals <= limits(budgets)
        return allowed

    def nearest(self, stages: Indices, actions: Indices, allowed: Mask) -> Indices:
        """The allowed actions nearest to some: an allowed one itself; elsewhere no larger a model, and no more samples.

        That is the largest such model that is allowed at all, with the most such samples; or the cheapest allowed
        action, where there is none. Like :meth:`Problem.project`, it keeps the model if fewer samples do.

        Args:
            stages: indices of the stages to be decided; shape (n,).
            actions: what was asked for; shape (n,).
            allowed: see :meth:`allowed`; shape (actions, n).
        """
        model, level = np.divmod(np.arange(self.actions)[:, None], self.levels)
        within = allowed & (model <= actions // self.levels) & (level <= actions % self.levels)
        last = self.actions - 1 - within[::-1].argmax(axis=0)  # larger models stand behind smaller ones
        cheapest = np.where(allowed, self.costs[stages].T, np.inf).argmin(axis=0)
        nearest: Indices = np.where(within.any(axis=0), last, cheapest)
        return nearest

    def encode(self, stage: int, choice: StageAllocation) -> int:
        """The action that chooses this at a stage.

        Raises:
            InvalidInputError: the problem does not offer it there.
        """
        spec = self.problem.task.stages[stage]
        model = spec.models.index(spec.model(choice.model))
        if choice.samples not in self.problem.levels:
            raise InvalidInputError(
                f"`samples` must be one of the levels {self.problem.levels}, but stage {spec.name!r} got "
                f"{choice.samples}"
            )
        return model * self.levels + self.problem.levels.index(choice.samples)

    def decode(self, stage: int, action: int) -> StageAllocation:
        """What an action chooses at a stage.

        Raises:
            InvalidInputError: there is no such action, or the stage has fewer models.
        """
        spec = self.problem.task.stages[stage]
        if not 0 <= action < len(spec.models) * self.levels:
            raise InvalidInputError(
                f"an action of stage {spec.name!r} must lie in [0, {len(spec.models) * self.levels}), but got {action}"
            )
        model, level = divmod(int(action), self.levels)
        return StageAllocation(spec.models[model].name, self.problem.levels[level])

    def allocation(self, actions: Sequence[int]) -> Allocation:
        """The allocation that the actions of all stages make."""
        return Allocation(tuple(self.decode(stage, action) for stage, action in enumerate(actions)))

    def multi_discrete(self, actions: Indices) -> Indices:
        """The actions of all stages, shape (stages, n), as :meth:`Problem.decode` reads them: (n, 2 * stages)."""
        pairs = np.stack(np.divmod(actions, self.levels), axis=1)
        return pairs.reshape(2 * self.stages, -1).T.copy()
