"""A run's folder: its settings, its log, its samples; a kill at any point loses nothing that was logged."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from agenttts_env.errors import RunLogError
from agenttts_env.trial import Trial

_RUN = "run"


class RunFolder:
    """One search's files.

    ``run.json``: the settings. ``trials.jsonl``: a line per trial. ``notes.jsonl``: what the searcher notes.
    ``summary.json``: the best trial and its score on the sealed test split, once the search is over.

    Args:
        path: made if missing.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock: IO[bytes] | None = None
        self._new_run = uuid4().hex[:16]

    def file(self, name: str) -> Path:
        """A file of the run."""
        return self.path / name

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the run.

        Raises:
            RunLogError: there is no run here.
        """
        try:
            value = json.loads(self.file("run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunLogError(f"{self.path} holds no run: it has no run.json") from None
        except json.JSONDecodeError as error:
            raise RunLogError(f"{self.file('run.json')} is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise RunLogError(f"{self.file('run.json')} must hold a JSON object, but holds a {type(value).__name__}")
        return value

    def check(self, settings: Mapping[str, Any]) -> None:
        """Check that this folder is empty, or holds a run of these settings; changes nothing.

        Args:
            settings: a JSON-able mapping; what comes first is named first where it differs.

        Raises:
            RunLogError: it holds a run of other settings.
        """
        if not self.file("run.json").exists():
            return
        wanted, found = json.loads(json.dumps(settings)), self.settings
        for name in (*wanted, *sorted(found.keys() - wanted.keys() - {_RUN})):
            if wanted.get(name) != found.get(name):
                raise RunLogError(
                    f"{self.path} holds a run with {name} = {found.get(name)!r}, but this one has "
                    f"{wanted.get(name)!r}: choose another --out, or the same settings to go on"
                )

    def open(self, settings: Mapping[str, Any], *, keep_notes: bool = False) -> list[Trial]:
        """Start a run, or go on with one of the same settings. The folder is this process's until :meth:`close`.

        Args:
            settings: see :meth:`check`.
            keep_notes: leave the notes as they are; a search begins them anew, as its searcher notes everything again.

        Returns:
            The trials that are logged already.

        Raises:
            RunLogError: the folder holds a run of other settings or a log that cannot be read, or another process is
                writing to it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self._acquire()
        self.check(settings)
        if not self.file("run.json").exists():
            self.write("run.json", {_RUN: self._new_run, **settings})
        self._drop_torn_line()
        if not keep_notes:
            self.file("notes.jsonl").unlink(missing_ok=True)
        return self.trials()

    def close(self) -> None:
        """Let other processes go on with the run."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def run(self) -> str:
        """The run's name, under which it pays for samples: its own, even where settings and store are another's too."""
        return str(self.settings[_RUN]) if self.file("run.json").exists() else self._new_run

    def _acquire(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows: without a lock
            return
        if self._lock is None:
            lock = self.file("lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                raise RunLogError(f"another process is running a search in {self.path}") from None
            self._lock = lock

    def trials(self) -> list[Trial]:
        """The logged trials; a last line that is still being written is left out.

        Raises:
            RunLogError: a line is not a trial.
        """
        path = self.file("trials.jsonl")
        if not path.exists():
            return []
        trials = []
        text = path.read_bytes().decode("utf-8")
        for number, line in enumerate(text.splitlines(keepends=True)):
            if not line.endswith("\n"):
                break
            try:
                trials.append(Trial.from_json(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise RunLogError(f"{path}, line {number + 1}: not a trial: {error!r}") from error
        return trials

    def append_trial(self, trial: Trial) -> None:
        """Log a trial; it is on the disk when this returns."""
        self._append("trials.jsonl", trial.to_json())

    def append_note(self, note: Mapping[str, Any]) -> None:
        """Log a note."""
        self._append("notes.jsonl", note)

    def notes(self) -> list[dict[str, Any]]:
        """The logged notes."""
        path = self.file("notes.jsonl")
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file as a whole or not at all."""
        temporary = self.file(f"{name}.tmp")
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
        temporary.replace(self.file(name))

    def _append(self, name: str, value: Mapping[str, Any]) -> None:
        with self.file(name).open("ab") as file:
            file.write(json.dumps(value).encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _drop_torn_line(self) -> None:
        path = self.file("trials.jsonl")
        if path.exists():
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                with path.open("r+b") as file:
                    file.truncate(whole)
