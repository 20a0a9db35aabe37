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
    ``notes.jsonl``: what the LLM-driven searchers of finished cells noted, a line each. ``oracles.json``: by problem
    the best allocation. ``samples.sqlite``: replies of the searchers' LLM. All else is made from these.

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
            self._folder.open(settings, keep_notes=True)
            self._drop_torn_line()
            self._drop_notes_of_unfinished_cells()
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
        """Keep a finished cell, whatever happens next: first its notes, so that no finished cell lacks any."""
        cell = dict(zip(("problem", "searcher", "seed"), record.key, strict=True))
        if record.notes:
            self._append("notes.jsonl", *(json.dumps({**cell, "note": note}) for note in record.notes))
        self._append("cells.jsonl", record.to_line())

    def _append(self, name: str, *lines: str) -> None:
        with self.file(name).open("ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())

    def notes(self) -> Iterator[dict[str, Any]]:
        """The notes of LLM-driven searchers, one after another, as they may be many.

        Each has ``problem``, ``searcher`` and ``seed``, and the ``note``: its ``trial``, its ``kind`` (``guideline``,
        ``candidates``, ``rejected``, …) and what belongs to the kind (``prompt``, ``reply``, …). Those of a cell are in
        order; a cell that is not finished may have some.
        """
        path = self.file("notes.jsonl")
        if path.exists():
            with path.open(encoding="utf-8") as lines:
                yield from (json.loads(line) for line in lines if line.endswith("\n"))

    @property
    def run(self) -> str:
        """The name under which the comparison pays for replies of the searchers' LLM."""
        return self._folder.run

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

    def _drop_notes_of_unfinished_cells(self) -> None:
        """A cell that is run again notes everything again."""
        path = self.file("notes.jsonl")
        if not path.exists():
            return
        done = {record.key for record in self.records()}
        kept = path.with_name("notes.jsonl.tmp")
        with kept.open("w", encoding="utf-8") as file:
            for note in self.notes():
                if (note["problem"], note["searcher"], note["seed"]) in done:
                    file.write(json.dumps(note) + "\n")
        kept.replace(path)
