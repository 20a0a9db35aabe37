"""The exact solution: the best allocation at every budget, by expected score, and how much worse others are."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.cost import with_slack
from agenttts_env.oracle import Oracle
from agenttts_env.problem import MAX_SAMPLES, Problem
from agenttts_env.stagewise.budgets import check_budgets, limits
from agenttts_env.stagewise.rules import Floats, Indices
from agenttts_env.surface import ROUNDING, Surface


class Staircase:
    """The best score at every budget, and the allocation that has it; the cheapest of equals.

    All allocations are sorted by cost once; a budget is then looked up among the few that beat all cheaper ones.

    Args:
        surface: the scores of all allocations.

    Attributes:
        costs: of the steps, rising; shape (steps,).
        scores: of the steps, rising; shape (steps,).
        allocations: of the steps, as :meth:`Problem.decode` reads them; shape (steps, 2 * stages).
    """

    def __init__(self, surface: Surface) -> None:
        self.problem: Problem = surface.problem
        costs, scores = surface.costs.ravel(), surface.scores.ravel()
        order = np.argsort(costs, kind="stable")
        # Only what beats everything cheaper can be a step: few are left to be looked at one by one.
        highest = np.maximum.accumulate(scores[order])
        rising = order[np.concatenate([[True], highest[1:] > highest[:-1]])]
        steps: list[int] = []
        for index in rising.tolist():
            if steps and scores[index] <= scores[steps[-1]] + ROUNDING:
                continue
            if steps and costs[index] <= with_slack(float(costs[steps[-1]])):
                steps.pop()  # as dear, but for rounding, and better
            steps.append(index)
        self.costs: Floats = costs[steps]
        self.scores: Floats = scores[steps]
        self.allocations: Indices = np.stack(np.unravel_index(steps, surface.scores.shape), axis=-1)

    def at(self, budgets: npt.ArrayLike) -> Indices:
        """Which step each budget pays; same shape.

        Raises:
            InvalidInputError: a budget does not pay for the cheapest allocation.
        """
        most = limits(check_budgets(self.problem, np.asarray(budgets, dtype=np.float64)))
        # The cheapest step is the best of the cheapest allocations: any budget that pays one pays it.
        return np.maximum(np.searchsorted(self.costs, most, side="right") - 1, 0)

    def best(self, budgets: npt.ArrayLike) -> Floats:
        """The best score at each budget."""
        scores: Floats = self.scores[self.at(budgets)]
        return scores


class ExactSolution:
    """The policy that knows the landscape: the best of the allocations on offer at each budget, by expected score.

    Without information that depends on the data nothing does better. As every stage's choice is known once the budget
    is, it plays :class:`~agenttts_env.stagewise.env.StagewiseEnv` from ``(budget, stage)`` alone:

    >>> solution = ExactSolution(envs.oracle)  # doctest: +SKIP
    >>> actions = solution.act(envs.budgets, envs.stages)  # doctest: +SKIP

    Args:
        oracle: expected scores of what is on offer.

    Attributes:
        offered: the best of what is on offer.
    """

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.problem = oracle.problem
        self.offered = Staircase(oracle)

    @cached_property
    def every(self) -> Staircase:
        """The best of all allocations of 1 to 100 samples, whatever levels are on offer."""
        levels = tuple(range(1, MAX_SAMPLES + 1))
        if self.problem.levels == levels:
            return self.offered
        problem = Problem(self.problem.task, self.problem.cost, self.problem.budget, levels)
        return Staircase(Oracle(problem, self.oracle.landscape))

    def act(self, budgets: npt.ArrayLike, stages: npt.ArrayLike) -> Indices:
        """The actions of episodes with these budgets at these stages, in one shape; 0 at an episode's end."""
        chosen, at = self.allocations(budgets), np.asarray(stages)
        model, level = (
            np.take_along_axis(chosen, np.minimum(2 * at + column, chosen.shape[-1] - 1)[..., None], axis=-1)[..., 0]
            for column in (0, 1)
        )
        actions: Indices = np.where(at < chosen.shape[-1] // 2, model * len(self.problem.levels) + level, 0)
        return actions

    def allocations(self, budgets: npt.ArrayLike) -> Indices:
        """The best allocation on offer at each budget, as :meth:`Problem.decode` reads it: (..., 2 * stages)."""
        found: Indices = self.offered.allocations[self.offered.at(budgets)]
        return found

    def allocation(self, budget: float) -> Allocation:
        """The best allocation on offer at one budget."""
        return self.problem.decode(self.allocations(budget))

    def expected(self, allocations: npt.ArrayLike) -> Floats:
        """Expected scores of allocations as :meth:`Problem.decode` reads them, shape (..., 2 * stages)."""
        scores: Floats = self.oracle.scores[tuple(np.moveaxis(np.asarray(allocations), -1, 0))]
        return scores

    def regret(self, allocations: npt.ArrayLike, budgets: npt.ArrayLike) -> Floats:
        """How much less allocations are expected to score than the best of 1 to 100 samples at the same budgets.

        Args:
            allocations: as :meth:`Problem.decode` reads them, shape (..., 2 * stages); each within its budget.
            budgets: shape (...).

        Returns:
            Shape (...); negative only where an allocation is over its budget.
        """
        regret: Floats = self.every.best(budgets) - self.expected(allocations)
        return regret
