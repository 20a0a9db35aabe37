"""The budgets that episodes are played with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem

Floats = npt.NDArray[np.float64]


def smallest_step(problem: Problem) -> float:
    """What the cheapest allocation that is no cheapest one costs more; 0 if all cost the same."""
    steps = [table[table > table.min()].min() - table.min() for table in problem.cost_tables if np.ptp(table) > 0]
    return float(min(steps, default=0.0))


def limits(budgets: Floats) -> Floats:
    """The most that an allocation may cost with each of the budgets: the one rule of feasibility, for arrays."""
    most: Floats = with_slack(budgets)  # type: ignore[arg-type, assignment]  # arithmetic, whatever the shape
    return most


def check_budgets(problem: Problem, budgets: float | Floats) -> Floats:
    """The budgets as an array, if each is finite and pays for the cheapest allocation.

    Raises:
        InvalidInputError: one does not; names it.
    """
    array = np.asarray(budgets, dtype=np.float64)
    bad = ~np.isfinite(array) | (problem.cheapest_cost > limits(np.where(np.isfinite(array), array, 0.0)))
    if bad.any():
        raise InvalidInputError(
            f"`budget` must be finite and pay at least the cheapest allocation of task {problem.task.name!r}, which "
            f"costs {problem.cheapest_cost:.6g} {problem.cost.unit}, but got {array[bad].ravel()[0]:.6g}"
        )
    return array


@dataclass(frozen=True)
class BudgetRange:
    """Where the budget of an episode is drawn from: log-uniform from ``low`` to ``high``.

    Equal ratios of budgets are equally likely, as what a budget changes goes with its logarithm. Costs may be 0 or
    negative (the paper's, of small models): where ``low`` is not positive, the logarithm is that of the budget above
    the cheapest allocation's cost less one smallest step, which is always positive.
    """

    low: float
    high: float
    base: float

    @classmethod
    def of(cls, problem: Problem, budget: float | Sequence[float] | None = None) -> BudgetRange:
        """The range of a problem.

        Args:
            problem: what is on offer.
            budget: one budget for all episodes, or the lowest and the highest one. By default from the cheapest budget
                that leaves a choice to the problem's.

        Raises:
            InvalidInputError: it is neither, or a budget does not pay for the cheapest allocation.
        """
        if budget is None:
            low = min(problem.cheapest_cost + smallest_step(problem), problem.budget)
            ends: Sequence[float] = (low, problem.budget)
        else:
            ends = tuple(budget) if isinstance(budget, (Sequence, np.ndarray)) else (budget, budget)
        if len(ends) != 2 or not ends[0] <= ends[1]:
            raise InvalidInputError(f"`budget` must be a number, or a lowest and a highest one, but got {budget!r}")
        low, high = check_budgets(problem, np.array(ends, dtype=np.float64)).tolist()
        return cls(low, high, 0.0 if low > 0 else problem.cheapest_cost - (smallest_step(problem) or 1.0))

    def draw(self, uniform: Floats) -> Floats:
        """A budget for each uniform number in [0, 1)."""
        low, high = self.low - self.base, self.high - self.base
        budgets: Floats = np.clip(self.base + low * np.exp(uniform * math.log(high / low)), self.low, self.high)
        return budgets

    def __str__(self) -> str:
        return f"{self.low:.6g}" if self.low == self.high else f"{self.low:.6g} to {self.high:.6g}"
