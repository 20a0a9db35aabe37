"""What happens when a program is run: in the sandbox, once, and kept.

Whether a program runs clean decides whether an LLM is asked to repair it, and a program near its time limit may be in
time today and late tomorrow. So the first verdict stands: it is written to a file before it is used, as samples are,
and a search that is resumed, or another that gets to the same program, reads it there. Deleting the file makes every
program run again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agenttts_env.cache import cache_folder
from agenttts_env.sandbox import Sandbox
from agenttts_env.store import content_key
from agenttts_env.tasks.chatdev.program import ENTRY, Program

_LOG = logging.getLogger(__name__)

_SCHEMA = "CREATE TABLE IF NOT EXISTS runs (key BLOB PRIMARY KEY, run TEXT NOT NULL) WITHOUT ROWID"
_KEPT = 4000
"""Characters kept of what a program wrote to standard error: the end, where the error is."""


@dataclass(frozen=True)
class Run:
    """One run of a program.

    Attributes:
        clean: it ended by itself, in time and without an error.
        timed_out: it was still running when its time was up.
        reason: how it ended, in words.
        stdout: what it printed.
        stderr: the end of what it wrote to standard error.
    """

    clean: bool
    timed_out: bool
    reason: str
    stdout: str
    stderr: str


class Runs:
    """Runs programs, each (program, input) once. Constructing one is cheap and touches nothing.

    Args:
        make_sandbox: makes the sandbox, when it is first needed.
        path: the file in which runs are kept; by default ``runs.sqlite`` in the cache folder.
    """

    def __init__(self, make_sandbox: Callable[[], Sandbox] = Sandbox, path: Path | None = None) -> None:
        self._make_sandbox = make_sandbox
        self._path = path
        self._sandbox: Sandbox | None = None
        self._known: dict[tuple[Program, str], Run] = {}

    def open(self) -> Sandbox:
        """The sandbox; made, and its protections logged, the first time.

        Raises:
            SandboxError: this machine lacks the basic protections; nothing is run without them.
        """
        if self._sandbox is None:
            self._sandbox = self._make_sandbox()
            _LOG.info("models' programs run here: %s", self._sandbox.protections)
        return self._sandbox

    def run(self, program: Program, stdin: str) -> Run:
        """The first run of a program on an input, by this or an earlier process."""
        if (program, stdin) not in self._known:
            self._known[program, stdin] = self._keep(program, stdin)
        return self._known[program, stdin]

    def _keep(self, program: Program, stdin: str) -> Run:
        sandbox = self.open()
        key = content_key(
            {"files": program, "stdin": stdin, "limits": asdict(sandbox.limits), "python": sys.version_info[:2]}
        )
        connection = sqlite3.connect(self._path or cache_folder() / "runs.sqlite", timeout=60, isolation_level=None)
        try:
            connection.execute(_SCHEMA)
            find = "SELECT run FROM runs WHERE key = ?", (key,)
            row = connection.execute(*find).fetchone()
            if row is None:
                text = json.dumps(asdict(_run(sandbox, program, stdin)))
                connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?)", (key, text))
                row = connection.execute(*find).fetchone()  # another process may have been first
            return Run(**json.loads(row[0]))
        finally:
            connection.close()


def _run(sandbox: Sandbox, program: Program, stdin: str) -> Run:
    execution = sandbox.run(files=dict(program), entry=ENTRY, stdin=stdin)
    return Run(
        clean=execution.clean,
        timed_out=execution.status == "timeout",
        reason=execution.reason,
        stdout=execution.stdout,
        stderr=execution.stderr[-_KEPT:],
    )
