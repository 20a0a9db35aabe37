"""Tiny comparisons through the real command line."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare import plots
from agenttts_env.experiments.compare.findings import Findings, read_findings
from agenttts_env.experiments.compare.log import ComparisonFolder

TINY = {
    "tasks": "cwq,webqsp", "searchers": "random,evolution,init-only", "seeds": 2, "trials": 6, "examples": 10,
    "jobs": 1,
}  # fmt: skip


def tiny_words(out: Path, **changes: Any) -> list[str]:
    """The command for a comparison of 12 cells."""
    options = {**TINY, "out": out, **changes}
    return ["compare", *(f"--{name}={value}" for name, value in options.items())]


@pytest.fixture
def one_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports in this process draw one picture only: all of them take two seconds."""
    every = plots.plots_of
    monkeypatch.setattr(plots, "plots_of", lambda findings: every(findings)[:1])


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, one_plot: None) -> Callable[..., str]:
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


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison with all controls, and all its files; to be read only."""
    out = tmp_path_factory.mktemp("finished") / "c"
    searchers = "random,random+init,init-only,evolution+init,evolution"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(tiny_words(out, searchers=searchers, seeds=3)) == 0
    return out


@pytest.fixture(scope="session")
def findings(finished: Path) -> Findings:
    """What is found there."""
    return read_findings(ComparisonFolder(finished))
