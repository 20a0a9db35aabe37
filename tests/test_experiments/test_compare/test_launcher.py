"""Processes: they change no result, and a kill loses nothing that was finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Compare = Callable[..., str]
Words = Callable[..., list[str]]
Start = Callable[..., subprocess.Popen[str]]

SEEDS = 8
CELLS = 2 * 3 * SEEDS


@pytest.fixture
def start(words: Words) -> Start:
    """Starts a comparison in two processes, in a process group of its own."""

    def start(out: Path, **changes: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "agenttts_env.experiments.cli", *words(out, **{"jobs": 2, **changes})]
        environ = {**os.environ, "COLUMNS": "140"}
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ, start_new_session=True
        )

    return start


def finished(out: Path) -> int:
    log = out / "cells.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def wait_for_cells(process: subprocess.Popen[str], out: Path, count: int) -> None:
    while finished(out) < count:
        assert process.poll() is None
        time.sleep(0.001)


def test_two_processes_find_what_one_finds(compare: Compare, start: Start, tmp_path: Path) -> None:
    searchers = "random,tpe,init-only"
    process = start(tmp_path / "two", searchers=searchers)
    one = compare(tmp_path / "one", searchers=searchers)
    out, err = process.communicate()
    assert process.returncode == 0
    assert "cell 12/12" in err
    for name in ("trials.csv", "summary.csv", "oracles.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    logs = [(tmp_path / name / "cells.jsonl").read_text().splitlines() for name in ("one", "two")]
    assert sorted(logs[0]) == sorted(logs[1])
    printed = out.replace(str(tmp_path / "two"), str(tmp_path / "one")).splitlines()
    assert printed[:-1] == one.splitlines()[:-1]  # the last line counts the pictures, of which a test draws few


def test_a_kill_loses_nothing_that_was_finished(compare: Compare, start: Start, tmp_path: Path) -> None:
    torn, whole = tmp_path / "torn", tmp_path / "whole"
    process = start(torn, seeds=SEEDS)
    wait_for_cells(process, torn, 5)
    process.kill()
    process.communicate(timeout=60)  # until all are gone who could write there: what it had started does not outlive it
    assert process.returncode == -signal.SIGKILL
    log = torn / "cells.jsonl"
    kept = log.read_bytes()
    kept = kept[: kept.rfind(b"\n") + 1]
    assert 5 <= kept.count(b"\n") < CELLS
    log.write_bytes(kept + b'{"problem": "cwq", "sea')
    again = compare(torn, seeds=SEEDS)
    assert log.read_bytes().startswith(kept)
    assert finished(torn) == CELLS
    assert compare(whole, seeds=SEEDS) == again.replace(str(torn), str(whole))
    for name in ("trials.csv", "summary.csv"):
        assert (torn / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_dies_stops_the_comparison_and_says_so(start: Start, tmp_path: Path) -> None:
    process = start(tmp_path / "c", seeds=200)
    wait_for_cells(process, tmp_path / "c", 2)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(int(workers[0]), signal.SIGKILL)
    _, err = process.communicate()
    assert process.returncode == 1
    assert "a process that ran cells was killed" in err
    assert "the same command goes on" in err
    assert 2 <= finished(tmp_path / "c") < 1200
