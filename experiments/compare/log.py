"""The folder of a comparison: what was asked, every finished cell, and the oracles."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError, RunLogError
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.runfolder import RunFolder


class ComparisonFolder:
    """One comparison's files.

    ``run.json``: the settings. ``cells.jsonl``: a line per finished cell, in the order in which they finished.
    ``oracles.json``: by problem the best allocation. All else is made from these.

    Args:
        path: made if missing.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._folder = RunFolder(path)

    def file(self, name: str) -> Path:
        """A file of the comparison."""
        return self._folder.file(name)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the comparison.

        Raises:
            RunLogError: there is none here.
        """
        settings = self._folder.settings
        if "comparison" not in settings:
            raise RunLogError(f"{self.file('run.json')} was not written by `agenttts compare`")
        return settings

    def check(self, settings: Mapping[str, Any]) -> None:
        """Check that this folder is empty, or holds a comparison of these settings; changes nothing.

        Raises:
            RunLogError: it holds another.
        """
        self._folder.check(settings)

    @contextmanager
    def opened(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """The folder is this process's for the time being, and what a killed one left half written is gone.

        Raises:
            InvalidInputError: it cannot be made.
            RunLogError: it holds another comparison, or another process writes to it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"`out` must be a folder that can be made, but {self.path}: {error}") from error
        try:
            self._folder.open(settings)
            self._drop_torn_line()
            yield
        finally:
            self._folder.close()

    def records(self) -> list[CellRecord]:
        """The finished cells; a last line that is still being written is left out.

        Raises:
            RunLogError: a line is no cell.
        """
        path = self.file("cells.jsonl")
        if not path.exists():
            return []
        records = []
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if not line.endswith("\n"):
                    break
                try:
                    records.append(CellRecord.from_line(line))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise RunLogError(f"{path}, line {number + 1}: not a cell: {error!r}") from error
        return records

    def append(self, record: CellRecord) -> None:
        """Keep a finished cell, whatever happens next."""
        with self.file("cells.jsonl").open("ab") as file:
            file.write(record.to_line().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def oracles(self, make: Callable[[], Mapping[str, Any]] | None = None) -> dict[str, Any]:
        """By problem the best allocation, its cost and its score.

        Args:
            make: makes them where they are missing, once.

        Raises:
            RunLogError: they are missing and cannot be made.
        """
        path = self.file("oracles.json")
        if not path.exists():
            if make is None:
                raise RunLogError(f"{self.path} has no oracles.json: start its comparison first")
            self._folder.write("oracles.json", make())
        oracles: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return oracles

    def _drop_torn_line(self) -> None:
        path = self.file("cells.jsonl")
        if path.exists():
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(path, whole)
