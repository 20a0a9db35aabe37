"""What the terminal shows of a comparison."""

from __future__ import annotations

from math import isfinite, isinf, isnan
from typing import Any

from rich.table import Table

from agenttts_env.experiments.compare.results import CLOSE, Results
from agenttts_env.experiments.tables import PLAIN
from agenttts_env.rendering import backend_label


def results_table(found: Results, title: str, backend: str) -> Table:
    """Every searcher, the best first.

    Args:
        found: on one problem, or on all.
        title: what of.
        backend: where the scores come from.
    """
    table = Table(title=f"{title} · {backend_label(backend)}", caption=_caption(found), caption_justify="left", **PLAIN)
    right: dict[str, Any] = {"justify": "right", "no_wrap": True}
    table.add_column("searcher", no_wrap=True)
    table.add_column("regret [95%]", **right)
    for within in CLOSE:
        table.add_column(f"within {within:.0%}", **right)
        if found.problem is not None:
            table.add_column(f"ERT {within:.0%}", **right)
    table.add_column("curse [95%]", **right)
    table.add_column("rank", **right)
    if any(row.failed for row in found.rows):
        table.add_column("failed", **right)
    for row in found.best_first():
        cells = [row.searcher, f"{row.regret:.2f} [{row.regret_low:.2f}, {row.regret_high:.2f}]"]
        for within in CLOSE:
            close = row.close[within]
            cells.append(f"{close.at_end:.0%} / {close.ever:.0%}")
            if found.problem is not None:
                cells.append(_expected(close.trials))
        cells += [_interval(row.curse, row.curse_low, row.curse_high), f"{row.rank:.2f}"]
        if len(table.columns) > len(cells):
            cells.append(str(row.failed) if row.failed else "")
        table.add_row(*cells)
    return table


LEGEND = """\
regret: of the expected score of the final incumbent, interquartile mean; 0 is the oracle, 1 is random search.
within 5%: share of runs that end within 5% of the oracle's score / that were there at any time.
ERT 5%: expected trials until a run is there, restarted until one is. rank: mean over runs, 1 is the best.
curse: search score minus expected score of the final incumbent (the winner's curse), mean.
Intervals are over seeds, on these problems."""


def _caption(found: Results) -> str | None:
    groups = [found.ranking.searchers[first : last + 1] for first, last in found.ranking.groups]
    if not groups:
        return None
    return "not told apart (signed-rank, Holm, 5%): " + "; ".join(", ".join(group) for group in groups)


def _expected(trials: float) -> str:
    return "-" if isnan(trials) else "never" if isinf(trials) else f"{trials:.0f}"


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]" if isfinite(value) else "-"
