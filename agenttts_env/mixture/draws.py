"""What episodes draw, for many sub-environments at once: a function of each one's seed and of its episode's number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.philox import philox
from agenttts_env.problem import Problem

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BUDGET = (0.5, 1.2)
"""Budgets are drawn between these multiples of a task's own, unless others are given."""

DATA_SEEDS = range(64)
"""Seeds of the data sets that episodes draw from, unless others are given."""

DRAWN = ("task", "budget", "data_seed")
"""What an episode draws, by the name of the option of a reset that says it instead."""

_LOW, _HALF = np.uint64(2**32 - 1), np.uint64(32)


def episode_words(seeds: Words, episodes: Words) -> tuple[Words, Words, Words, Words]:
    """Four random words below 2**32 for each sub-environment's episode.

    Args:
        seeds: of the sub-environments; shape (n,).
        episodes: how many each had since it was seeded; shape (n,).
    """
    nothing = np.zeros_like(episodes)
    return philox((episodes & _LOW, episodes >> _HALF, nothing, nothing), (seeds & _LOW, seeds >> _HALF))


def picks(words: Words, count: int) -> Ints:
    """Uniform integers below ``count``, which is far below 2**32."""
    return (words * np.uint64(count) >> _HALF).astype(np.int64)


def shares(words: Words) -> Floats:
    """Uniform numbers in [0, 1)."""
    return words / 2.0**32


class EpisodeDraws:
    """Draws an episode's task and data uniformly, and its budget log-uniformly.

    Args:
        problems: one for each task, with its own budget.
        least: for each task the lowest budget that may be drawn, in the cost's unit.
        budget: the lowest and the highest multiple of a task's own budget; or one multiple.
        data_seeds: of the data sets.

    Raises:
        InvalidInputError: there is nothing to draw from.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        least: Sequence[float],
        budget: tuple[float, float] | float,
        data_seeds: Sequence[int],
    ) -> None:
        self.data_seeds = tuple(int(seed) for seed in data_seeds)
        distinct = set(self.data_seeds)
        if not distinct or len(distinct) < len(self.data_seeds) or min(distinct) < 0 or max(distinct) >= 2**63:
            raise InvalidInputError(
                f"`data_seeds` must be different integers in [0, 2**63), one at least, but got {self.data_seeds}"
            )
        self._problems = tuple(problems)
        self._budgets = np.array(_budget_ranges(problems, least, budget))
        self._logs = np.log(self._budgets)

    def draw(self, seeds: Words, episodes: Words, given: Mapping[str, Sequence[Any]]) -> tuple[Ints, Floats, Ints]:
        """Index of the task, budget, and index of the data set of some sub-environments' episodes.

        Args:
            seeds: of the sub-environments; shape (n,).
            episodes: how many each had since it was seeded; shape (n,).
            given: by names in :data:`DRAWN`, what is taken instead of drawn: n values, None where it is drawn.

        Raises:
            InvalidInputError: there is no such task or data set, or a budget does not pay a task's cheapest allocation.
        """
        words = episode_words(seeds, episodes)
        tasks = picks(words[0], len(self._problems))
        for place, value in _values(given, "task"):
            tasks[place] = self._task(value)
        (low, high), (log_low, log_high) = self._budgets[tasks].T, self._logs[tasks].T
        budgets = np.clip(np.exp(log_low + shares(words[1]) * (log_high - log_low)), low, high)
        for place, value in _values(given, "budget"):
            budgets[place] = replace(self._problems[tasks[place]], budget=float(value)).budget
        datasets = picks(words[2], len(self.data_seeds))
        for place, value in _values(given, "data_seed"):
            if value not in self.data_seeds:
                raise InvalidInputError(f"`data_seed` must be one of {self.data_seeds}, but got {value!r}")
            datasets[place] = self.data_seeds.index(value)
        return tasks, budgets, datasets

    def _task(self, task: str | int) -> int:
        names = [problem.task.name for problem in self._problems]
        if task in names:
            return names.index(str(task))
        if isinstance(task, (int, np.integer)) and 0 <= task < len(names):
            return int(task)
        raise InvalidInputError(f"`task` must be one of {', '.join(names)}, or its index, but got {task!r}")


def _values(given: Mapping[str, Sequence[Any]], name: str) -> list[tuple[int, Any]]:
    return [(place, value) for place, value in enumerate(given.get(name, ())) if value is not None]


def _budget_ranges(
    problems: Sequence[Problem], least: Sequence[float], budget: tuple[float, float] | float
) -> list[tuple[float, float]]:
    """The lowest and the highest budget of each task.

    Raises:
        InvalidInputError: no range of multiples, or one that leaves a task nothing to decide.
    """
    multiples = tuple(budget) if isinstance(budget, Sequence) else (budget, budget)
    if len(multiples) != 2 or not 0 < multiples[0] <= multiples[1] < math.inf:
        raise InvalidInputError(f"`budget` must be multiples 0 < low <= high, or one, but got {budget}")
    ranges = []
    for problem, second in zip(problems, least, strict=True):
        low, high = (multiple * problem.budget for multiple in multiples)
        if not 0 < max(low, second) <= with_slack(high):
            raise InvalidInputError(
                f"`budget` must leave a choice, but {multiples[1]:g} times that of task {problem.task.name!r} is "
                f"{high:.6g} {problem.cost.unit}, and at least {second:.6g} is needed"
            )
        ranges.append((max(low, second), max(high, second)))
    return ranges
