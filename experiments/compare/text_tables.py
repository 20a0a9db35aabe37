"""The tables of a comparison as text, for a page and for Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agenttts_env.experiments.compare.columns import Group, columns, gain, interval
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.results import ALPHA, Estimate, Results

NOT_SETTINGS = ("problems", "libraries", "run")


@dataclass(frozen=True)
class TextTable:
    """A table whose first column names its rows.

    Attributes:
        title: what of.
        head: names of the columns.
        rows: a text for each column.
        notes: below it, a paragraph each.
        numbers: whether all columns but the first hold numbers.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    numbers: bool = True


def group_table(found: Results, group: Group, title: str) -> TextTable:
    """Every searcher, the best first, with the columns of a group."""
    chosen = columns(found, group)
    rows = tuple((row.searcher, *(column.text(row) for column in chosen)) for row in found.best_first())
    return TextTable(title, ("searcher", *(column.name for column in chosen)), rows)


def winners(findings: Findings) -> TextTable:
    """Problem by problem who has the lowest regret, and what the oracle is."""
    rows = []
    for part in findings.parts:
        best, name = part.best_first()[0], str(part.problem)
        like = part.like(best.searcher)
        told = "all others" if len(like) == len(part.rows) - 1 else ", ".join(like) or "none"
        oracle = findings.oracles[name]
        stages = " + ".join(f"{stage['model']} x{stage['samples']}" for stage in oracle["allocation"])
        rows.append(
            (
                findings.problem_title(name), best.searcher, interval(best.regret), told, stages,
                f"{oracle['score']:.4f}",
            )
        )  # fmt: skip
    head = ("problem", "lowest regret", "regret", "not told apart from it", "the oracle's allocation", "its score")
    return TextTable("Who has the lowest regret on each problem", head, tuple(rows), numbers=False)


def pairs(found: Results) -> TextTable:
    """The paired test of every pair."""
    rows = tuple(
        (
            f"{test.first} against {test.second}",
            gain(test).removesuffix("*"),
            f"{test.effect:+.2f}",
            f"{test.p_value:.2g}",
            f"{test.adjusted:.2g}",
        )
        for test in sorted(found.tests, key=lambda test: test.adjusted)
    )
    note = f"A difference is told where Holm's p-value, over these {len(rows)} tests, is below {ALPHA:g}."
    head = ("pair", "regret saved by the first", "rank-biserial effect", "p of this pair", "p, Holm")
    return TextTable("Paired signed-rank tests of all pairs", head, rows, (note,))


def improvements(findings: Findings) -> TextTable:
    """The numbers of the heat map, with intervals."""
    names = [row.searcher for row in findings.overall.best_first()]
    index = [findings.comparison.position(name) for name in names]
    rows = tuple(
        (name, *("" if i == j else interval(Estimate.of(findings.improvement, i, j)) for j in index))
        for name, i in zip(names, index, strict=True)
    )
    title = "Chance that a run of the row's searcher beats one of the column's"
    return TextTable(title, ("searcher", *names), rows)


def settings(findings: Findings) -> TextTable:
    """Every setting."""
    rows = tuple((name, _value(value)) for name, value in findings.settings.items() if name not in NOT_SETTINGS)
    return TextTable("Settings", ("setting", "value"), rows, numbers=False)


def versions(findings: Findings) -> TextTable:
    """What the results were made with."""
    libraries: Mapping[str, Any] = findings.settings.get("libraries", {})
    rows = tuple((name, "not installed" if version is None else str(version)) for name, version in libraries.items())
    return TextTable("Libraries", ("library", "version"), rows, numbers=False)


def broken_runs(findings: Findings) -> TextTable:
    """The runs whose searcher broke down."""
    rows = tuple(
        (record.searcher, record.problem, str(record.seed), str(record.state.count("failed")), record.error)
        for record in findings.broken
    )
    return TextTable(
        "Runs that broke down", ("searcher", "problem", "seed", "failed trials", "error"), rows, numbers=False
    )


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    return json.dumps(value)
