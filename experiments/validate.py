"""``agenttts validate``: a result's claims, checked by running everything again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.launcher import run_cells
from agenttts_env.experiments.compare.options import CompareOptions, backend_of, deciding_options
from agenttts_env.experiments.compare.plan import CellPlan, plan_cells, plan_problems, settings
from agenttts_env.experiments.compare.progress import CompareProgress
from agenttts_env.experiments.compare.result_file import CLAIMS, Key, Result, claims_of, read_result
from agenttts_env.experiments.compare.what_ran import what_ran
from agenttts_env.rendering import backend_label

MADE_WITH = ("version", "code", "libraries", "policies")
"""The settings that say what made a result; another one may well find something else."""

TOLERANCE = 1e-9
"""Numbers that differ by less are equal: what is beyond depends on the order in which a machine sums."""

SHOWN_DIFFERENCES = 20


@dataclass(frozen=True)
class Difference:
    """Where a claim is refuted: the first trial of a cell that came out otherwise.

    Attributes:
        key: problem, searcher and seed.
        trial: its number.
        name: of the claim.
        claimed: what the file says.
        found: what came out.
        trials: how many trials of the cell came out otherwise.
    """

    key: Key
    trial: int
    name: str
    claimed: Any
    found: Any
    trials: int


def validate(
    path: str | Path, console: Console, progress: Console, *, jobs: int | None = None, any_version: bool = False
) -> bool:
    """Run a result again, and print what is confirmed and what is refuted.

    Cells of searchers without an LLM are run whole. Of an LLM-driven searcher the claimed allocations are evaluated
    again, in their order: that its LLM asked for them cannot be checked. Recorded tables are looked for where they
    were, and beside the result.

    Args:
        path: of a ``result.json``.
        console: where the outcome goes.
        progress: where the progress shows.
        jobs: how many processes run cells; by default the cores that this process may use.
        any_version: check the result of another version, or other libraries, all the same.

    Returns:
        Whether every trial is confirmed.

    Raises:
        InvalidInputError: the file is no result, or was made with something else than what is here.
        EngineError: a process died.
    """
    result = read_result(path)
    options = replace(_options(result.settings, Path(path).parent), jobs=jobs)
    others = _check_settings(result.settings, options, any_version=any_version)
    plans = {plan.key: _to_check(plan, result) for plan in plan_cells(options, plan_problems(options))}
    differences: dict[Key, Difference] = {}
    with CompareProgress(progress, len(plans), 0) as shown:
        for record in run_cells(list(plans.values()), options.processes):
            difference = _compare(record.key, result.cells[record.key], claims_of(record))
            if difference is not None:
                differences[record.key] = difference
            shown.add(record)
    for name in others:
        console.print(f"made with another `{name}` than what is here: a difference may come from that", style="yellow")
    _print(console, options, plans, [differences[key] for key in plans if key in differences], result.settings)
    return not differences


def _options(claimed: Mapping[str, Any], folder: Path) -> CompareOptions:
    """The options of a comparison from its settings, with the tables that are in a folder."""
    values: dict[str, Any] = {}
    for option in deciding_options(backend_of(claimed)):
        if option.name not in claimed:
            raise InvalidInputError(f"a result must have the setting `{option.name}`, but this one has none")
        value = claimed[option.name]
        if isinstance(value, dict):
            value = {key: tuple(inner) if isinstance(inner, list) else inner for key, inner in value.items()}
        values[option.name] = tuple(value) if isinstance(value, list) else value
    try:
        values["table"] = tuple(
            _located(str(table), folder, claimed.get("tables")) for table in values.get("table", ())
        )
        return CompareOptions(**(values | {"backend": backend_of(claimed)}))
    except InvalidInputError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError(f"a result's settings must be those of a comparison, but: {error}") from error


def _located(table: str, folder: Path, digests: Any) -> str:
    if not table.endswith(".npz") or Path(table).exists():
        return table
    beside = folder / Path(table).name
    if not beside.exists():
        raise InvalidInputError(
            f"the result was made with the recorded table {table}, which is neither there nor at {beside}: nothing was "
            f"checked; put it at either place (by task the SHA-256 of the tables: {digests})"
        )
    return str(beside)


def _check_settings(claimed: Mapping[str, Any], options: CompareOptions, *, any_version: bool) -> list[str]:
    """Check that the settings are what a comparison of these options has here; returns what made it if that differs."""
    wanted = json.loads(json.dumps(settings(options, plan_problems(options))))
    if claimed.get("tables") != wanted.get("tables"):
        raise InvalidInputError(
            f"the result was made with tables of SHA-256 {claimed.get('tables')}, but those here have "
            f"{wanted.get('tables')}: nothing was checked; put the tables that it was made with in their places"
        )
    others = [name for name in MADE_WITH if claimed.get(name) != wanted[name]]
    for name in others:
        if not any_version:
            raise InvalidInputError(
                f"the result was made with {name} = {claimed.get(name)!r}, but here it is {wanted[name]!r}: nothing "
                "was checked; install what made it, or try all the same with --any-version"
            )
    for name in sorted({*wanted, *claimed} - {*MADE_WITH, "table"}):  # where a table is decides nothing
        if claimed.get(name) != wanted.get(name):
            raise InvalidInputError(
                f"a result with these options must have the setting {name} = {wanted.get(name)!r}, but this one has "
                f"{claimed.get(name)!r}"
            )
    return others


def _to_check(plan: CellPlan, result: Result) -> CellPlan:
    if plan.llm is None:
        return plan
    asked = result.cells[plan.key]["requested"]
    return replace(plan, llm=None, claimed=tuple(None if text is None else Allocation.parse(text) for text in asked))


def _compare(key: Key, claimed: Mapping[str, Sequence[Any]], found: Mapping[str, Sequence[Any]]) -> Difference | None:
    refuted = [
        (number, name)
        for number in range(len(claimed["state"]))
        for name in CLAIMS
        if not _equal(claimed[name][number], found[name][number])
    ]
    if not refuted:
        return None
    number, name = refuted[0]
    trials = len({number for number, _ in refuted})
    return Difference(key, number, name, claimed[name][number], found[name][number], trials)


def _equal(claimed: Any, found: Any) -> bool:
    if isinstance(claimed, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(claimed, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(claimed == found)


def _print(
    console: Console,
    options: CompareOptions,
    plans: Mapping[Key, CellPlan],
    differences: Sequence[Difference],
    claimed: Mapping[str, Any],
) -> None:
    table = Table(title=f"validation · {backend_label(claimed['backend'])}")
    table.add_column("searcher")
    table.add_column("what was done")
    for title in ("cells", "trials", "confirmed", "refuted"):
        table.add_column(title, justify="right")
    for searcher in options.searchers:
        cells = [plan for key, plan in plans.items() if key[1] == searcher]
        trials = len(cells) * options.trials
        refuted = sum(difference.trials for difference in differences if difference.key[1] == searcher)
        done = "run again" if cells[0].claimed is None else "evaluated again"
        table.add_row(searcher, done, *map(str, (len(cells), trials, trials - refuted, refuted)))
    console.print(table)
    if any(plan.claimed is not None for plan in plans.values()):
        console.print(
            "evaluated again: the claimed allocations were, in their order; that the searcher's LLM asked for them was "
            "not checked",
            highlight=False,
        )
    for difference in differences[:SHOWN_DIFFERENCES]:
        problem, searcher, seed = difference.key
        console.print(
            f"refuted: {searcher} on {problem}, seed {seed}, trial {difference.trial}: {difference.name} claimed "
            f"{_shown(difference.claimed)}, found {_shown(difference.found)}",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if len(differences) > SHOWN_DIFFERENCES:
        console.print(f"and {len(differences) - SHOWN_DIFFERENCES} more cells", style="red")
    total = len(plans) * options.trials
    confirmed = total - sum(difference.trials for difference in differences)
    verdict = "REFUTED" if differences else "CONFIRMED"
    console.print(f"{verdict}: {confirmed} of {total} trials are confirmed. {what_ran(claimed)}.", highlight=False)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
