"""What the terminal shows of a comparison."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from agenttts_env.experiments.compare.columns import Column, columns
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.results import Results
from agenttts_env.experiments.tables import PLAIN

_NUMBER: dict[str, Any] = {"justify": "right", "no_wrap": True}

_SHORT = {
    "regret": "regret [95%]",
    "gain over random": "over random",
    "gain over init-only": "over init-only",
    "gain over random+init": "over random+init",
}

LEGEND = """\
regret: of the final incumbent's {true_score}; interquartile mean; 0 is the oracle, 1 about random search.
over X: regret saved against X, paired by seed, mean; * told by the signed-rank test (Holm). rank: 1 is best.
within 5%: share of runs that end within 5% of the oracle's score / that were there at any time.
ERT: expected trials until there, restarted until one is. Intervals are over seeds, on these problems."""
"""For :meth:`str.format`."""


def results_table(found: Results, title: str, label: str) -> Table:
    """Every searcher, the best first: what fits a narrow terminal. All numbers are on the page.

    Args:
        found: on one problem, or on all.
        title: what of.
        label: where the scores come from.
    """
    table = Table(title=f"{escape(title)} · {escape(label)}", caption=_caption(found), caption_justify="left", **PLAIN)
    table.add_column("searcher", overflow="fold")
    chosen = [column for column in _all(found) if _is_short(column, found)]
    for column in chosen:
        table.add_column(_SHORT.get(column.name, column.name), **_NUMBER)
    for row in found.best_first():
        table.add_row(escape(row.searcher), *(column.text(row) for column in chosen))
    return table


def winners_table(findings: Findings) -> Table:
    """Problem by problem who has the lowest regret, and how many are not told apart from it."""
    table = Table(title=f"the lowest regret on each problem · {escape(findings.label)}", **PLAIN)
    table.add_column("problem", overflow="fold")
    table.add_column("searcher", overflow="fold")
    for name in ("regret [95%]", "within 5%", "not told apart"):
        table.add_column(name, **_NUMBER)
    for part in findings.parts:
        best = part.best_first()[0]
        near = next(column for column in _all(part) if column.name == "within 5%")
        regret = next(column for column in _all(part) if column.name == "regret")
        like = f"{len(part.like(best.searcher))} of {len(part.rows) - 1} others"
        table.add_row(escape(part.problem or ""), escape(best.searcher), regret.text(best), near.text(best), like)
    return table


def _all(found: Results) -> list[Column]:
    return [*columns(found, "regret"), *columns(found, "speed"), *columns(found, "reliability")]


def _is_short(column: Column, found: Results) -> bool:
    name = column.name
    if name.startswith("gain over "):
        control = name.removeprefix("gain over ")
        over = ("init-only", "random+init") if found.problem is None else ("random+init",)
        return control in found.searchers and control in over
    if name == "failed":
        return any(row.failed for row in found.rows)
    if name == "own tokens":
        return any(row.own_tokens for row in found.rows)
    return name in ("regret", "within 5%", "ERT 5%", "rank")


def _caption(found: Results) -> str | None:
    groups = [found.ranking.searchers[first : last + 1] for first, last in found.ranking.groups]
    if not groups:
        return None
    return "not told apart (signed-rank, Holm, 5%): " + "; ".join(escape(", ".join(group)) for group in groups)
