"""Anything that proposes allocations and learns from trials."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial


class Searcher(ABC):
    """A search algorithm, by ask and tell.

    A searcher is deterministic: after ``reset`` with the same arguments and the same trials told, it asks the same.
    That is how a killed search resumes: the logged trials are told again. An LLM's replies come through the sample
    store, so that they too are the same again.
    """

    name: str

    @abstractmethod
    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """Start a search.

        Args:
            problem: all that may be known in advance.
            trials: how many trials there will be.
            seed: of every random choice.
        """

    @abstractmethod
    def ask(self) -> Allocation:
        """The allocation to try next: one that the task offers; over budget, it costs a trial.

        Raises:
            ProposalError: it could not name one. That costs a trial too, and the search goes on.
            EngineError: its LLM cannot be reached. The search stops, to be resumed later.
        """

    @abstractmethod
    def tell(self, trial: Trial) -> None:
        """What became of what was asked for last."""

    @property
    def overhead(self) -> Ledger:
        """The searcher's own inference since ``reset``: zero without an LLM."""
        return Ledger()

    def notes(self) -> list[dict[str, Any]]:
        """What it did since the last call that people may want to read (prompts, guidelines, rejected proposals).

        JSON-able; goes to ``notes.jsonl``.
        """
        return []
