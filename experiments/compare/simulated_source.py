"""Scores of a compared task from its landscape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_simulated
from agenttts_env.env import AllocationEnv
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.experiments.compare.source import Source
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import load_landscape
from agenttts_env.surface import Surface, Valued


@dataclass(frozen=True)
class SimulatedSource(Source):
    """A simulated task: of every seed there is another data set, and the true score is the expected one.

    Attributes:
        temperatures: of the stages that have another than the simulation's own.
    """

    temperatures: tuple[tuple[str, float], ...] = ()

    @property
    def backend(self) -> str:
        """See :class:`Source`."""
        return "simulated"

    def problem(self, cost: str, budget: float | None = None) -> Problem:
        """See :class:`Source`."""
        return Problem.of(build_simulated(self.task, **self._of_stages())[0], cost=cost, budget=budget)

    def env(self, problem: Problem, *, examples: int | None, data_seed: int, trials: int) -> AllocationEnv:
        """See :class:`Source`."""
        assert examples is not None
        evaluator = SimulatedEvaluator(problem.task, load_landscape(self.task), seed=data_seed, examples=examples)
        return AllocationEnv(problem, evaluator, trials=trials)

    def oracle(self, problem: Problem) -> Oracle:
        """See :class:`Source`."""
        return Oracle(problem, load_landscape(self.task))

    def best(self, oracle: Surface) -> Valued:
        """See :class:`Source`."""
        return oracle.best()

    def true_score(self, oracle: Surface, allocation: Allocation) -> float:
        """See :class:`Source`."""
        assert isinstance(oracle, Oracle)
        # One allocation's chain of matrices: the table of all of them would take a second and 64 MB in every process.
        return oracle.population.expected(oracle.population.main, oracle.choices(allocation))

    @property
    def published_budgets(self) -> tuple[float, ...]:
        """See :class:`Source`."""
        return tuple(sorted(load_landscape(self.task).published_budgets))

    def _of_stages(self) -> dict[str, Any]:
        return {"models": dict(self.models), "temperatures": dict(self.temperatures)}

    def to_json(self) -> dict[str, Any]:
        """See :class:`Source`."""
        return self._of_stages()
