"""What the terminal shows of an oracle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agenttts_env.cost import fits
from agenttts_env.experiments.reported import Reported
from agenttts_env.experiments.tables import PLAIN
from agenttts_env.problem import Problem
from agenttts_env.rendering import backend_label, format_score
from agenttts_env.surface import OracleResult

SIZES = (50, 500)
"""Standard errors of expected scores are for means over so many examples: the published splits' sizes."""


def oracle_panel(result: OracleResult, problem: Problem) -> Panel:
    """The best allocation, and how sure that is."""
    best = result.best
    grid = Table.grid(padding=(0, 2))
    grid.add_row("best", Text(str(best.allocation), "bold green"))
    grid.add_row(
        f"cost in {result.unit}",
        f"{best.cost:.6g} per example, {problem.spent_share(best.cost):.1%} of the way from the cheapest "
        f"({problem.cheapest_cost:.6g}) to the budget ({result.budget:.6g})",
    )
    if result.examples is None:
        errors = ", ".join(f"± {best.standard_error(size):.3f} over {size} examples" for size in SIZES)
        grid.add_row(f"expected {result.metric}", f"{best.score:.4f}; the standard error of a mean is {errors}")
        grid.add_row("numerical error", f"{result.error:.1g}")
    else:
        score = format_score(best.score, best.standard_error(result.examples))
        grid.add_row(f"recorded {result.metric}", f"{score} over {result.examples} examples")
        grid.add_row("", "the best of many recorded means is partly luck: see the other split")
    grid.add_row("evaluated", f"all {result.allocations:,} allocations, of which the budget pays {result.feasible:,}")
    return Panel(grid, title=f"oracle of {result.task} · {backend_label(result.backend)}", expand=False)


def pareto_table(result: OracleResult, problem: Problem, *, limit: int) -> Table:
    """Pareto-optimal allocations; evenly chosen ones if there are more than ``limit``, the first and the last included.

    Args:
        result: the oracle.
        problem: its problem.
        limit: >= 2.
    """
    count = len(result.pareto)
    chosen = np.unique(np.linspace(0, count - 1, min(limit, count)).round().astype(int))
    hidden = count - len(chosen)
    table = Table(
        title=f"no cheaper allocation matches these · {backend_label(result.backend)}",
        caption=f"{hidden} of {count} are not shown: --pareto, or --out DIR" if hidden else None,
        **PLAIN,
    )
    table.add_column("allocation")
    table.add_column("cost", justify="right")
    table.add_column("spent", justify="right")
    table.add_column(result.metric, justify="right")
    for index in chosen:
        valued = result.pareto[index]
        share = f"{problem.spent_share(valued.cost):.1%}"
        table.add_row(str(valued.allocation), f"{valued.cost:.6g}", share, f"{valued.score:.4f}")
    return table


def comparison_table(result: OracleResult, problem: Problem, reported: Sequence[Reported]) -> Table:
    """Published allocations beside the oracle; ``result.compared`` has their scores here."""
    label = backend_label(result.backend)
    table = Table(title=f"published allocations beside the oracle · {label}", **PLAIN)
    for column, justify in (("published", "left"), ("allocation", "left"), ("cost", "right"), ("reported", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    table.add_column(label.lower(), justify="right")
    table.add_column("to the oracle", justify="right")
    for score, valued in zip(reported, result.compared, strict=True):
        paid = fits(valued.cost, problem.budget)
        table.add_row(
            score.what,
            str(score.allocation),
            f"{valued.cost:.4g}",
            "-" if score.value is None else f"{score.value:.3f}",
            f"{valued.score:.3f}",
            f"{valued.score - result.best.score:+.3f}" if paid else "over budget",
            style=None if paid else "yellow",
        )
    return table


def summary_table(results: Sequence[OracleResult], problems: Sequence[Problem]) -> Table:
    """The oracles of several tasks."""
    labels = ", ".join(dict.fromkeys(backend_label(result.backend) for result in results))
    table = Table(title=f"oracles · {labels}", caption="±: standard error of a mean over so many examples", **PLAIN)
    table.add_column("task", no_wrap=True)
    table.add_column("budget", justify="right")
    table.add_column("best allocation")
    table.add_column("spent", justify="right")
    table.add_column("score", justify="right")
    for size in SIZES:
        table.add_column(f"± {size}", justify="right")
    table.add_column("feasible", justify="right")
    for result, problem in zip(results, problems, strict=True):
        table.add_row(
            result.task,
            f"{result.budget:.4g} {result.unit}",
            str(result.best.allocation),
            f"{problem.spent_share(result.best.cost):.1%}",
            f"{result.best.score:.4f}",
            *(f"{result.best.standard_error(size):.3f}" for size in SIZES),
            f"{result.feasible:,}",
        )
    return table
