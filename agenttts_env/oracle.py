"""The best allocation of a simulated problem, by expected score."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.simulation.dataset import MOST_SAMPLES
from agenttts_env.simulation.landscape import Landscape
from agenttts_env.simulation.population import Population
from agenttts_env.surface import Array, Surface


class Oracle(Surface):
    """Expected scores of all allocations of a simulated problem; see :meth:`Surface.result` for the answer.

    Args:
        problem: over a task as :meth:`~agenttts_env.simulation.landscape.Landscape.simulated` returns it.
        landscape: the parameters.
        nodes: number of points for the common factor, see :class:`~agenttts_env.simulation.population.Population`.
        inner_nodes: likewise.

    Raises:
        InvalidInputError: the problem offers a stage, a model or a number of samples that is not simulated, or too many
            allocations.

    Attributes:
        models: for each stage the indices of the models on offer, in the landscape.
    """

    backend = "simulated"

    def __init__(self, problem: Problem, landscape: Landscape, *, nodes: int = 33, inner_nodes: int = 641) -> None:
        if problem.levels[-1] > MOST_SAMPLES:
            raise InvalidInputError(
                f"a simulated stage has at most {MOST_SAMPLES} samples, but the levels go to {problem.levels[-1]}"
            )
        super().__init__(problem)
        task = landscape.simulated(problem.task)
        if task.main_metric != problem.task.main_metric:
            raise InvalidInputError(
                f"the main metric must be the landscape's, {task.main_metric!r}, but is {problem.task.main_metric!r}"
            )
        self.landscape = landscape
        self.population = self._integrated(nodes, inner_nodes)
        self._nodes = nodes, inner_nodes
        self.models = [
            [known.models.index(model.name) for model in stage.models]
            for stage, known in zip(problem.task.stages, landscape.stages, strict=True)
        ]

    def _integrated(self, nodes: int, inner_nodes: int) -> Population:
        stages = self.problem.task.stages
        return Population(
            self.landscape,
            temperatures=[stage.temperature for stage in stages],
            fused_by_model=[stage.fusion == "llm" for stage in stages],
            nodes=nodes,
            inner_nodes=inner_nodes,
        )

    @cached_property
    def scores(self) -> Array:
        """Expected main metric of every allocation, feasible or not."""
        return self.population.scores(self.models, self.problem.levels)

    @cached_property
    def error(self) -> float:
        """The largest difference of any score to the same integral over twice as many points.

        The error falls so fast with the number of points that this is about the error of the coarser integral.
        """
        finer = self._integrated(*(2 * count - 1 for count in self._nodes))
        difference = finer.scores(self.models, self.problem.levels)
        difference -= self.scores
        return float(np.abs(difference, out=difference).max())

    def deviation(self, allocation: Allocation) -> float:
        """Standard deviation of one example's score."""
        outcomes = self.population.stage_outcomes(self.choices(allocation))[-1]
        values = np.array(self.population.main.values)
        mean = outcomes @ values
        return float(max(outcomes @ values**2 - mean**2, 0.0) ** 0.5)

    def identity(self) -> dict[str, Any]:
        """The landscape's parameters, and how they are integrated."""
        landscape = self.landscape.to_json()
        return {"landscape": {name: landscape[name] for name in ("stages", "metrics")}, "nodes": self._nodes}

    def choices(self, allocation: Allocation) -> list[tuple[int, int]]:
        """For each stage the model's index in the landscape, and S."""
        return [
            (known.models.index(choice.model), choice.samples)
            for known, choice in zip(self.landscape.stages, allocation.stages, strict=True)
        ]
