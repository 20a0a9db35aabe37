"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agenttts_env.allocation import StageAllocation
from agenttts_env.experiments.labels import Labels
from agenttts_env.ledger import Ledger
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.problem import Problem
from agenttts_env.rendering import backend_label, format_score, shown_trials
from agenttts_env.simulation.landscape import landscape_names, load_landscape
from agenttts_env.task import Task
from agenttts_env.trial import Trial, best_trial

_STATE_STYLES = {"complete": "", "infeasible": "yellow", "failed": "red"}
PLAIN: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "pad_edge": False}


def trials_table(labels: Labels, trials: Sequence[Trial], *, limit: int = 15) -> Table:
    """The last ``limit`` trials and the best one."""
    best = best_trial(list(trials))
    shown = shown_trials(trials, limit)
    hidden = len(trials) - len(shown)
    table = Table(
        title=f"{labels.task} · {labels.searcher} · {backend_label(labels.backend)}, engine {labels.engine}\n"
        f"budget {labels.budget:.6g} {labels.unit} per example",
        caption=f"{hidden} earlier trials are not shown: agenttts show --all" if hidden else None,
        **PLAIN,
    )
    # In a narrow terminal an allocation breaks between its stages, and numbers do not break.
    longest = max((len(str(stage)) for trial in shown for stage in _allocation(trial)), default=0)
    table.add_column("trial", justify="right", no_wrap=True)
    table.add_column("allocation", min_width=longest + len(" +"))
    table.add_column("cost", justify="right")
    table.add_column(f"{labels.metric} ± s.e.", no_wrap=True)
    table.add_column("new tokens", justify="right")
    table.add_column("state", min_width=len("infeasible"))
    for trial in shown:
        state = Text(trial.state, _STATE_STYLES[trial.state])
        if trial.state == "failed":
            state.append(f": {trial.reason}")
        elif trial.state == "complete" and trial.allocation != trial.requested:
            state.append(" (projected)")
        table.add_row(
            f"{trial.number}{' *' if trial is best else ''}",
            Text(" + ".join(map(str, _allocation(trial))) or "-"),
            "-" if trial.cost is None else f"{trial.cost:.4g}",
            format_score(trial.score, trial.standard_error),
            f"{trial.ledger.tokens_computed:,}",
            state,
            style="bold green" if trial is best else None,
        )
    return table


def _allocation(trial: Trial) -> tuple[StageAllocation, ...]:
    allocation = trial.allocation or trial.requested
    return () if allocation is None else allocation.stages


def best_panel(labels: Labels, trials: Sequence[Trial], summary: Mapping[str, Any] | None = None) -> Panel:
    """The best allocation, and its score on the test split once ``summary.json`` knows it."""
    best = best_trial(list(trials))
    counts = {state: sum(trial.state == state for trial in trials) for state in ("complete", "infeasible", "failed")}
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    grid = Table.grid(padding=(0, 2))
    grid.add_row("trials", f"{len(trials)} of {labels.trials}" + (f" ({states})" if states else ""))
    if best is None:
        grid.add_row("best", "none is complete yet")
        reasons = [trial.reason for trial in trials if trial.reason]
        if reasons:
            grid.add_row("last reason", Text(reasons[-1]))
    else:
        grid.add_row("best", Text(f"{best.allocation} (trial {best.number})", "bold green"))
        grid.add_row(
            f"cost in {labels.unit}",
            f"{best.cost:.6g} per example (cheapest {labels.cheapest:.6g}, budget {labels.budget:.6g})",
        )
        grid.add_row(f"{labels.metric}, search split", format_score(best.score, best.standard_error))
        if summary is None:
            grid.add_row(f"{labels.metric}, test split", "sealed until the search is over")
        else:
            grid.add_row(
                f"{labels.metric}, test split", format_score(summary["test_score"], summary["test_standard_error"])
            )
    return Panel(grid, title="best allocation", expand=False)


def ledger_table(trials: Iterable[Trial], test: Ledger | None = None) -> Table:
    """What was computed, what was reused, and what the same would have cost without a sample store."""
    trials = list(trials)
    rows = {
        "trials": reduce(add, (trial.ledger for trial in trials), Ledger()),
        "searcher's LLM": reduce(add, (trial.overhead for trial in trials), Ledger()),
        "test split": test or Ledger(),
    }
    rows = {name: ledger for name, ledger in rows.items() if ledger != Ledger()}
    table = Table(title="inference, in tokens", **PLAIN)
    table.add_column("", no_wrap=True)
    for column in ("computed", "reused", "without store", "saved", "FLOPs", "US$", "engine time"):
        table.add_column(column, justify="right", min_width=min(len(column), 10))
    for name, ledger in rows.items():
        _add_ledger(table, name, ledger)
    if len(rows) != 1:
        table.add_section()
        _add_ledger(table, "total", reduce(add, rows.values(), Ledger()))
    return table


def _add_ledger(table: Table, name: str, ledger: Ledger) -> None:
    everything = ledger.tokens_computed + ledger.tokens_reused
    table.add_row(
        name,
        f"{ledger.tokens_computed:,}",
        f"{ledger.tokens_reused:,}",
        f"{everything:,}",
        f"{ledger.tokens_reused / everything:.0%}" if everything else "-",
        f"{ledger.flops:.2g}",
        f"{ledger.dollars:.3g}",
        _duration(ledger.seconds),
    )


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def recording_table(table: OutcomeTable) -> Table:
    """What a recorded table holds of every stage, and what recording it took."""
    shown = Table(
        title=f"{table.task.name} · {backend_label(table.backend)} of engine {table.provenance.engine}", **PLAIN
    )
    shown.add_column("stage")
    for column in ("contexts", "prompts", "samples", "fusing calls", "prompt tokens", "decode tokens", "engine time"):
        shown.add_column(column, justify="right")
    for stage, outcomes in zip(table.task.stages, table.stages, strict=True):
        both = (outcomes.samples, outcomes.fusing)
        shown.add_row(
            stage.name,
            f"{len(outcomes.children):,}",
            f"{len(outcomes.samples.prompt_tokens):,}",
            f"{outcomes.samples.decode_tokens.size:,}",
            f"{outcomes.fusing.decode_tokens.size:,}",
            f"{sum(int(pools.prompt_tokens.sum()) for pools in both):,}",
            f"{sum(int(pools.decode_tokens.sum()) for pools in both):,}",
            _duration(sum(float(pools.seconds.sum()) for pools in both)),
        )
    return shown


def tasks_table(tasks: Iterable[Task]) -> Table:
    """Every task: its stages and their models, its metrics, its default and published budgets, and what it is."""
    table = Table(show_lines=True, **PLAIN)
    for column in ("task", "stages and their models", "metrics", "budget", "what it is"):
        table.add_column(column, max_width=18 if column == "budget" else None)
    for task in tasks:
        stages = "\n".join(f"{stage.name}: {', '.join(model.name for model in stage.models)}" for stage in task.stages)
        name = task.name + ("\n(simulated too)" if task.name in landscape_names() else "")
        table.add_row(name, stages, ", ".join(task.metrics), _budget(task), Text(task.description))
    return table


def _budget(task: Task) -> str:
    problem = Problem.of(task)
    text = f"{problem.budget:.4g} {problem.cost.unit}"
    published = load_landscape(task.name).published_budgets if task.name in landscape_names() else ()
    return text + (f"\npublished: {', '.join(f'{budget:g}' for budget in published)}" if published else "")
