"""What is searched in a comparison: a simulated task with a cost and a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from agenttts_env.building import build_simulated
from agenttts_env.cost import get_cost
from agenttts_env.env import AllocationEnv
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env
from agenttts_env.task import Task


@dataclass(frozen=True)
class ComparedProblem:
    """A task at a budget.

    Attributes:
        name: unique in the comparison: the task's, with the budget where it has several.
        task: its name.
        budget: in the unit of its cost.
        cost: its name.
        models: candidates of the stages that have others than the task's own.
        temperatures: of the stages that have another than the simulation's own.
    """

    name: str
    task: str
    budget: float
    cost: str = "paper"
    models: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    temperatures: tuple[tuple[str, float], ...] = field(default=())

    @property
    def unit(self) -> str:
        """Of the budget, for titles."""
        return "paper's units" if self.cost == "paper" else get_cost(self.cost).unit

    def oracle(self) -> Oracle:
        """Expected scores of all its allocations."""
        task, landscape = build_simulated(self.task, **self._of_stages())
        return Oracle(Problem.of(task, cost=self.cost, budget=self.budget), landscape)

    def env(self, *, examples: int, data_seed: int, trials: int) -> AllocationEnv:
        """The problem on a simulated data set."""
        return make_env(
            self.task,
            backend="simulated",
            cost=self.cost,
            budget=self.budget,
            examples=examples,
            data_seed=data_seed,
            trials=trials,
            **self._of_stages(),
        )

    def _of_stages(self) -> dict[str, Any]:
        return {"models": dict(self.models), "temperatures": dict(self.temperatures)}

    def to_json(self) -> dict[str, Any]:
        """For ``run.json``; what titles need is in it too."""
        return {**vars(self), "models": dict(self.models), "temperatures": dict(self.temperatures), "unit": self.unit}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ComparedProblem:
        """The inverse of :meth:`to_json`."""
        models = tuple((stage, tuple(names)) for stage, names in value["models"].items())
        temperatures = tuple(value["temperatures"].items())
        return cls(value["name"], value["task"], value["budget"], value["cost"], models, temperatures)


@lru_cache(maxsize=64)
def oracle_of(problem: ComparedProblem) -> Oracle:
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
