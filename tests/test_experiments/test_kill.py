"""Resume is replay: a search that is killed again and again leaves the log of an undisturbed one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agenttts_env.store import SampleStore

KILLS = 20

# The real command line over the scripted engine, which also keeps a journal of what it computed and what of that had
# been taken (and so stored) when it was asked for more.
PROGRAM = """
import os, sys
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.experiments.cli import main

original, journal = ScriptedEngine.generate, os.open(sys.argv[1], os.O_APPEND | os.O_CREAT | os.O_WRONLY)

def write(event, model, request, completions):
    lines = [f"{event} {model.name} {request.seed} {hash_of(request)} {c.index}\\n" for c in completions]
    os.write(journal, "".join(lines).encode())

def hash_of(request):
    import hashlib
    return hashlib.sha256(repr((request.prompt, request.sampling)).encode()).hexdigest()[:16]

def generate(self, requests):
    for position, completions in original(self, requests):
        write("computed", self.model, requests[position], completions)
        yield position, completions
        write("stored", self.model, requests[position], completions)

ScriptedEngine.generate = generate
sys.exit(main(sys.argv[2:]))
"""


def start(folder: Path, searcher: str) -> subprocess.Popen[bytes]:
    options = [
        "--task=fictional-qa", "--engine=scripted", "--engine-option=latency=0.002",
        "--models=smollm2-135m,smollm2-360m",
        "--cost=flops", f"--searcher={searcher}", "--trials=14", "--examples=8", "--test-examples=4", "--max-samples=8",
        f"--out={folder / 'run'}",
    ]  # fmt: skip
    if searcher == "agenttts":
        options += ["--llm=scripted:smollm2-135m", "--searcher-option=batch=3"]
    command = [sys.executable, "-c", PROGRAM, str(folder / "journal"), "search", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def progress(folder: Path) -> int:
    journal = folder / "journal"
    return journal.stat().st_size if journal.exists() else 0


@pytest.mark.parametrize(
    "searcher",
    [pytest.param("tpe", marks=pytest.mark.slow), pytest.param("random", marks=pytest.mark.slow), "agenttts"],
)
def test_twenty_kills_change_nothing_and_compute_nothing_twice(tmp_path: Path, searcher: str) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
    assert start(whole, searcher).wait() == 0
    size = progress(whole)
    rng = random.Random(0)
    points = sorted(rng.uniform(0, 0.98) for _ in range(KILLS))
    killed = 0
    for point in points:  # the journal says how far the work is: 20 random points of it
        process = start(torn, searcher)
        while process.poll() is None and progress(torn) < point * size:
            time.sleep(0.0005)
        os.kill(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed == KILLS
    assert not (torn / "run" / "summary.json").exists()
    assert start(torn, searcher).wait() == 0

    for name in ("trials.jsonl", "notes.jsonl", "summary.json"):
        files = [folder / "run" / name for folder in (whole, torn)]
        assert files[0].exists() == files[1].exists()
        if files[0].exists():
            assert files[0].read_bytes() == files[1].read_bytes(), name
    assert len((torn / "run" / "trials.jsonl").read_text().splitlines()) == 14
    json.loads((torn / "run" / "summary.json").read_text())

    stored: set[str] = set()
    computed: list[str] = []
    for line in (torn / "journal").read_text().splitlines():
        # A kill may have torn the journal itself: what it cut off stands before the next process's first words.
        event, sample = line[max(line.rfind("computed "), line.rfind("stored ")) :].split(" ", 1)
        if event == "stored":
            stored.add(sample)
        else:
            assert sample not in stored, "a stored sample was computed again"
            computed.append(sample)
    kept = SampleStore(torn / "run" / "samples.sqlite").count()
    assert kept == SampleStore(whole / "run" / "samples.sqlite").count() == len(set(computed))
    assert len(computed) - kept <= 8 * KILLS  # what was in flight when it was killed, at most a request a kill
