"""Problems of several tasks, padded to one shape."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.mixture.layout import (
    LIMIT,
    MODELS,
    SEARCH,
    SIZE,
    STAGES,
    level_code,
    model_row,
    stage_rows,
)
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class PaddedTasks:
    """What steps and resets look up about the tasks of problems, whatever their budgets.

    A stage that a task lacks is padded with one choice that costs nothing; every other choice that is not on offer
    costs infinity.

    Args:
        problems: one for each task, see :func:`on_grid`.
        levels: the sample counts that actions name, ascending.

    Attributes:
        present: whether the task has the stage; shape (tasks, stages).
        samples: what actions' levels stand for, see :func:`on_grid`; 0 at padded stages; shape (tasks, stages, levels).
        codes: the same as in an observation.
        costs: of every choice; shape (tasks, stages, models, levels).
        later: the cheapest choices at all later stages; shape (tasks, stages).
        least: the cheapest allocation with that choice, added up in the order of :meth:`Problem.cost_of`; shape of
            ``costs``.
        cheapest: the cheapest allocation; shape (tasks,).
        dearest: the dearest allocation; shape (tasks,).
        second: the smallest budget that leaves a choice between two allocations; shape (tasks,).
        known: which models there are; shape (tasks, stages, models).
        extras: what one sample of a model costs more than the stage's cheapest choice; shape of ``known``.
        rises: the mean cost of a further sample; shape of ``known``.
        features: the entries of an observation that do not depend on the budget; shape (tasks, SIZE).

    Raises:
        InvalidInputError: a task has more stages, or a stage more models, than the layout has room for.
    """

    def __init__(self, problems: Sequence[Problem], levels: Sequence[int]) -> None:
        tasks, shape = len(problems), (STAGES, MODELS, len(levels))
        self.levels = tuple(levels)
        self.present = np.zeros((tasks, STAGES), dtype=np.bool_)
        self.samples = np.zeros((tasks, STAGES, len(levels)), dtype=np.int64)
        self.costs = np.full((tasks, *shape), np.inf)
        self.costs[:, :, 0, 0] = 0.0
        self.later = np.zeros((tasks, STAGES))
        self.least = np.empty((tasks, *shape))
        self.cheapest = np.array([problem.cheapest_cost for problem in problems])
        self.dearest = np.array([problem.dearest_cost for problem in problems])
        self.second = np.array([_second(problem) for problem in problems])
        self.known = np.zeros((tasks, STAGES, MODELS), dtype=np.bool_)
        self.extras, self.rises = np.zeros((2, tasks, STAGES, MODELS))
        self.features = np.zeros((tasks, SIZE))
        for number, problem in enumerate(problems):
            self._fill(number, problem)
        self.codes = level_code(self.samples)

    def _fill(self, number: int, problem: Problem) -> None:
        stages = problem.task.stages
        _check_room(problem)
        indices = _indices(problem, self.levels)
        self.present[number, : len(stages)] = True
        self.samples[number, : len(stages)] = np.array(problem.levels)[indices]
        features = self.features[number]
        features[SEARCH.index("stages")] = (len(stages) - 1) / (STAGES - 1)
        for index, (stage, table) in enumerate(zip(stages, problem.cost_tables, strict=True)):
            self.costs[number, index, : len(table)] = table[:, indices]
            span = max(problem.levels[-1] - problem.levels[0], 1)
            self.known[number, index, : len(table)] = True
            self.extras[number, index, : len(table)] = table[:, 0] - table.min()
            self.rises[number, index, : len(table)] = (table[:, -1] - table[:, 0]) / span
            _describe(features, index, stage)
        lowest = self.costs[number].min(axis=(1, 2))
        for index in range(STAGES):
            self.later[number, index] = math.fsum(lowest[index + 1 :])
            self.least[number, index] = reduce(
                add, (self.costs[number, index] if stage == index else lowest[stage] for stage in range(STAGES))
            )


def on_grid(problem: Problem, levels: Sequence[int]) -> Problem:
    """The problem, restricted to the sample counts that actions name.

    Args:
        problem: which.
        levels: ascending. What the problem does not offer stands for the next lower count on offer, or for the lowest.

    Raises:
        InvalidInputError: the levels are not ascending integers >= 1, or the budget does not pay any allocation.
    """
    if not levels or levels[0] < 1 or any(b <= a for a, b in pairwise(levels)):
        raise InvalidInputError(f"`levels` must be ascending integers >= 1, but got {tuple(levels)}")
    return replace(problem, levels=tuple(sorted({problem.levels[index] for index in _indices(problem, levels)})))


def _indices(problem: Problem, levels: Sequence[int]) -> list[int]:
    """For each of these sample counts the index of the problem's level that it stands for."""
    return [max(bisect_right(problem.levels, level) - 1, 0) for level in levels]


def _check_room(problem: Problem) -> None:
    """Check that the layout has room for a task.

    Raises:
        InvalidInputError: it has not.
    """
    task = problem.task
    if len(task.stages) > STAGES:
        raise InvalidInputError(
            f"the mixture has room for {STAGES} stages, but task {task.name!r} has {len(task.stages)}"
        )
    for stage in task.stages:
        if len(stage.models) > MODELS:
            raise InvalidInputError(
                f"the mixture has room for {MODELS} models at a stage, but stage {stage.name!r} of task {task.name!r} "
                f"has {len(stage.models)}"
            )


def _describe(features: Floats, index: int, stage: Stage) -> None:
    """Write what is known of a stage and of its models; never a name."""
    known = {
        "present": 1.0,
        "prompt tokens": math.log2(stage.prompt_tokens) / 16,
        "decode tokens": math.log2(stage.decode_tokens) / 16,
        "fused by model": float(stage.fusion == "llm"),
    }
    for name, value in known.items():
        features[stage_rows(name)][index] = value
    for slot, model in enumerate(stage.models):
        known = {"present": 1.0, "parameters": math.log10(model.parameters / 1e9) / 3}
        if model.price is not None:
            known |= {"priced": 1.0, "price": math.log10(max(model.price, 1e-4)) / 2}
        for name, value in known.items():
            features[model_row(index, slot, name)] = value
    np.clip(features, -LIMIT, LIMIT, out=features)


def _second(problem: Problem) -> float:
    """Cost of the cheapest allocation but one."""
    steps = [np.diff(np.sort(table, axis=None)[:2]) for table in problem.cost_tables if table.size > 1]
    return problem.cheapest_cost + float(min(step[0] for step in steps)) if steps else math.inf
