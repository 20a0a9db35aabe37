"""Evolutionary operators on allocations, shared by searchers: parents, crossover, mutation, and children of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import numpy as np

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial

CROSSOVER_RATE = 0.8
MUTATION_RATE = 0.5
STEP = 10
_MOST_CHILDREN = 20

Steps = Literal["ten", "log"]
"""How a sample count mutates. ``ten``: -10, 0 or +10. ``log``: times 2 to the power of a standard normal number."""


def ranked(trials: Iterable[Trial]) -> list[Allocation]:
    """What the trials asked for, each once, by its last trial: the best first, what is not complete last.

    The best is :func:`~agenttts_env.trial.best_trial`; trials that named nothing are left out.
    """
    last = {trial.requested: trial for trial in trials if trial.requested is not None}
    return sorted(last, key=lambda allocation: _rank(last[allocation]))


def breed(
    rng: np.random.Generator,
    problem: Problem,
    elders: Sequence[Allocation],
    tried: Collection[Allocation],
    steps: Steps = "ten",
) -> Allocation | None:
    """A child that is feasible and was not tried; None if there is none.

    A child that is over budget or was tried before is discarded. After 20 such children the last is made feasible
    (:meth:`~agenttts_env.problem.Problem.project`), and there is none if that was tried before too.

    Args:
        rng: where the choices come from.
        problem: what may be asked for.
        elders: who may be parents, one or more, the best first.
        tried: what must not come again.
        steps: how a sample count mutates.
    """
    for _ in range(_MOST_CHILDREN):
        child = mutate(rng, problem, crossover(rng, *parents(rng, elders)), steps)
        if child not in tried and problem.is_feasible(child):
            return child
    repaired = problem.project(child)
    return None if repaired in tried else repaired


def parents(rng: np.random.Generator, elders: Sequence[Allocation]) -> tuple[Allocation, Allocation]:
    """Two allocations, different if there are two, of a list that has the best first.

    The first of n is n times as likely to be drawn first as the last, and the weights fall evenly in between.
    """
    weights = np.arange(len(elders), 0, -1)
    places = rng.choice(len(elders), size=min(2, len(elders)), replace=False, p=weights / weights.sum())
    return elders[places[0]], elders[places[-1]]


def crossover(rng: np.random.Generator, first: Allocation, second: Allocation) -> Allocation:
    """With a probability of 0.8 the first stages of one and the others of the other, cut at random; else the first."""
    stages = len(first.stages)
    if stages == 1 or rng.random() >= CROSSOVER_RATE:
        return first
    cut = int(rng.integers(1, stages))
    return Allocation(first.stages[:cut] + second.stages[cut:])


def mutate(rng: np.random.Generator, problem: Problem, allocation: Allocation, steps: Steps = "ten") -> Allocation:
    """With a probability of 0.5 each, and for each stage: any of its models; and another sample count (``steps``).

    A count that is not on offer becomes the nearest that is.
    """
    stages = []
    for stage, choice in zip(problem.task.stages, allocation.stages, strict=True):
        model, samples = choice.model, choice.samples
        if rng.random() < MUTATION_RATE:
            model = stage.models[rng.integers(len(stage.models))].name
        if rng.random() < MUTATION_RATE:
            samples = _step(rng, problem.levels, samples, steps)
        stages.append(StageAllocation(model, samples))
    return Allocation(tuple(stages))


def _step(rng: np.random.Generator, levels: Sequence[int], samples: int, steps: Steps) -> int:
    if steps == "ten":
        wanted = samples + STEP * int(rng.integers(-1, 2))
        return min(levels, key=lambda level: abs(level - wanted))
    factor = 2.0 ** rng.standard_normal()
    return min(levels, key=lambda level: abs(math.log(level / (samples * factor))))


def _rank(trial: Trial) -> tuple[bool, float, float, int]:
    """Sorts the best first, like :func:`~agenttts_env.trial.best_trial`, and what is not complete last."""
    return trial.score is None, -(trial.score or 0.0), trial.cost or 0.0, trial.number
