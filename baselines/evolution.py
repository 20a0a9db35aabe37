"""Evolutionary search: crossover over the stages, mutation of models and sample counts."""

from __future__ import annotations

from typing import get_args

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.errors import InvalidInputError
from agenttts_env.evolution import Steps, breed, ranked
from agenttts_env.initial import InitRule
from agenttts_env.trial import Trial


class EvolutionSearcher(Optimiser):
    """Breeds every allocation from the best ones so far.

    The population is the best trials of the search, so the elite stays; failed and infeasible trials are its last
    ranks. It starts with random allocations, which follow the initial trials in a seeded search until it is full. A
    child has two parents, of which the better ranks are the more likely, and goes through crossover and mutation
    (:mod:`agenttts_env.evolution`). Where :func:`~agenttts_env.evolution.breed` finds none that is new and within the
    budget, a random allocation takes its place.

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
        elders = ranked(self._archive.values())[: self.population]
        child = breed(self._rng, self._problem, elders, self._asked, self.steps)
        return self._untried() if child is None else child
