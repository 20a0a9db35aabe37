"""A table of outcomes as one file: NumPy's .npz with a JSON header, nothing pickled."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.outcomes import OutcomeTable, Pools, StageOutcomes
from agenttts_env.provenance import Provenance
from agenttts_env.stage import Stage
from agenttts_env.task import Task

FORMAT = 1
"""Version of the format; a file of another version is refused."""


def save_table(table: OutcomeTable, path: str | Path) -> None:
    """Write a table, as a whole or not at all. Equal tables give equal bytes.

    Raises:
        InvalidInputError: the file cannot be written.
    """
    header = {
        "format": FORMAT,
        "task": {
            "name": table.task.name,
            "description": table.task.description,
            "metrics": table.task.metrics,
            "budgets": table.task.budgets,
            "stages": [asdict(stage) for stage in table.task.stages],
        },
        "levels": table.levels,
        "examples": table.examples,
        "provenance": asdict(table.provenance),
    }
    arrays: dict[str, Any] = table.arrays()
    temporary = Path(f"{path}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **{"header": np.array(json.dumps(header)), **arrays})
        os.replace(temporary, path)
    except OSError as error:
        raise InvalidInputError(f"the table cannot be written to {path}: {error}") from error


def load_table(path: str | Path) -> OutcomeTable:
    """Read a table.

    Raises:
        InvalidInputError: there is no such file, it is cut off or damaged, it is no table, or one of another format.
    """
    try:
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise InvalidInputError(f"there is no file {path}") from None
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInputError(f"{path} is damaged, or no table of outcomes: {error}") from error
    try:
        return _table(json.loads(str(arrays.pop("header"))), arrays)
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # InvalidInputError is a ValueError
        raise InvalidInputError(f"{path} is no valid table of outcomes: {_words(error)}") from error


def _words(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)


def _table(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> OutcomeTable:
    if header["format"] != FORMAT:
        raise InvalidInputError(f"its format is {header['format']}, but this version reads format {FORMAT}")
    task = header["task"]
    stages = tuple(_stage(stage) for stage in task["stages"])
    table = OutcomeTable(
        task=Task(task["name"], task["description"], stages, tuple(task["metrics"]), budgets=task["budgets"]),
        levels=tuple(header["levels"]),
        examples={split: tuple(ids) for split, ids in header["examples"].items()},
        stages=tuple(_outcomes(stage.name, arrays) for stage in stages),
        scores=arrays["scores"],
        provenance=Provenance(**header["provenance"]),
    )
    if unknown := arrays.keys() - table.arrays().keys():
        raise InvalidInputError(f"its header does not explain the array {min(unknown)!r}")
    return table


def _stage(value: Mapping[str, Any]) -> Stage:
    return Stage(**{**value, "models": tuple(Model(**model) for model in value["models"])})


def _outcomes(stage: str, arrays: Mapping[str, npt.NDArray[Any]]) -> StageOutcomes:
    def pools(kind: str) -> Pools:
        prefix = f"{stage}/{kind}"
        return Pools(arrays[f"{prefix}/prompt_tokens"], arrays[f"{prefix}/decode_tokens"], arrays[f"{prefix}/seconds"])

    return StageOutcomes(
        children=arrays[f"{stage}/children"],
        pools=arrays[f"{stage}/pools"],
        outputs=arrays[f"{stage}/outputs"],
        fusions=arrays[f"{stage}/fusions"],
        fused=arrays[f"{stage}/fused"],
        samples=pools("samples"),
        fusing=pools("fusing"),
    )
