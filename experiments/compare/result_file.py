"""``result.json``: what a finished comparison claims, in one file that ``agenttts validate`` checks.

JSON, with a line for every cell: ``{"result": 1, "settings": {…}, "cells": [{…}, …]}``. The settings are those of
``run.json``; a cell has its problem, searcher and seed, and a column for each of :data:`CLAIMS`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NoReturn, get_args

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.trial import State

RESULT = "result.json"
FORMAT = 1

CLAIMS = ("requested", "state", "cost", "score", "true_score")
"""What is claimed of every trial; see :class:`~agenttts_env.experiments.compare.record.CellRecord`."""

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Result:
    """What a file claims.

    Attributes:
        settings: of the comparison.
        cells: by problem, searcher and seed the columns of :data:`CLAIMS`; all cells that the settings name.
    """

    settings: Mapping[str, Any]
    cells: Mapping[Key, Mapping[str, tuple[Any, ...]]]


def claims_of(record: CellRecord) -> dict[str, tuple[Any, ...]]:
    """What is claimed of a cell."""
    return {name: getattr(record, name) for name in CLAIMS}


def write_result(folder: ComparisonFolder) -> Path | None:
    """Write ``result.json`` of a finished comparison, as a whole or not at all.

    Returns:
        The file; None if cells are missing, as nobody could tell them from cells that were left out.
    """
    settings = {name: value for name, value in folder.settings.items() if name != "run"}
    records = {record.key: record for record in folder.records()}
    keys = _keys(settings)
    if any(key not in records for key in keys):
        return None
    cells = ",\n".join(
        _compact({**dict(zip(("problem", "searcher", "seed"), key, strict=True)), **claims_of(records[key])})
        for key in keys
    )
    path = folder.file(RESULT)
    temporary = path.with_name(f"{RESULT}.tmp")
    temporary.write_text(
        f'{{"result":{FORMAT},"settings":{_compact(settings)},"cells":[\n{cells}\n]}}\n', encoding="utf-8"
    )
    temporary.replace(path)
    return path


def read_result(path: str | Path) -> Result:
    """Read a result, and check that it has the form of one and lacks nothing.

    Raises:
        InvalidInputError: it has another form; a number is not finite; a cell or a trial is missing, or is one too
            many; or its scores are neither simulated nor replayed. Says where.
    """
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=_not_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"cannot read a result from {path}: {error}") from error
    try:
        _require(isinstance(value, dict) and set(value) == {"result", "settings", "cells"}, "is not a result")
        _require(value["result"] == FORMAT, f"has the format {value['result']!r}, but must have {FORMAT}")
        settings, cells = value["settings"], value["cells"]
        _require(isinstance(settings, dict) and isinstance(cells, list), "is not a result")
        _check_settings(settings)
        count = settings["seeds"] * len(settings["problems"]) * len(settings["searchers"])
        _require(len(cells) == count, f"must have {count} cells by its settings, but has {len(cells)}")
        found: dict[Key, Mapping[str, tuple[Any, ...]]] = {}
        for number, cell in enumerate(cells):
            key, columns = _cell(f"cell {number + 1}", cell, settings["trials"])
            _require(key not in found, f"has the cell {_named(key)} twice")
            found[key] = columns
        for key in _keys(settings):
            _require(key in found, f"lacks the cell {_named(key)}")
    except InvalidInputError as error:
        raise InvalidInputError(f"{path} {error}") from None
    return Result(settings, found)


def _check_settings(settings: Mapping[str, Any]) -> None:
    known, backend = ("simulated", "replay", "scripted replay"), settings.get("backend")
    _require(backend in known, f"must be simulated or replayed, but is {backend!r}")
    for name, kind in (("seeds", int), ("trials", int), ("searchers", list), ("problems", list)):
        value = settings.get(name)
        _require(isinstance(value, kind) and not isinstance(value, bool), f"has no valid setting `{name}`")
    texts = [*settings["searchers"], *(_name_of(problem) for problem in settings["problems"])]
    _require(all(isinstance(text, str) for text in texts), "has searchers or problems without a name")
    _require(max(Counter(texts).values(), default=0) == 1, "names a searcher or a problem twice")


def _name_of(problem: Any) -> Any:
    return problem.get("name") if isinstance(problem, dict) else None


def _keys(settings: Mapping[str, Any]) -> list[Key]:
    problems = [problem["name"] for problem in settings["problems"]]
    return [
        (problem, searcher, seed)
        for seed, problem, searcher in product(range(settings["seeds"]), problems, settings["searchers"])
    ]


def _cell(where: str, cell: Any, trials: int) -> tuple[Key, dict[str, tuple[Any, ...]]]:
    names = {"problem", "searcher", "seed", *CLAIMS}
    _require(isinstance(cell, dict) and set(cell) == names, f"must have {', '.join(sorted(names))} in {where}")
    key = cell["problem"], cell["searcher"], cell["seed"]
    named = isinstance(key[0], str) and isinstance(key[1], str) and type(key[2]) is int
    _require(named, f"has no valid name in {where}")
    columns = {}
    for name in CLAIMS:
        column = cell[name]
        of = f"`{name}` of the cell {_named(key)}"
        _require(isinstance(column, list), f"must have a list as {of}")
        _require(len(column) == trials, f"must have {trials} trials, but {of} has {len(column)}")
        for number, entry in enumerate(column):
            _require(_valid(name, entry), f"has no valid value in {of}, trial {number}: {entry!r}")
        columns[name] = tuple(column)
    return key, columns


def _valid(name: str, entry: Any) -> bool:
    if name == "state":
        return isinstance(entry, str) and entry in get_args(State)
    if entry is None:
        return True
    if name == "requested":
        return isinstance(entry, str) and _is_allocation(entry)
    return type(entry) in (int, float) and abs(entry) <= sys.float_info.max  # also of integers that no float holds


def _is_allocation(text: str) -> bool:
    try:
        return str(Allocation.parse(text)) == text
    except InvalidInputError:
        return False


def _named(key: Sequence[Any]) -> str:
    problem, searcher, seed = key
    return f"({problem}, {searcher}, seed {seed})"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"numbers must be finite, but there is {word}")


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise InvalidInputError(rule)
