"""What is kept of a finished cell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.experiments.statistics import Cell
from agenttts_env.experiments.statistics.cell import SPENDING
from agenttts_env.trial import Trial

DIGITS = 12
"""Decimals of a true score: what is beyond them depends on the order in which a machine sums."""


@dataclass(frozen=True)
class CellRecord:
    """One run; columns have one entry a trial, in order.

    Attributes:
        problem: its name in the comparison.
        searcher: its name.
        seed: of the run.
        error: why the searcher broke down, if it did; from then on its trials are failed ones.
        requested: the allocation, as text; None where none was named.
        state: of the trial.
        reason: why it is not complete; else empty.
        cost: in the problem's unit; None without an allocation.
        score: on the search split, as the searcher was told; None unless complete.
        true_score: of the incumbent, expected or recorded on the test split, which no searcher sees; None before the
            first completed trial.
        flops: of the trial's own inference.
        overhead_tokens: computed by the searcher's LLM.
        spending: see :data:`~agenttts_env.experiments.statistics.cell.SPENDING`.
        training: what training the searcher took before its run (a policy's), by name with its unit (``tokens``,
            ``seconds``, ...); None where it needs none. No part of the spending.
        notes: what an LLM-driven searcher noted. No part of the line: ``notes.jsonl`` has them.
    """

    problem: str
    searcher: str
    seed: int
    error: str
    requested: tuple[str | None, ...]
    state: tuple[str, ...]
    reason: tuple[str, ...]
    cost: tuple[float | None, ...]
    score: tuple[float | None, ...]
    true_score: tuple[float | None, ...]
    flops: tuple[float, ...]
    overhead_tokens: tuple[int, ...]
    spending: Mapping[str, tuple[float, ...]]
    training: Mapping[str, float] | None = None
    notes: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, cell: Cell, trials: Sequence[Trial], error: str) -> CellRecord:
        """From a run, as the statistics see it and as it was logged."""
        return cls(
            cell.task,
            cell.searcher,
            cell.seed,
            error,
            requested=tuple(_text(trial.requested) for trial in trials),
            state=tuple(trial.state for trial in trials),
            reason=tuple(trial.reason for trial in trials),
            cost=tuple(trial.cost for trial in trials),
            score=tuple(trial.score for trial in trials),
            true_score=tuple(None if np.isnan(score) else round(score, DIGITS) for score in cell.test_scores.tolist()),
            flops=tuple(trial.ledger.flops for trial in trials),
            overhead_tokens=tuple(trial.overhead.tokens_computed for trial in trials),
            spending={axis: tuple(values.tolist()) for axis, values in cell.spending.items()},
        )

    @property
    def key(self) -> tuple[str, str, int]:
        """Its name in the comparison."""
        return self.problem, self.searcher, self.seed

    def cell(self) -> Cell:
        """What the statistics take."""
        return Cell(
            self.problem,
            self.searcher,
            self.seed,
            _column(self.score),
            _column(self.true_score),
            {axis: np.array(self.spending[axis]) for axis in SPENDING},
        )

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "notes"}, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> CellRecord:
        """The inverse of :meth:`to_line`.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        value: dict[str, Any] = json.loads(line)
        spending = {axis: tuple(values) for axis, values in value["spending"].items()}
        columns: dict[str, Any] = {
            name: tuple(entry) if isinstance(entry, list) else entry for name, entry in value.items()
        }
        return cls(**(columns | {"spending": spending}))


def _text(allocation: Allocation | None) -> str | None:
    return None if allocation is None else str(allocation)


def _column(values: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values])
