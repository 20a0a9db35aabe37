"""A comparison as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.results import Results
from agenttts_env.experiments.statistics.cell import SPENDING

ALL = "all"
"""What stands for all problems together."""


def write_trials(path: Path, records: Iterable[CellRecord], problems: Mapping[str, Mapping[str, Any]]) -> None:
    """Every trial of every run.

    Args:
        path: overwritten if it is there.
        records: in the order of the rows.
        problems: task and budget, by problem.
    """
    columns = ("requested", "state", "cost", "score", "true_score", *SPENDING, "flops", "overhead_tokens", "reason")
    header = ("backend", "problem", "task", "budget", "searcher", "seed", "trial", *columns)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for record in records:
            problem = problems[record.problem]
            names = ("simulated", record.problem, problem["task"], problem["budget"], record.searcher, record.seed)
            values = (record.spending[name] if name in SPENDING else getattr(record, name) for name in columns)
            rows.writerows((*names, number, *row) for number, row in enumerate(zip(*values, strict=True)))


def write_summary(path: Path, found: Sequence[Results]) -> None:
    """Every number of every table, and the expected tokens besides."""
    header: tuple[str, ...] = ("backend", "problem", "searcher", "regret", "regret_low", "regret_high")
    for within in found[0].rows[0].close:
        header += tuple(f"{name}_{within:g}" for name in ("reached", "ended_within", "ert_trials", "ert_total_tokens"))
    header += ("curse", "curse_low", "curse_high", "rank", "failed_trials")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for results in found:
            for row in results.rows:
                values: list[Any] = ["simulated", results.problem or ALL, row.searcher]
                values += [row.regret, row.regret_low, row.regret_high]
                for close in row.close.values():
                    values += [close.ever, close.at_end, close.trials, close.total_tokens]
                values += [row.curse, row.curse_low, row.curse_high, row.rank, row.failed]
                rows.writerow(values)
