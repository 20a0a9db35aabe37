"""A comparison as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from agenttts_env.experiments.compare.findings import ALL, Findings
from agenttts_env.experiments.compare.standing import standing
from agenttts_env.experiments.compare.trial_columns import trial_columns
from agenttts_env.experiments.compare.written import whole


def write_trials(path: Path, findings: Findings) -> None:
    """Every trial of every run: ``trials.csv``."""
    columns = trial_columns(findings)
    with whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))


def write_summary(path: Path, findings: Findings) -> None:
    """Every number of every table: ``summary.csv``."""
    backend = findings.settings["backend"]
    rows = [
        {"backend": backend, "problem": found.problem or ALL, "searcher": row.searcher, **standing(row)}
        for found in findings.found
        for row in found.rows
    ]
    header = dict.fromkeys(name for row in rows for name in row)
    with whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(header), restval="nan")
        writer.writeheader()
        writer.writerows(rows)
