"""Numbers as they are shown, in tables and as CSV."""

from __future__ import annotations

import csv
from math import inf, nan
from pathlib import Path

import pytest

from agenttts_env.experiments.paper.numbers import Number, Table, write_numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number("a", "b", 0.75), "0.750"),
        (Number("a", "b", 0.75, 0.7412, 0.7588), "0.750 [0.741, 0.759]"),
        (Number("a", "b", nan), "-"),
        (Number("a", "b", inf, 30.2, inf, digits=0), "never [30, never]"),
        (Number("a", "b", 1.43e13, digits=0), "1.43e13"),
        (Number("a", "b", 17.0, digits=0), "17"),
    ],
)
def test_texts(number: Number, text: str) -> None:
    assert number.text == text


@pytest.mark.parametrize(
    ("published", "digits", "text"),
    [(0.7, 3, "0.70"), (0.776, 3, "0.776"), (29.0, 0, "29"), (inf, 0, "never"), (2e13, 0, "2e13")],
)
def test_published_figures_have_the_decimals_that_were_printed(published: float, digits: int, text: str) -> None:
    assert Number("a", "b", 1.0, published=published, digits=digits).published_text == text


def test_a_table_has_a_cell_for_each_number() -> None:
    table = Table(
        "scores",
        "searcher",
        (
            Number("tpe", "cwq", 0.8, published=0.76, status="predicted"),
            Number("tpe", "webqsp", 0.9),
            Number("random", "cwq", 0.7),
        ),
        "A note.",
    )
    assert table.markdown().splitlines() == [
        "**scores** (SIMULATED)",
        "",
        "| searcher | cwq | webqsp |",
        "|---|---|---|",
        "| tpe | 0.800 (paper 0.76, predicted) | 0.900 |",
        "| random | 0.700 |  |",
        "",
        "A note.",
    ]


def test_csv_has_all_digits(tmp_path: Path) -> None:
    table = Table("scores", "", (Number("tpe", "cwq", 1 / 3, published=0.76, status="fitted"),), backend="REPLAY")
    write_numbers(tmp_path / "numbers.csv", [table])
    with (tmp_path / "numbers.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["backend"], row["table"], row["row"], row["column"]) == ("REPLAY", "scores", "tpe", "cwq")
    assert float(row["value"]) == 1 / 3
    assert (row["low"], row["published"], row["status"]) == ("", "0.76", "fitted")
