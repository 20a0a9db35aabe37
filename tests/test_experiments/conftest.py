"""A small problem and its trials, and a reader of W&B's offline runs."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.experiments.labels import Labels
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial

BLOCK, HEADER, FILE_HEADER = 32 * 1024, 7, 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
SMALL, LARGE = Model("small", 3e9, 4, 64, 0.1), Model("large", 70e9, 8, 128, 1.0)


@pytest.fixture
def problem() -> Problem:
    stages = (Stage("read", (SMALL, LARGE), 256, 64, 8), Stage("add", (SMALL, LARGE), 128, 64, 8))
    return Problem.of(Task("toy", "Read a digit, then add one.", stages, ("right", "read")))


@pytest.fixture
def labels(problem: Problem) -> Labels:
    return Labels.of(problem, searcher="random", engine="scripted", backend="live", trials=6)


@pytest.fixture
def trials(problem: Problem) -> list[Trial]:
    """Six trials of every kind; number 2 is the best."""

    def complete(number: int, samples: int, score: float) -> Trial:
        allocation = Allocation.of(("small", samples), ("small", 1))
        ledger = Ledger(8, 2, 800, 200, 400, 100, flops=1e12, dollars=0.5, seconds=2.0)
        overhead = Ledger(1, 0, 50, 0, 10, 0, flops=1e11)
        metrics = {"right": score, "read": 0.5}
        return Trial(
            number, allocation, allocation, "complete", problem.cost_of(allocation), score, 0.1, metrics,
            ledger=ledger, overhead=overhead,
        )  # fmt: skip

    dear = Allocation.of(("large", 100), ("large", 100))
    return [
        complete(0, 1, 0.25),
        Trial(1, dear, None, "infeasible", cost=problem.cost_of(dear), reason="over the budget"),
        complete(2, 5, 0.75),
        Trial(3, None, None, "failed", reason="the LLM wrote garbage"),
        complete(4, 9, 0.5),
        complete(5, 5, 0.75),
    ]


def read_log(path: Path) -> Iterator[bytes]:
    """The records of a LevelDB-style log: blocks of 32 KiB, records with headers (checksum, length, type)."""
    data = path.read_bytes()
    position, parts = FILE_HEADER, b""
    while position + HEADER <= len(data):
        left = BLOCK - position % BLOCK
        if left < HEADER:
            position += left
            continue
        _, length, kind = struct.unpack("<IHB", data[position : position + HEADER])
        position += HEADER
        part = data[position : position + length]
        if len(part) < length:
            return  # still being written
        parts = (b"" if kind in (FULL, FIRST) else parts) + part
        position += length
        if kind in (FULL, LAST):
            yield parts


def finished_records(path: Path) -> list[Any]:
    """All records, once the last is there: wandb's own process may write for a moment after ``finish``."""
    from wandb.proto.wandb_internal_pb2 import Record

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        records = [Record.FromString(content) for content in read_log(path)]
        if records and records[-1].HasField("exit"):
            return records
        time.sleep(0.05)
    raise AssertionError(f"{path} was not finished")


@dataclass
class WandbRun:
    """What an offline run's file holds; ``axes`` has the step metric by metric."""

    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)


def read_wandb_run(folder: Path, name: str = "*") -> WandbRun:
    (file,) = folder.glob(f"wandb/offline-run-*/run-{name}.wandb")
    run = WandbRun()
    for record in finished_records(file):
        if record.HasField("history"):
            run.history.append({_key(item): json.loads(item.value_json) for item in record.history.item})
        if record.HasField("summary"):
            run.summary |= {_key(item): json.loads(item.value_json) for item in record.summary.update}
        if record.HasField("run"):
            run.config |= {_key(item): json.loads(item.value_json) for item in record.run.config.update}
            run.labels = {"group": record.run.run_group, "job": record.run.job_type, "tags": list(record.run.tags)}
        if record.HasField("metric"):
            run.axes[record.metric.name or record.metric.glob_name] = record.metric.step_metric
    return run


def _key(item: Any) -> str:
    return item.key or "/".join(item.nested_key)


@pytest.fixture
def read_wandb() -> Callable[..., WandbRun]:
    """Reads back the only offline run below a folder, or the one of an id."""
    return read_wandb_run
