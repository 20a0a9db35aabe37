"""What Weights & Biases is told of a comparison: a run for every cell, and one for the comparison."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from agenttts_env.experiments.compare.findings import ALL, Findings, standing_numbers
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.results import CLOSE
from agenttts_env.experiments.compare.standing import standing
from agenttts_env.experiments.statistics import normalised_regret, simple_regret, winners_curse
from agenttts_env.experiments.statistics.reached import is_close
from agenttts_env.experiments.tracking import AXES, as_text

LONGEST_TAG = 64
"""Of W&B's."""

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class TrackedRun:
    """One run of W&B.

    Attributes:
        id: a function of the comparison and the cell: logged twice it is one run.
        name: for people.
        job_type: the searcher, or ``comparison``.
        tags: task, searcher, backend.
        config: settings.
        history: values by name, step by step.
        tables: columns and rows, by name.
        summary: what it came to.
        files: to be kept with the run.
    """

    id: str
    name: str
    job_type: str
    tags: tuple[str, ...]
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]] = ()
    tables: Mapping[str, tuple[Sequence[str], Rows]] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        """Of all that it says."""
        content = {name: value for name, value in vars(self).items() if name != "files"}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
        for path in self.files:
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:16]


def group_of(folder: ComparisonFolder) -> str:
    """The name under which W&B shows all runs of a comparison together."""
    return f"{folder.path.resolve().name}-{folder.run[:8]}"


def cell_runs(folder: ComparisonFolder, findings: Findings) -> Iterator[TrackedRun]:
    """The run of every cell of the seeds that are finished."""
    notes: dict[tuple[str, str, int], list[tuple[int | None, str, str]]] = defaultdict(list)
    for line in folder.notes():
        rest = {key: value for key, value in line["note"].items() if key not in ("trial", "kind")}
        row = line["note"].get("trial"), str(line["note"].get("kind", "")), as_text(rest)
        notes[line["problem"], line["searcher"], line["seed"]].append(row)
    comparison, reference = findings.comparison, findings.losses.reference
    columns = {
        "best_score": comparison.incumbent_scores,
        findings.wording.true_score.replace(" ", "_"): comparison.test_scores,
        "regret": simple_regret(comparison, reference),
        "normalised_regret": normalised_regret(comparison, reference),
        "winners_curse": winners_curse(comparison),
    }
    close = {within: is_close(comparison, reference, within) for within in CLOSE}
    for record in findings.records:
        at = (
            comparison.tasks.index(record.problem),
            comparison.position(record.searcher),
            comparison.seeds.index(record.seed),
        )
        own = {name: [_finite(value) for value in values[at].tolist()] for name, values in columns.items()}
        reached = {within: values[at].tolist() for within, values in close.items()}
        yield _cell_run(folder, findings, record, own, reached, notes.get(record.key, []))


def _cell_run(
    folder: ComparisonFolder,
    findings: Findings,
    record: CellRecord,
    columns: Mapping[str, Sequence[float | None]],
    close: Mapping[float, Sequence[bool]],
    notes: Rows,
) -> TrackedRun:
    problem = findings.problems[record.problem]
    config = {name: value for name, value in findings.settings.items() if name not in _OF_ALL_CELLS}
    config |= {"problem": problem, "searcher": record.searcher, "seed": record.seed, "comparison": group_of(folder)}
    spent = {axis: np.cumsum(each).tolist() for axis, each in record.spending.items()}
    history = []
    for n in range(len(record.state)):
        shared = {name: values[n] for name, values in columns.items() if values[n] is not None}
        history.append(
            {
                "trial": n,
                "tokens_computed": spent["tokens"][n],
                "flops_total": spent["total_flops"][n],
                "by_trial/state": record.state[n],
                "by_trial/allocation": record.requested[n] or "",
                "by_trial/total_tokens": spent["total_tokens"][n],
                "by_trial/total_dollars": spent["total_dollars"][n],
                **{
                    f"by_trial/{name}": value
                    for name in ("cost", "score")
                    if (value := getattr(record, name)[n]) is not None
                },
                **{f"{prefix}/{name}": value for prefix in AXES for name, value in shared.items()},
            }
        )
    trials = {
        "trial": range(len(record.state)),
        **{name: getattr(record, name) for name in ("state", "requested", "cost", "score")},
        **columns,
        **record.spending,
        "reason": record.reason,
    }
    tables: dict[str, tuple[Sequence[str], Rows]] = {
        "trials": (tuple(trials), [list(row) for row in zip(*trials.values(), strict=True)])
    }
    if notes:
        tables["notes"] = ("trial", "kind", "note"), [list(row) for row in notes]
    summary = {
        "oracle": findings.oracles[record.problem]["score"],
        **{name: values[-1] for name, values in columns.items()},
        **{f"spent/{axis}": values[-1] for axis, values in spent.items()},
        **{f"trials/{state}": record.state.count(state) for state in ("complete", "infeasible", "failed")},
    }
    for within, reached in close.items():
        summary |= {
            f"within_{within:g}/reached": any(reached),
            f"within_{within:g}/at_end": reached[-1],
            f"within_{within:g}/after_trials": reached.index(True) + 1 if any(reached) else None,
        }
    if record.training is not None:
        summary |= {f"training/{name}": value for name, value in record.training.items()}
    if record.error:
        summary["error"] = record.error
    return TrackedRun(
        _id(folder, *record.key),
        f"{record.problem} · {record.searcher} · {record.seed}",
        record.searcher[:LONGEST_TAG],
        tuple(tag[:LONGEST_TAG] for tag in (problem["task"], record.searcher, findings.label)),
        config,
        {name: value for name, value in summary.items() if value is not None},
        history,
        tables,
    )


_OF_ALL_CELLS = ("tasks", "budgets", "searchers", "seeds", "problems", "policies", "run")
"""Settings that are no cell's."""


def comparison_run(folder: ComparisonFolder, findings: Findings, files: Sequence[Path]) -> TrackedRun:
    """The run of the comparison.

    Args:
        folder: of it.
        findings: in it.
        files: of its report.
    """
    rows = [
        {"problem": found.problem or ALL, "searcher": row.searcher, **standing(row)}
        for found in findings.found
        for row in found.rows
    ]
    header = list(dict.fromkeys(name for row in rows for name in row))
    overall = f"{findings.overall.problem or ALL}/"
    numbers = {
        name.removeprefix(overall): v for name, v in standing_numbers(findings).items() if name.startswith(overall)
    }
    kept = [folder.file(name) for name in ("run.json", "oracles.json", "result.json")]
    return TrackedRun(
        _id(folder),
        f"{group_of(folder)} · report",
        "comparison",
        (findings.label[:LONGEST_TAG],),
        findings.settings,
        {**numbers, "size": findings.size, "provenance": findings.provenance},
        tables={"standing": (header, [[_finite(row.get(name)) for name in header] for row in rows])},
        files=tuple(dict.fromkeys(path for path in (*files, *kept) if path.is_file())),
    )


def _id(folder: ComparisonFolder, *cell: object) -> str:
    return hashlib.sha256(json.dumps([folder.run, *cell]).encode()).hexdigest()[:16]


def _finite(value: Any) -> Any:
    """JSON knows neither NaN nor infinity, and a column of a table has one type."""
    return None if isinstance(value, float) and not isfinite(value) else value
