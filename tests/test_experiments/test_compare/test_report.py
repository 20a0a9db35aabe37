"""``agenttts report``: from files alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.record import CellRecord

Compare = Callable[..., str]
MADE = (
    "report.html", "trials.csv", "summary.csv", "trials.parquet", "result.json", "plots/regret.png", "plots/regret.svg"
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("one_plot")


def test_a_report_is_made_again_without_running_anything(
    compare: Compare, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = compare(tmp_path / "c", searchers="random,evolution,init-only")
    made = {name: (tmp_path / "c" / name).read_bytes() for name in MADE}
    for name in MADE:
        (tmp_path / "c" / name).unlink()
    monkeypatch.setattr("agenttts_env.oracle.Oracle.__init__", None)
    assert main(["report", str(tmp_path / "c")]) == 0
    assert capsys.readouterr().out == printed
    assert {name: (tmp_path / "c" / name).read_bytes() for name in MADE} == made
    for title in ("all 2 problems · SIMULATED", "the lowest regret on each problem · SIMULATED"):
        assert title in printed
    title = "cwq · budget 520.667 (paper's units) · SIMULATED"
    assert title not in printed
    assert main(["report", str(tmp_path / "c"), "--all"]) == 0
    assert title in capsys.readouterr().out


def test_it_is_no_wall_and_fits_a_narrow_terminal(
    compare: Compare, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(tmp_path / "c", searchers="random,random+init,init-only,evolution+init,insight-rules")
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["report", str(tmp_path / "c")]) == 0
    lines = capsys.readouterr().out.split("written:")[0].splitlines()
    assert len(lines) < 45
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if "…" in line]  # nothing is cut off


def test_a_running_comparison_is_reported_by_its_finished_seeds(
    compare: Compare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(tmp_path / "c", tasks="cwq", seeds=3)
    log = tmp_path / "c" / "cells.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:8]) + lines[8][:20])
    before = log.read_bytes()
    assert main(["report", str(tmp_path / "c")]) == 0
    assert "this is about the first 2 of 3 seeds" in capsys.readouterr().out
    assert log.read_bytes() == before
    log.write_bytes(b"".join([*lines[:5], lines[6]]))
    assert main(["report", str(tmp_path / "c")]) == 2
    assert "has 1, with 6 cells in all" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "{}", '{"labels": {}}', "[]", "{"])
def test_a_folder_without_a_comparison_is_refused(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert main(["report", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert str(tmp_path) in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"problem": "cwq", "spending": {}}'])
def test_a_damaged_log_is_refused(
    line: str, compare: Compare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(tmp_path / "c", tasks="cwq")
    with (tmp_path / "c" / "cells.jsonl").open("a") as log:
        log.write(line + "\n")
    assert main(["report", str(tmp_path / "c")]) == 2
    assert "cells.jsonl, line 7: not a cell" in capsys.readouterr().err


def test_a_report_without_matplotlib_names_the_pip_command(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    out = compare(tmp_path / "c", tasks="cwq")
    assert "no plots: matplotlib is not installed; run: pip install 'agenttts-env[report]'" in out
    assert not (tmp_path / "c" / "plots").exists()
    assert (tmp_path / "c" / "summary.csv").exists()
    assert "No plots: matplotlib was not installed." in (tmp_path / "c" / "report.html").read_text()


def test_a_report_without_pyarrow_names_the_pip_command(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out = compare(tmp_path / "c", tasks="cwq")
    assert "no Parquet: pyarrow is not installed; run: pip install 'agenttts-env[report]'" in out
    assert not (tmp_path / "c" / "trials.parquet").exists()
    assert (tmp_path / "c" / "plots" / "regret.png").exists()


def test_a_record_is_what_its_line_says(compare: Compare, tmp_path: Path) -> None:
    compare(tmp_path / "c", tasks="cwq")
    for line in (tmp_path / "c" / "cells.jsonl").read_text().splitlines():
        record = CellRecord.from_line(line)
        assert record.to_line() == line
        assert json.loads(line)["spending"]["total_tokens"] == record.cell().spending["total_tokens"].tolist()
