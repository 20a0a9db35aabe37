"""Doubles for the tests of software development."""

from __future__ import annotations

import pytest

from agenttts_env.sandbox import Execution, Limits


class ScriptedSandbox:
    """Runs nothing: a program whose text has "crash" fails, one with "loop" times out, any other echoes its input."""

    protections = "scripted"

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.ran: list[tuple[dict[str, str], str]] = []

    def run(self, files: dict[str, str], entry: str, stdin: str = "") -> Execution:
        self.ran.append((files, stdin))
        if "crash" in files[entry]:
            trace = "Traceback (most recent call last):\nValueError: crash"
            return Execution("exited", "the program ended with exit code 1", None, 1, "", trace)
        if "loop" in files[entry]:
            return Execution("timeout", "the program was killed: too slow", "wall_seconds", None, stdin)
        return Execution("exited", "the program ended with exit code 0", None, 0, stdin)


@pytest.fixture
def sandbox() -> ScriptedSandbox:
    return ScriptedSandbox()
