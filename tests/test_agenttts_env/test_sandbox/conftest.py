"""Runs of hostile programs, and the proof after each test that nothing of them is left."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandboxes import Run, processes_with, sandbox_of

from agenttts_env.sandbox import Execution, Limits


@pytest.fixture(params=["everything", "no-namespaces"] if sys.platform == "linux" else [])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def marker(tmp_path: Path) -> str:
    """A word that no other process has on its command line."""
    return f"agenttts-test-{os.getpid()}-{tmp_path.name}"


@pytest.fixture
def run(way: str, marker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a program ``main.py`` (limits as keywords), and checks afterwards that nothing of it is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    open_files = len(os.listdir("/proc/self/fd"))

    def run_program(code: str, *, stdin: str = "", others: dict[str, str] | None = None, **limits: float) -> Execution:
        sandbox = sandbox_of(way, Limits(**{"wall_seconds": 10, **limits}))  # type: ignore[arg-type]
        return sandbox.run({"main.py": code, **(others or {})}, "main.py", stdin, (marker,))

    yield run_program
    assert processes_with(marker) == []
    assert list(temporary.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) <= open_files  # fewer, where something older was collected meanwhile
