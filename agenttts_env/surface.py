"""Every allocation of a problem with its cost and its score, and the best of them: none is sampled or skipped."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.kept import kept
from agenttts_env.problem import Problem

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_ALLOCATIONS = 10**7
"""All of them are held in memory at once, which takes less than 1 GiB up to here."""

ROUNDING = 1e-12
"""Scores that differ by less are equal: their sums are rounded."""


@dataclass(frozen=True)
class Valued:
    """An allocation, what it costs and what it is worth.

    Attributes:
        allocation: which.
        cost: per example, in the problem's unit.
        score: mean of the main metric, expected or recorded.
        deviation: standard deviation of one example's score.
    """

    allocation: Allocation
    cost: float
    score: float
    deviation: float

    def standard_error(self, examples: int) -> float:
        """Standard error of the mean over so many examples."""
        return float(self.deviation / examples**0.5)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {**vars(self), "allocation": self.allocation.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Valued:
        """The inverse of :meth:`to_json`."""
        return cls(**{**value, "allocation": Allocation.from_json(value["allocation"])})


@dataclass(frozen=True)
class OracleResult:
    """The answer to a problem.

    Attributes:
        task: its name.
        backend: ``simulated`` or ``replay``: where the scores come from.
        metric: the main metric.
        cost: name of the cost.
        unit: of costs.
        budget: the most that an allocation may cost, per example.
        allocations: how many were evaluated: all that the problem offers.
        feasible: how many of them the budget pays.
        error: numerical error of the scores, the largest; it has nothing to do with :attr:`Valued.deviation`.
        examples: how many examples a recorded score is the mean of; None for an expected score.
        best: the highest score within the budget; the cheapest of equals.
        pareto: all allocations within the budget that no cheaper or equally cheap one matches, by rising cost.
        compared: other allocations that were asked for, whatever they cost.
    """

    task: str
    backend: str
    metric: str
    cost: str
    unit: str
    budget: float
    allocations: int
    feasible: int
    error: float
    examples: int | None
    best: Valued
    pareto: tuple[Valued, ...]
    compared: tuple[Valued, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        pareto, compared = ([valued.to_json() for valued in some] for some in (self.pareto, self.compared))
        return {**vars(self), "best": self.best.to_json(), "pareto": pareto, "compared": compared}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> OracleResult:
        """The inverse of :meth:`to_json`."""
        pareto, compared = (tuple(map(Valued.from_json, value[name])) for name in ("pareto", "compared"))
        return cls(**{**value, "best": Valued.from_json(value["best"]), "pareto": pareto, "compared": compared})


class Surface(ABC):
    """Scores of all allocations of a problem.

    Arrays over allocations have the shape ``problem.nvec``: (models, levels, models, levels, ...), stage by stage.

    Args:
        problem: what is on offer, and what it costs.

    Raises:
        InvalidInputError: there are too many allocations to hold.
    """

    backend: str
    examples: int | None = None

    def __init__(self, problem: Problem) -> None:
        count = prod(problem.nvec.tolist())
        if count > MOST_ALLOCATIONS:
            raise InvalidInputError(
                f"an oracle evaluates at most {MOST_ALLOCATIONS:,} allocations, but task {problem.task.name!r} offers "
                f"{count:,}: offer fewer models or levels"
            )
        self.problem = problem

    @property
    @abstractmethod
    def scores(self) -> Array:
        """Main metric of every allocation, feasible or not."""

    @property
    @abstractmethod
    def error(self) -> float:
        """See :class:`OracleResult`."""

    @abstractmethod
    def deviation(self, allocation: Allocation) -> float:
        """See :class:`Valued`."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What the scores are a function of, besides the problem; JSON-able."""

    @cached_property
    def costs(self) -> Array:
        """Cost of every allocation."""
        costs: Array = np.zeros(())
        for table in self.problem.cost_tables:
            costs = np.add.outer(costs, table)
        return costs

    @cached_property
    def within(self) -> Mask:
        """Which allocations the budget pays."""
        within: Mask = self.costs <= with_slack(self.problem.budget)
        return within

    def best(self) -> Valued:
        """The allocation with the highest score within the budget; the cheapest of equals."""
        return self.best_of(self.within)

    def best_of(self, offered: Mask) -> Valued:
        """The same among the allocations that a mask offers; it must offer one."""
        masked = np.where(offered, self.scores, -1.0).ravel()
        equals = np.flatnonzero(masked >= masked.max() - ROUNDING)
        costs = self.costs.ravel()[equals]
        return self._valued(int(equals[costs <= with_slack(costs.min())][0]))

    def pareto(self) -> list[Valued]:
        """The allocations within the budget that no cheaper or equally cheap one matches, by rising cost."""
        return self.pareto_of(self.within)

    def pareto_of(self, offered: Mask) -> list[Valued]:
        """The same among the allocations that a mask offers."""
        indices = np.flatnonzero(offered)
        costs, scores = self.costs.ravel()[indices], self.scores.ravel()[indices]
        order = np.lexsort((-scores, costs))
        highest = np.maximum.accumulate(scores[order])
        front = order[np.concatenate([[True], scores[order][1:] > highest[:-1] + ROUNDING])]
        # Costs that are equal but for rounding: the next one has the higher score.
        last = np.append(costs[front][1:] > [with_slack(cost) for cost in costs[front][:-1]], True)
        return [self._valued(int(index)) for index in indices[front[last]]]

    def value(self, allocation: Allocation) -> Valued:
        """What one allocation costs and is worth, whatever the budget.

        Raises:
            InvalidInputError: the problem does not offer it.
        """
        return self._valued(int(np.ravel_multi_index(tuple(self.problem.encode(allocation)), self.scores.shape)))

    def _valued(self, index: int) -> Valued:
        allocation = self.problem.decode(np.array(np.unravel_index(index, self.scores.shape)))
        score = float(self.scores.ravel()[index])
        return Valued(allocation, self.problem.cost_of(allocation), score, self.deviation(allocation))

    def result(self, compared: Iterable[Allocation] = ()) -> OracleResult:
        """The answer; computed once for equal questions, and kept in the cache folder.

        Args:
            compared: allocations to value beside the best one.

        Raises:
            InvalidInputError: the problem does not offer one of them.
        """
        asked = tuple(compared)
        for allocation in asked:
            self.problem.validate(allocation)
        problem = self.problem
        key = {
            "scores": self.identity(),
            "task": [problem.task.name, problem.task.main_metric, [asdict(stage) for stage in problem.task.stages]],
            "problem": [problem.cost.name, problem.budget, problem.levels],
            "compared": [allocation.to_json() for allocation in asked],
            "code": [version("agenttts-env"), *_sources()],
        }
        return OracleResult.from_json(
            json.loads(kept("oracle", key, lambda: json.dumps(self._result(asked).to_json())))
        )

    def _result(self, compared: Sequence[Allocation]) -> OracleResult:
        problem = self.problem
        return OracleResult(
            task=problem.task.name,
            backend=self.backend,
            metric=problem.task.main_metric,
            cost=problem.cost.name,
            unit=problem.cost.unit,
            budget=problem.budget,
            allocations=self.scores.size,
            feasible=int(np.count_nonzero(self.within)),
            error=self.error,
            examples=self.examples,
            best=self.best(),
            pareto=tuple(self.pareto()),
            compared=tuple(map(self.value, compared)),
        )


def _sources() -> list[str]:
    """The code that decides an answer: in a clone it changes within a version."""
    package = files("agenttts_env")
    modules = (
        "surface",
        "oracle",
        "replay_oracle",
        "cost",
        "simulation/chances",
        "simulation/landscape",
        "simulation/population",
    )
    return [package.joinpath(f"{module}.py").read_text(encoding="utf-8") for module in modules]
