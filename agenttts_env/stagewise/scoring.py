"""What an allocation, or its first stages, scores: the part that the single and the vector environment share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.base import Evaluator
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.stagewise.rules import Floats, Indices

REWARDS = ("score", "expected")
"""Reward of the last step: the main metric as measured on the episode's data, or as the simulation expects it."""


class Scoring:
    """Checks what an environment is made of, and knows expected scores where there is a landscape.

    Args:
        problem: what is on offer.
        evaluators: one for each data set.
        reward: a name in :data:`REWARDS`.

    Attributes:
        simulated: the evaluators, if they are simulated; else empty.
        metrics: for each stage the index of the first metric that is its own, None where none is known: a simulation
            knows whose output a metric measures, a recorded or live pipeline scores whole examples only.

    Raises:
        InvalidInputError: an argument breaks a rule, or the data sets are of different landscapes.
    """

    def __init__(self, problem: Problem, evaluators: Sequence[Evaluator], reward: str) -> None:
        if not evaluators:
            raise InvalidInputError("need an evaluator for each data set, but got none")
        if reward not in REWARDS:
            raise InvalidInputError(f"`reward` must be one of {', '.join(REWARDS)}, but got {reward!r}")
        self.problem = problem
        self.reward = reward
        self.simulated = [each for each in evaluators if isinstance(each, SimulatedEvaluator)]
        self.metrics: list[int | None] = [None] * len(problem.task.stages)
        if not self.simulated:
            if reward == "expected":
                raise InvalidInputError(
                    f"reward='expected' needs backend='simulated', but the backend is {evaluators[0].backend!r}"
                )
            return
        first = self.simulated[0]
        for each in self.simulated:
            if (each.landscape, each.task) != (first.landscape, first.task):
                raise InvalidInputError("data sets may differ in seed and split only, but got two landscapes or tasks")
        if len(self.simulated) < len(evaluators) or first.task != problem.task:
            raise InvalidInputError("evaluators must all be simulated, of the problem's task, or none of them")
        names = [stage.name for stage in problem.task.stages]
        for index, metric in reversed(list(enumerate(first.landscape.metrics.values()))):
            self.metrics[names.index(metric.stage)] = index

    @property
    def measured(self) -> list[bool]:
        """For each stage whether its own score is known once it is decided."""
        return [metric is not None for metric in self.metrics]

    @cached_property
    def oracle(self) -> Oracle:
        """Expected scores of all allocations on offer.

        Raises:
            InvalidInputError: no landscape, or too many allocations.
        """
        if not self.simulated:
            raise InvalidInputError("expected scores need backend='simulated'")
        return Oracle(self.problem, self.simulated[0].landscape)

    def expected(self, actions: Indices) -> Floats:
        """Expected main metric of allocations, given as the actions of all stages: shape (stages, n)."""
        sizes = [table.size for table in self.problem.cost_tables]
        scores: Floats = self.oracle.scores.ravel().take(np.ravel_multi_index(tuple(actions), sizes))
        return scores
