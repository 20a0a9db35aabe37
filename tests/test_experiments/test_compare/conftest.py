"""Tiny comparisons through the real command line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.experiments.cli import main

TINY = {
    "tasks": "cwq,webqsp", "searchers": "random,evolution,init-only", "seeds": 2, "trials": 6, "examples": 10,
    "jobs": 1,
}  # fmt: skip


def tiny_words(out: Path, **changes: Any) -> list[str]:
    """The command for a comparison of 12 cells."""
    options = {**TINY, "out": out, **changes}
    return ["compare", *(f"--{name}={value}" for name, value in options.items())]


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a tiny comparison in this process; returns what it prints to stdout, or to stderr if it fails."""
    monkeypatch.setenv("COLUMNS", "140")

    def compare(out: Path, code: int = 0, **changes: Any) -> str:
        assert main(tiny_words(out, **changes)) == code
        captured = capsys.readouterr()
        return captured.err if code else captured.out

    return compare


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def rows() -> Callable[[Path], list[dict[str, str]]]:
    return read_csv


@pytest.fixture
def words() -> Callable[..., list[str]]:
    return tiny_words
