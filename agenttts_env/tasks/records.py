"""Records of a data set's files, with every field checked where it is read."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError, MissingExtraError

DATA_VARIABLE = "AGENTTTS_DATA"
"""Environment variable that names the folder with one sub-folder per data set."""


@dataclass(frozen=True)
class Record:
    """One record and where it came from.

    Attributes:
        source: the file or the Hugging Face data set.
        number: position in it, from 1.
        fields: what it holds.
    """

    source: str
    number: int
    fields: Mapping[str, Any]

    def error(self, rule: str) -> InvalidInputError:
        """The exception that says that this record breaks a rule."""
        return InvalidInputError(f"{self.source}, record {self.number}: {rule}")

    def text(self, field: str) -> str:
        """A field that must hold text.

        Raises:
            InvalidInputError: it does not.
        """
        value = self.fields.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"`{field}` must be text that is not blank, but is {value!r:.80}")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """A field that must hold a list of texts, as a list or written out as one.

        Raises:
            InvalidInputError: it does not.
        """
        value = self.value(field)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.error(f"`{field}` must be a non-empty list of texts, but is {value!r:.80}")
        return tuple(value)

    def value(self, field: str) -> object:
        """A field's value; text is read as the Python (or JSON) literal that some publishers wrote into it.

        Raises:
            InvalidInputError: the field is missing, or its text is no literal.
        """
        if field not in self.fields:
            raise self.error(f"field `{field}` is missing; the record has {', '.join(map(str, self.fields)) or 'none'}")
        value = self.fields[field]
        if not isinstance(value, str):
            return value
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise self.error(f"`{field}` must be a list or one written out, but is {value!r:.80}") from error


def read(
    name: str, data: str | Path | None, *, hub: str, config: str | None = None, within: str | None = None
) -> tuple[Record, ...]:
    """The records of a data set.

    Args:
        name: of the data set; also the sub-folder of ``$AGENTTTS_DATA`` that is read if ``data`` is None.
        data: a folder with ``sample.json``, or with one other .json or .jsonl file; or such a file itself; or
            ``owner/name`` of a data set on the Hugging Face hub, of which the split ``validation`` is read.
        hub: where the data set is found on the Hugging Face hub, for the error message.
        config: which configuration of it.
        within: a file's list of records may be this field of an object.

    Raises:
        InvalidInputError: nothing is there, or it cannot be read.
        MissingExtraError: the hub needs ``datasets``, which is not installed.
    """
    if data is None:
        if not os.environ.get(DATA_VARIABLE):
            raise InvalidInputError(
                f"data set {name!r} must come from somewhere: name a folder or file, or {hub!r} to download it, "
                f"or set ${DATA_VARIABLE} to a folder that holds {name!r}"
            )
        data = Path(os.environ[DATA_VARIABLE]) / name
    if not Path(data).exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", str(data)):
        return _read_hub(str(data), config)
    return _read_file(_find_file(Path(data)), within)


def _find_file(folder: Path) -> Path:
    if folder.is_file():
        return folder
    files = sorted(path for path in folder.glob("*.json*") if path.suffix in {".json", ".jsonl"})
    sample = folder / "sample.json"
    if sample not in files and len(files) != 1:
        held = ", ".join(path.name for path in files) or "none"
        raise InvalidInputError(f"{folder} must hold sample.json or exactly one .json or .jsonl file, but holds {held}")
    return sample if sample in files else files[0]


def _read_file(path: Path, within: str | None) -> tuple[Record, ...]:
    try:
        text = path.read_text(encoding="utf-8")
        rows = list(_lines(text)) if path.suffix == ".jsonl" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path} must be a UTF-8 file of JSON, but: {error}") from error
    return from_rows(str(path), rows[within] if isinstance(rows, dict) and within in rows else rows)


def _lines(text: str) -> Iterator[object]:
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if line.strip():
                yield json.loads(line)
        except ValueError as error:
            raise ValueError(f"in line {number}: {error}") from error


def _read_hub(name: str, config: str | None) -> tuple[Record, ...]:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", "data") from error
    try:
        rows = list(datasets.load_dataset(name, config, split="validation"))
    except Exception as error:  # it raises whatever its file systems, its network and its parsers raise
        raise InvalidInputError(
            f"there is no folder {name!r}, and it cannot be loaded from the Hugging Face hub "
            f"({type(error).__name__}: {error})"
        ) from error
    return from_rows(name, rows)


def from_rows(source: str, rows: object) -> tuple[Record, ...]:
    """Records from a list of mappings.

    Raises:
        InvalidInputError: it is none, or it is empty.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise InvalidInputError(f"{source} must hold a non-empty list of records, but holds {rows!r:.80}")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise InvalidInputError(f"{source}, record {number}: must be an object with fields, but is {row!r:.80}")
    return tuple(Record(source, number, row) for number, row in enumerate(rows, 1))
