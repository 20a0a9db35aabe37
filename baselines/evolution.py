"""Evolutionary search: crossover over the stages, mutation of models and sample counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import InitRule
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial

CROSSOVER_RATE = 0.8
MUTATION_RATE = 0.5
STEP = 10
_MOST_CHILDREN = 20

Steps = Literal["ten", "log"]
"""How a sample count mutates. ``ten``: -10, 0 or +10. ``log``: times 2 to the power of a standard normal number."""


class EvolutionSearcher(Optimiser):
    """Breeds every allocation from the best ones so far.

    The population is the best trials of the search, so the elite stays; failed and infeasible trials are its last
    ranks. It starts with random allocations, which follow the initial trials in a seeded search until it is full. A
    child has two parents, of which the better ranks are the more likely, and goes through :func:`crossover` and
    :func:`mutate`. One that is over budget or was tried before is discarded. After 20 such children the last is made
    feasible (:meth:`~agenttts_env.problem.Problem.project`), and if that was tried before too, a random allocation
    takes its place.

    The operators and their rates are those of an evolutionary step that the released code of arXiv 2508.00890 carries,
    but never runs (there, half of a batch is random, the worst parents are the most likely, and elites are dropped).

    Args:
        population: how many of the best trials have children.
        steps: how a sample count mutates; ``log`` reaches small counts more finely than the original ``ten``.
        init_rule: see :class:`~agenttts_env.baselines.optimiser.Optimiser`.

    Raises:
        InvalidInputError: the population is empty, or there is no such step.
    """

    name = "evolution"

    def __init__(self, *, population: int = 10, steps: Steps = "ten", init_rule: InitRule | None = None) -> None:
        super().__init__(init_rule=init_rule)
        if population < 1:
            raise InvalidInputError(f"`population` must be >= 1, but got {population}")
        if steps not in get_args(Steps):
            raise InvalidInputError(f"`steps` must be one of {get_args(Steps)}, but got {steps!r}")
        self.population = population
        self.steps = steps

    def tell(self, trial: Trial) -> None:
        """Keep the trial."""
        if trial.requested is not None:
            self._archive[trial.requested] = trial

    def _start(self, trials: int, seed: int) -> None:
        self._archive: dict[Allocation, Trial] = {}

    def _propose(self) -> Allocation:
        if len(self._archive) < self.population:
            return self._untried()
        ranked = sorted(self._archive, key=lambda allocation: _rank(self._archive[allocation]))[: self.population]
        for _ in range(_MOST_CHILDREN):
            child = mutate(self._rng, self._problem, crossover(self._rng, *parents(self._rng, ranked)), self.steps)
            if child not in self._asked and self._problem.is_feasible(child):
                return child
        repaired = self._problem.project(child)
        return repaired if repaired not in self._asked else self._untried()


def parents(rng: np.random.Generator, ranked: Sequence[Allocation]) -> tuple[Allocation, Allocation]:
    """Two allocations, different if there are two, of a list that has the best first.

    The first of n is n times as likely to be drawn first as the last, and the weights fall evenly in between.
    """
    weights = np.arange(len(ranked), 0, -1)
    places = rng.choice(len(ranked), size=min(2, len(ranked)), replace=False, p=weights / weights.sum())
    return ranked[places[0]], ranked[places[-1]]


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
