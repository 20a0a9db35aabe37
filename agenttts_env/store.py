"""The SampleStore: everything that inference produced, content-addressed, kept before it is used."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS samples (
    key BLOB NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    decode_tokens INTEGER NOT NULL,
    finish_reason TEXT NOT NULL,
    seconds REAL NOT NULL,
    payer TEXT NOT NULL,
    PRIMARY KEY (key, number)
) WITHOUT ROWID
"""
_APPLICATION_ID = 0x41545453  # "ATTS": marks the file as ours
_KEYS_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """One stored sample.

    Attributes:
        number: its place in the pool of its key, from 0.
        text: what the model wrote.
        prompt_tokens: length of the prompt.
        decode_tokens: tokens generated.
        finish_reason: ``stop`` or ``length``.
        seconds: the engine's wall time for it.
        payer: the trial for which it was drawn.
    """

    number: int
    text: str
    prompt_tokens: int
    decode_tokens: int
    finish_reason: str
    seconds: float
    payer: str


def content_key(content: Mapping[str, Any]) -> bytes:
    """SHA-256 of a JSON-able mapping; equal mappings have equal keys on every machine."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).digest()


def _utf8(text: str) -> str:
    """The text with lone surrogates replaced by question marks: SQLite keeps UTF-8, and a server may send them."""
    return text.encode("utf-8", "replace").decode("utf-8")


class SampleStore:
    """Pools of samples in one SQLite file, safe for several processes.

    A pool belongs to a key (:func:`content_key` of everything that decides the samples) and grows at its end only in
    meaning: S samples are always numbers 0 to S - 1. Where two processes draw the same number, the first one written
    stays, and both use it.

    Args:
        path: the file, made if missing; ``":memory:"`` keeps nothing.

    Raises:
        InvalidInputError: the folder does not exist, or the file is not a sample store.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._cache: dict[bytes, dict[int, Sample]] = {}
        self._connection: sqlite3.Connection | None = None
        self._connect()

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            if self.path != ":memory:" and not Path(self.path).parent.is_dir():
                raise InvalidInputError(f"the store's folder must exist, but {Path(self.path).parent} does not")
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                raise InvalidInputError(f"{self.path} is not a sample store: {error}") from error
        return self._connection

    def _open(self) -> sqlite3.Connection:
        # Autocommit; a statement waits up to a minute for another process's write.
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        self._set_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")  # survives kill -9 of the process; not a power cut
        connection.execute("BEGIN IMMEDIATE")
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application != _APPLICATION_ID and tables:
            connection.execute("ROLLBACK")
            connection.close()
            raise InvalidInputError(f"{self.path} is an SQLite file, but not a sample store")
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        connection.execute(_SCHEMA)
        connection.execute("COMMIT")
        return connection

    @staticmethod
    def _set_wal(connection: sqlite3.Connection) -> None:
        # Switching to WAL needs the file alone and does not wait by itself when several processes start together.
        deadline = time.monotonic() + 60
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def get(self, keys: Iterable[bytes]) -> dict[bytes, dict[int, Sample]]:
        """All stored samples of these keys: number to sample, for each key."""
        wanted = list(dict.fromkeys(keys))
        self._load([key for key in wanted if key not in self._cache])
        return {key: dict(self._cache.get(key, {})) for key in wanted}

    def prefix(self, key: bytes, samples: int) -> list[Sample] | None:
        """Samples 0 to ``samples - 1`` of a key if this object has already seen them all, else None."""
        pool = self._cache.get(key, {})
        return [pool[number] for number in range(samples)] if all(n in pool for n in range(samples)) else None

    def refresh(self, keys: Iterable[bytes]) -> None:
        """Read these keys again: another process may have drawn more."""
        self._load(list(dict.fromkeys(keys)))

    def put(self, key: bytes, samples: Sequence[Sample]) -> None:
        """Keep samples of a key, in one transaction; a number that is there already stays as it is."""
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                "INSERT OR IGNORE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        key,
                        s.number,
                        _utf8(s.text),
                        s.prompt_tokens,
                        s.decode_tokens,
                        s.finish_reason,
                        s.seconds,
                        s.payer,
                    )
                    for s in samples
                ],
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self._load([key])

    def _load(self, keys: Sequence[bytes]) -> None:
        connection = self._connect()
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            chunk = keys[start : start + _KEYS_PER_QUERY]
            marks = ",".join("?" * len(chunk))
            for key, *row in connection.execute(f"SELECT * FROM samples WHERE key IN ({marks})", chunk):
                self._cache.setdefault(key, {}).setdefault(row[0], Sample(*row))

    def count(self) -> int:
        """How many samples the file holds."""
        return int(self._connect().execute("SELECT count(*) FROM samples").fetchone()[0])

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_cache": {}, "_connection": None}
