"""Where evaluations come from: live inference, recorded samples, or a simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from agenttts_env.allocation import Allocation
from agenttts_env.evaluation import Evaluation


class Evaluator(Protocol):
    """Runs allocations on one split of a task's data.

    Attributes:
        backend: ``live``, ``scripted`` (live, but with an engine that has no model), ``replay`` or ``simulated``; every
            log, table and plot says which.
    """

    backend: str

    def begin(self) -> None:
        """A new search begins. What was drawn for another one stays drawn, unless nothing real was ever drawn."""
        ...

    def recall(self, allocation: Allocation) -> None:
        """This search has evaluated an allocation before it was interrupted: what it drew is drawn."""
        ...

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


@runtime_checkable
class QuickEvaluator(Evaluator, Protocol):
    """An evaluator that needs microseconds where only the means are wanted."""

    def means(self, choices: Sequence[tuple[int, int]]) -> list[float]:
        """What :meth:`Evaluation.mean` says of every metric after :meth:`evaluate`, in the task's order.

        Args:
            choices: for each stage the model's index among those that the task offers, and S.
        """
        ...
