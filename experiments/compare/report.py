"""What is made of a comparison's files: tables, CSV and a plot. Nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Any

from rich.console import Console

from agenttts_env.errors import InvalidInputError, MissingExtraError, RunLogError
from agenttts_env.experiments.compare.csv_files import write_summary, write_trials
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.plots import plot_anytime
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.results import Results, results
from agenttts_env.experiments.compare.tables import LEGEND, results_table
from agenttts_env.experiments.statistics import Comparison
from agenttts_env.rendering import backend_label

SHOWN_ERRORS = 5


def report_comparison(folder: ComparisonFolder, console: Console) -> None:
    """Print a comparison's tables, and write ``trials.csv``, ``summary.csv`` and ``anytime.png``.

    Of one that is not finished, the seeds that are.

    Args:
        folder: of a finished or a running comparison.
        console: where.

    Raises:
        RunLogError: there is no comparison in the folder, or fewer than two seeds are finished.
        InvalidInputError: nothing can be said of it, or the folder cannot be written.
    """
    settings, records = folder.settings, folder.records()
    oracles = {name: oracle["score"] for name, oracle in folder.oracles().items()}
    backend, problems = settings["backend"], {problem["name"]: problem for problem in settings["problems"]}
    chosen, seeds = _finished(settings, records)
    if seeds < 2:
        raise RunLogError(
            f"a report needs 2 finished seeds, but {folder.path} has {seeds}, with {len(records)} cells in all: "
            "the same command goes on"
        )
    comparison = Comparison.of(record.cell() for record in chosen)
    failed = Counter[tuple[str, str]]()
    for record in chosen:
        failed[record.problem, record.searcher] += record.state.count("failed")
    parts = [comparison.only(tasks=[problem]) for problem in comparison.tasks]
    found = [results(part, oracles, failed) for part in parts]
    if len(parts) > 1:
        found.append(results(comparison, oracles, failed))
    for result in found:
        console.print(results_table(result, _title(result.problem, problems), backend))
    console.print(LEGEND, highlight=False)
    size = f"{len(comparison.searchers)} searchers, {seeds} seeds, {comparison.trials} trials a run"
    console.print(f"{backend_label(backend)}: no model ran. {len(parts)} problems, {size}.", highlight=False)
    if seeds < settings["seeds"]:
        console.print(f"not finished: this is about the first {seeds} of {settings['seeds']} seeds", style="yellow")
    _print_errors(console, chosen)
    _write(folder, console, chosen, comparison, found, problems, oracles, backend)


def _finished(settings: dict[str, Any], records: Sequence[CellRecord]) -> tuple[list[CellRecord], int]:
    """The records of all seeds that are finished, from the first one on, in order, and how many seeds those are."""
    by_key = {record.key: record for record in records}
    names = [problem["name"] for problem in settings["problems"]]
    chosen: list[CellRecord] = []
    for seed in range(settings["seeds"]):
        row = [by_key.get((problem, searcher, seed)) for problem, searcher in product(names, settings["searchers"])]
        whole = [record for record in row if record is not None]
        if len(whole) < len(row):
            return chosen, seed
        chosen += whole
    return chosen, settings["seeds"]


def _title(problem: str | None, problems: dict[str, Any]) -> str:
    if problem is None:
        return f"all {len(problems)} problems"
    return f"{problem} · budget {problems[problem]['budget']:.6g} (paper's units)"


def _print_errors(console: Console, records: Sequence[CellRecord]) -> None:
    broken = [record for record in records if record.error]
    for record in broken[:SHOWN_ERRORS]:
        line = f"broke down: {record.searcher} on {record.problem}, seed {record.seed}: {record.error}"
        console.print(line, style="red", markup=False, highlight=False)
    if len(broken) > SHOWN_ERRORS:
        console.print(f"and {len(broken) - SHOWN_ERRORS} more runs, see trials.csv", style="red")


def _write(
    folder: ComparisonFolder,
    console: Console,
    records: Sequence[CellRecord],
    comparison: Comparison,
    found: Sequence[Results],
    problems: dict[str, Any],
    oracles: dict[str, float],
    backend: str,
) -> None:
    trials, summary, plot = (folder.file(name) for name in ("trials.csv", "summary.csv", "anytime.png"))
    written = [trials, summary]
    try:
        write_trials(trials, records, problems)
        write_summary(summary, found)
        plot_anytime(comparison, oracles, backend, plot)
        written.append(plot)
    except MissingExtraError as error:
        console.print(f"no plot: {error}", markup=False, highlight=False)
    except OSError as error:
        raise InvalidInputError(f"the comparison's folder must be one that can be written, but: {error}") from error
    for path in written:
        console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)
