"""How a comparison shows itself while it runs."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from agenttts_env.experiments.compare import progress
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.progress import CompareProgress
from agenttts_env.experiments.compare.record import CellRecord


@pytest.fixture
def record(compare: Callable[..., str], tmp_path: Path) -> CellRecord:
    compare(tmp_path / "c", tasks="cwq", searchers="random,grid")
    return ComparisonFolder(tmp_path / "c").records()[0]


def test_a_file_gets_lines_with_an_estimate(record: CellRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    console = Console(file=io.StringIO(), width=120)
    with CompareProgress(console, 10, 6) as shown:
        for now in (4.0, 20.0, 21.0, 40.0):  # noqa: B007
            shown.add(record)
    assert console.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "resumed: 6 of 10 cells are done",
        "cell 8/10, 20 s, about 20 s left",
        "cell 10/10, 40 s, about 0 s left",
    ]


def test_a_terminal_gets_a_bar(record: CellRecord) -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with CompareProgress(console, 2, 1) as shown:
        shown.add(record)
    assert "2/2" in console.file.getvalue()  # type: ignore[attr-defined]
