"""``agenttts oracle``: the best allocation there is, computed instead of searched."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments.assembly import backend_defaults, make_landscape, make_problem, make_table
from agenttts_env.experiments.options import SearchOptions
from agenttts_env.experiments.oracle_options import OracleOptions, Split
from agenttts_env.experiments.oracle_tables import comparison_table, oracle_panel, pareto_table, summary_table
from agenttts_env.experiments.reported import Reported, reported_scores
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.replay_oracle import ReplayOracle
from agenttts_env.surface import OracleResult, Surface

SHOWN_PARETO = 12


def make_surface(search: SearchOptions, split: Split) -> Surface:
    """All allocations of a search that is replayed or simulated.

    Raises:
        InvalidInputError: the task cannot be simulated, or was not recorded.
    """
    problem = make_problem(search)
    if search.backend == "replay":
        return ReplayOracle(problem, make_table(search), split)
    return Oracle(problem, make_landscape(search)[1])


def run_oracle(options: OracleOptions, console: Console) -> list[OracleResult]:
    """Find the oracles, print them, and write what ``options.out`` asks for.

    Raises:
        InvalidInputError: an option breaks a rule, or the folder cannot be written.
    """
    searches = [SearchOptions(**backend_defaults(given) | given) for given in options.searches()]
    surfaces = [make_surface(search, options.split) for search in searches]
    folder = None if options.out is None else _make_folder(Path(options.out))
    results = []
    for surface in surfaces:
        reported = reported_scores(surface.problem) if surface.backend == "simulated" else ()
        result = surface.result(score.allocation for score in reported)
        results.append(result)
        if options.task is not None:
            _print(console, surface.problem, result, reported, every=options.pareto)
        if folder is not None:
            _write(console, folder, surface, result, reported)
    if options.task is None:
        console.print(summary_table(results, [surface.problem for surface in surfaces]))
    return results


def _print(
    console: Console, problem: Problem, result: OracleResult, reported: Sequence[Reported], *, every: bool
) -> None:
    console.print(oracle_panel(result, problem))
    console.print(pareto_table(result, problem, limit=len(result.pareto) if every else SHOWN_PARETO))
    if reported:
        console.print(comparison_table(result, problem, reported))


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"`out` must be a folder that can be made, but {folder}: {error}") from error
    return folder


def _write(
    console: Console, folder: Path, surface: Surface, result: OracleResult, reported: Sequence[Reported]
) -> None:
    written = [folder / f"{result.task}.json", folder / f"{result.task}-pareto.csv"]
    try:
        written[0].write_text(json.dumps(result.to_json(), indent=1) + "\n", encoding="utf-8")
        with written[1].open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["backend", "allocation", f"cost in {result.unit}", result.metric, "deviation"])
            for valued in result.pareto:
                rows.writerow([result.backend, valued.allocation, valued.cost, valued.score, valued.deviation])
        from agenttts_env.experiments.landscape_plots import write_plots

        written += write_plots(surface, folder, reported)
    except MissingExtraError as error:
        console.print(f"no plots: {error}", markup=False, highlight=False)
    except OSError as error:
        raise InvalidInputError(f"`out` must be a folder that can be written, but {folder}: {error}") from error
    for path in written:
        console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)
