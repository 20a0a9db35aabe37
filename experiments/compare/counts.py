"""What is counted of runs beside their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agenttts_env.experiments.compare.record import CellRecord


@dataclass(frozen=True)
class Counts:
    """Of one searcher on one problem, all seeds.

    Attributes:
        failed: number of trials that failed.
        infeasible: number of trials that did not fit the budget.
        own_tokens: that the searcher's own LLM computed.
        training: see :class:`~agenttts_env.experiments.compare.record.CellRecord`.
    """

    failed: int = 0
    infeasible: int = 0
    own_tokens: int = 0
    training: Mapping[str, float] | None = None


def count(records: Iterable[CellRecord]) -> dict[tuple[str, str], Counts]:
    """By problem and searcher."""
    found: dict[tuple[str, str], Counts] = {}
    for record in records:
        before = found.get(record.key[:2], Counts())
        found[record.key[:2]] = Counts(
            before.failed + record.state.count("failed"),
            before.infeasible + record.state.count("infeasible"),
            before.own_tokens + sum(record.overhead_tokens),
            before.training if record.training is None else record.training,
        )
    return found
