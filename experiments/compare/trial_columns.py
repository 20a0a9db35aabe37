"""Every trial of every run of a comparison, as columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.statistics.cell import SPENDING

LABELS: Mapping[str, type] = {
    "backend": str, "problem": str, "task": str, "budget": float, "searcher": str, "seed": int, "trial": int,
}  # fmt: skip

ENTRIES: Mapping[str, type] = {
    "requested": str, "state": str, "cost": float, "score": float, "true_score": float,
    **dict.fromkeys(SPENDING, float), "flops": float, "overhead_tokens": int, "reason": str,
}  # fmt: skip

COLUMNS: Mapping[str, type] = {**LABELS, **ENTRIES}
"""By name what stands in a column; see :class:`~agenttts_env.experiments.compare.record.CellRecord`."""


def trial_columns(findings: Findings) -> dict[str, list[Any]]:
    """The columns of :data:`COLUMNS`, one entry a trial; None where there is no value."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    backend = findings.settings["backend"]
    for record in findings.records:
        problem, count = findings.problems[record.problem], len(record.state)
        labels = (backend, record.problem, problem["task"], problem["budget"], record.searcher, record.seed)
        for name, value in zip(LABELS, labels, strict=False):
            columns[name] += [value] * count
        columns["trial"] += range(count)
        for name in ENTRIES:
            columns[name] += record.spending[name] if name in SPENDING else getattr(record, name)
    return columns
