from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import SandboxError
from agenttts_env.sandbox import Limits, Sandbox
from agenttts_env.tasks.chatdev.runs import Run, Runs

ECHO = (("main.py", "echo"),)
CRASH = (("main.py", "crash"),)


def test_a_run_is_what_the_sandbox_says(sandbox: Any, tmp_path: Path) -> None:
    runs = Runs(lambda: sandbox, tmp_path / "runs.sqlite")
    assert runs.run(ECHO, "in") == Run(True, False, "the program ended with exit code 0", "in", "")
    assert runs.run(CRASH, "").stderr.endswith("ValueError: crash")
    assert not runs.run(CRASH, "").clean
    assert runs.run((("main.py", "loop"),), "").timed_out


def test_the_first_verdict_stands_in_this_and_in_later_processes(sandbox: Any, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    first = Runs(lambda: sandbox, path).run(ECHO, "a")
    assert len(sandbox.ran) == 1

    class ChangedSandbox(type(sandbox)):  # type: ignore[misc]
        def run(self, files: Any, entry: str, stdin: str = "") -> Any:
            return super().run({"main.py": "crash"}, entry, stdin)

    later = Runs(ChangedSandbox, path)
    assert later.run(ECHO, "a") == first
    assert not later.run(ECHO, "b").clean  # another input is another run
    assert not later.run((*ECHO, ("tools.py", "")), "a").clean  # and so is another program
    assert not Runs(lambda: ChangedSandbox(Limits(wall_seconds=9)), path).run(ECHO, "a").clean  # or another limit


def test_nothing_is_made_before_it_is_needed(
    sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path / "cache"))
    made: list[object] = []
    runs = Runs(lambda: made.append(1) or sandbox)  # type: ignore[func-returns-value]
    assert made == []
    assert not (tmp_path / "cache").exists()
    with caplog.at_level(logging.INFO):
        runs.run(ECHO, "")
        runs.run(CRASH, "")
    assert made == [1]
    assert (tmp_path / "cache" / "runs.sqlite").is_file()
    assert caplog.messages == ["models' programs run here: scripted"]


def test_a_failing_sandbox_leaves_no_verdict(sandbox: Any, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"

    class FailingSandbox(type(sandbox)):  # type: ignore[misc]
        def run(self, files: Any, entry: str, stdin: str = "") -> Any:
            raise SandboxError("a protection is gone")

    with pytest.raises(SandboxError, match="a protection is gone"):
        Runs(FailingSandbox, path).run(ECHO, "")
    assert Runs(lambda: sandbox, path).run(ECHO, "").clean


def test_in_the_real_sandbox(tmp_path: Path) -> None:
    runs = Runs(lambda: Sandbox(Limits(wall_seconds=1.0)), tmp_path / "runs.sqlite")
    assert (
        runs.run((("main.py", "import tools\nprint(tools.x + input())"), ("tools.py", "x = 'a'")), "b\n").stdout
        == "ab\n"
    )
    failed = runs.run((("main.py", "print(1 / 0)"),), "")
    assert not failed.clean
    assert "ZeroDivisionError" in failed.stderr
    assert runs.run((("main.py", "while True: pass"),), "").timed_out
