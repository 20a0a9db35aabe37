"""CSV, Parquet, pictures: the same numbers, whole files."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

import pytest

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.parquet_file import write_parquet
from agenttts_env.experiments.compare.plots import draw_plots, plots_of
from agenttts_env.experiments.compare.plots.style import RC
from agenttts_env.experiments.compare.trial_columns import COLUMNS
from agenttts_env.experiments.compare.written import whole


def test_parquet_holds_what_the_csv_holds(finished: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(finished / "trials.parquet")
    assert table.column_names == list(COLUMNS)
    with (finished / "trials.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == table.num_rows == 2 * 5 * 3 * 6
    for row, there in zip(rows, table.to_pylist(), strict=True):
        for name, kind in COLUMNS.items():
            if there[name] is None:
                assert row[name] == ""
            else:
                assert type(there[name]) is kind
                assert kind(row[name]) == there[name]


def test_without_pyarrow_the_pip_command_is_named(
    findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[report\]'"):
        write_parquet(tmp_path / "trials.parquet", findings)
    assert not list(tmp_path.iterdir())


def test_every_picture_is_there_twice(finished: Path, findings: Findings) -> None:
    names = [plot.name for plot in plots_of(findings)]
    assert names == [
        "regret", "gains", "anytime", "profile", "improvement", "ranks", "curse", "anytime-trials", "anytime-tokens",
    ]  # fmt: skip
    assert {path.name for path in (finished / "plots").iterdir()} == {f"{n}.{e}" for n in names for e in ("png", "svg")}
    for name in names:
        svg = (finished / "plots" / f"{name}.svg").read_text(encoding="utf-8")
        assert svg.startswith("<?xml")
        assert "SIMULATED" in svg  # matplotlib keeps texts as comments beside their outlines


def test_letters_are_readable_in_a_paper() -> None:
    assert min(size for name, size in RC.items() if name.endswith("size") and "marker" not in name) >= 8


def test_pictures_are_the_same_each_time_and_old_ones_go(
    findings: Findings, finished: Path, tmp_path: Path, one_plot: None
) -> None:
    (tmp_path / "anytime-total-tokens.png").write_bytes(b"of a comparison that was here before")
    (tmp_path / "mine.png").write_bytes(b"somebody's own")
    (drawn,) = draw_plots(findings, tmp_path)
    assert drawn.file("svg").read_bytes() == (finished / "plots" / "regret.svg").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"regret.png", "regret.svg", "mine.png"}


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def write_half() -> None:
        with whole(path) as temporary:
            temporary.write_text("half of the")
            assert path.read_text() == "old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "old"
    with whole(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_areas_and_curses_are_finite(findings: Findings) -> None:
    for row in findings.overall.rows:
        assert all(math.isfinite(area.value) for area in row.areas.values())
        assert math.isfinite(row.curse.value)
