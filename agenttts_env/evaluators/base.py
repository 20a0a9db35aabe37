"""Where evaluations come from: live inference, recorded samples, or a simulation."""

from __future__ import annotations

from typing import Protocol

from agenttts_env.allocation import Allocation
from agenttts_env.evaluation import Evaluation


class Evaluator(Protocol):
    """Runs allocations on one split of a task's data.

    Attributes:
        backend: ``live``, ``scripted`` (live, but with an engine that has no model), ``replay`` or ``simulated``; every
            log, table and plot says which.
    """

    backend: str

    def evaluate(self, allocation: Allocation, payer: str) -> Evaluation:
        """Run exactly this allocation.

        Args:
            allocation: valid for the task, and affordable: nobody checks any more.
            payer: name of the trial that pays for what has to be computed.

        Raises:
            EngineError: some samples could not be had; what was drawn is kept.
        """
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...
