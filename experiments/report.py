"""What is printed about a run, from its files alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from agenttts_env.errors import MissingExtraError, RunLogError
from agenttts_env.experiments.labels import Labels
from agenttts_env.experiments.plots import plot_search
from agenttts_env.experiments.tables import best_panel, ledger_table, trials_table
from agenttts_env.ledger import Ledger
from agenttts_env.runfolder import RunFolder
from agenttts_env.trial import Trial

SHOWN_TRIALS = 15
FILE_WIDTH = 120


def report_console() -> Console:
    """Where reports go: stdout, and where that is a file or a pipe, wide enough that no table is squeezed."""
    squeezed = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=FILE_WIDTH if squeezed else None)


def print_report(console: Console, folder: RunFolder, *, every_trial: bool = False) -> None:
    """Print a run's tables and draw its ``progress.png``.

    Args:
        console: where.
        folder: of a finished or a running search.
        every_trial: whether the table of trials has all of them.

    Raises:
        RunLogError: there is no search in the folder.
    """
    labels, trials, summary = read_labels(folder), folder.trials(), read_summary(folder)
    console.print(trials_table(labels, trials, limit=len(trials) if every_trial else SHOWN_TRIALS))
    console.print(ledger_table(trials, None if summary is None else Ledger(**summary["totals"]["test"])))
    console.print(best_panel(labels, trials, summary))
    _draw(console, folder, labels, trials, summary)


def read_labels(folder: RunFolder) -> Labels:
    """The labels in a run's settings.

    Raises:
        RunLogError: there is no search in the folder.
    """
    try:
        return Labels.from_json(folder.settings["labels"])
    except (KeyError, TypeError) as error:
        raise RunLogError(f"{folder.file('run.json')} was not written by `agenttts search`: {error!r}") from error


def read_summary(folder: RunFolder) -> Mapping[str, Any] | None:
    """The contents of ``summary.json``, or None while the search is not over."""
    path = folder.file("summary.json")
    summary: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return summary


def _draw(
    console: Console, folder: RunFolder, labels: Labels, trials: Sequence[Trial], summary: Mapping[str, Any] | None
) -> None:
    path = folder.file("progress.png")
    try:
        plot_search(labels, trials, path, test_score=None if summary is None else summary["test_score"])
    except (MissingExtraError, OSError) as error:
        console.print(f"no plot: {error}", markup=False, highlight=False)
    else:
        console.print(f"plot: {path}", markup=False, highlight=False, soft_wrap=True)
