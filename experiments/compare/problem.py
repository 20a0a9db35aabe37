"""What is searched in a comparison: a task with a cost and a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.cost import get_cost
from agenttts_env.env import AllocationEnv
from agenttts_env.experiments.compare.source import Source
from agenttts_env.problem import Problem
from agenttts_env.surface import Surface, Valued
from agenttts_env.task import Task


@dataclass(frozen=True)
class ComparedProblem:
    """A task at a budget.

    Attributes:
        name: unique in the comparison: the task's, with the budget where it has several.
        source: the task, and where its scores come from.
        budget: in the unit of its cost.
        cost: its name.
    """

    name: str
    source: Source
    budget: float
    cost: str = "paper"

    @property
    def task(self) -> str:
        """The task's name."""
        return self.source.task

    @property
    def unit(self) -> str:
        """Of the budget, for titles."""
        return "paper's units" if self.cost == "paper" else get_cost(self.cost).unit

    def problem(self) -> Problem:
        """What a searcher is given."""
        return self.source.problem(self.cost, self.budget)

    def oracle(self) -> Surface:
        """True scores of all its allocations."""
        return self.source.oracle(self.problem())

    def best(self) -> Valued:
        """The best of its allocations, by true score."""
        return self.source.best(self.oracle())

    def env(self, *, examples: int | None, data_seed: int, trials: int) -> AllocationEnv:
        """The problem on a data set, see :meth:`Source.env`."""
        return self.source.env(self.problem(), examples=examples, data_seed=data_seed, trials=trials)

    def true_score(self, allocation: Allocation) -> float:
        """What an incumbent is worth."""
        return self.source.true_score(oracle_of(self), allocation)

    def to_json(self) -> dict[str, Any]:
        """For ``run.json``; what titles need is in it too."""
        return {
            "name": self.name,
            "task": self.task,
            "budget": self.budget,
            "cost": self.cost,
            **self.source.to_json(),
            "unit": self.unit,
        }


@lru_cache(maxsize=64)
def oracle_of(problem: ComparedProblem) -> Surface:
    """A problem's oracle, kept in this process: its tables take longer than a cell."""
    return problem.oracle()


def spread(task: Task, values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """An option by stage for the stages of one task; ``"*"`` stands for those that are not named."""
    return tuple(
        (stage.name, values[key])
        for stage in task.stages
        for key in [stage.name if stage.name in values else "*"]
        if key in values
    )
