"""Where the scores of a compared task come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.env import AllocationEnv
from agenttts_env.problem import Problem
from agenttts_env.surface import Surface, Valued


@dataclass(frozen=True)
class Source(ABC):
    """A task on a backend, at any budget; hashable, and small to send to another process.

    Attributes:
        task: the task's name.
        models: candidates of the stages that have others than all that there are.
    """

    task: str
    models: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    @abstractmethod
    def backend(self) -> str:
        """What its evaluations are called, see :func:`~agenttts_env.rendering.backend_label`."""

    @abstractmethod
    def problem(self, cost: str, budget: float | None = None) -> Problem:
        """What is searched; at the task's default budget if none is given.

        Raises:
            InvalidInputError: see :meth:`~agenttts_env.problem.Problem.of`; or a model is not on offer.
        """

    @abstractmethod
    def env(self, problem: Problem, *, examples: int | None, data_seed: int, trials: int) -> AllocationEnv:
        """The problem on a data set.

        Args:
            problem: as :meth:`problem` returns it.
            examples: size of the search split; None for all that there are.
            data_seed: decides the data set; equal for all searchers of a seed.
            trials: of the run.

        Raises:
            InvalidInputError: there are not so many examples.
        """

    @abstractmethod
    def oracle(self, problem: Problem) -> Surface:
        """True scores of all allocations, which no searcher sees."""

    @abstractmethod
    def best(self, oracle: Surface) -> Valued:
        """The best allocation within the budget, with a score as :meth:`true_score` gives it."""

    @abstractmethod
    def true_score(self, oracle: Surface, allocation: Allocation) -> float:
        """True score of one allocation, without the table of all of them."""

    @property
    @abstractmethod
    def published_budgets(self) -> tuple[float, ...]:
        """The budgets that figures were published for, ascending."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """What it is, for ``run.json``."""
