"""One search from its options to its report, resumable at any point."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import reduce
from operator import add
from typing import Any

from rich.console import Console

from agenttts_env.env import AllocationEnv
from agenttts_env.evaluation import Evaluation
from agenttts_env.evaluators.base import Evaluator
from agenttts_env.experiments.assembly import make_evaluators, make_problem, make_run_searcher, make_settings
from agenttts_env.experiments.options import SearchOptions
from agenttts_env.experiments.progress import SearchProgress
from agenttts_env.experiments.report import print_report, read_summary, report_console
from agenttts_env.experiments.tracking import NoTracker, Tracker, WandbTracker
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.runfolder import RunFolder
from agenttts_env.search import search
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial, best_trial


def run_search(options: SearchOptions) -> Mapping[str, Any]:
    """Run a search to its end, or go on with one that was interrupted, and print a report.

    The run's folder then holds ``run.json`` (what was run), ``trials.jsonl``, ``notes.jsonl``, ``summary.json`` and
    ``progress.png``. A finished run is reported again, at no inference.

    Returns:
        The contents of ``summary.json``.

    Raises:
        InvalidInputError: an option breaks a rule; nothing has run.
        RunLogError: the folder holds another run.
        EngineError: the searcher's LLM, or the models on the test split, cannot be reached; the run can be resumed.
    """
    problem = make_problem(options)
    settings = make_settings(options, problem)
    folder = RunFolder(options.folder)
    folder.check(settings)
    summary = read_summary(folder)
    if summary is None:
        summary = _run(options, problem, settings, folder)
    else:
        tracker = _make_tracker(options, settings, folder)
        for trial in folder.trials():
            tracker.trial(trial)
        for note in folder.notes():
            tracker.note(note)
        tracker.finish(summary)
    print_report(report_console(), folder)
    return summary


def _run(options: SearchOptions, problem: Problem, settings: Mapping[str, Any], folder: RunFolder) -> Mapping[str, Any]:
    notice = "" if problem.task.pipeline is None else problem.task.pipeline.notice()
    with ExitStack() as stack:
        evaluators = make_evaluators(options, problem, stack)
        searcher = make_run_searcher(options, evaluators.sampler, folder.run, stack)
        env = AllocationEnv(
            problem, evaluators.search, trials=options.trials, infeasible=options.infeasible, run=folder.run
        )
        stack.callback(folder.close)
        trials = folder.open(settings)
        labels = settings["labels"]
        _say(f"{labels['task']} · {labels['searcher']} · engine {labels['engine']} · {folder.path}")
        if notice:
            _say(notice)
        tracker = _make_tracker(options, settings, folder)
        summary = None
        try:
            trials = _search(options, env, searcher, trials, folder, tracker)
            if evaluators.test is not None:
                _say(f"scoring the best allocation on the sealed test split ({evaluators.test_examples} examples)")
            summary = _summarise(problem, trials, evaluators.test, folder.run)
            folder.write("summary.json", summary)
        finally:
            tracker.finish(summary)
    return summary


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _make_tracker(options: SearchOptions, settings: Mapping[str, Any], folder: RunFolder) -> Tracker:
    if options.wandb == "off":
        return NoTracker()
    name = f"{options.task}-{options.searcher}-{options.seed}"
    tracker = WandbTracker(options.wandb, folder=folder.path, config=settings, name=name, group=folder.run)
    if tracker.url is not None:
        _say(f"W&B: {tracker.url}")
    return tracker


def _search(
    options: SearchOptions,
    env: AllocationEnv,
    searcher: Searcher,
    logged: list[Trial],
    folder: RunFolder,
    tracker: Tracker,
) -> list[Trial]:
    def on_note(note: Mapping[str, Any]) -> None:
        folder.append_note(note)
        tracker.note(note)

    def on_trial(trial: Trial) -> None:
        folder.append_trial(trial)
        tracker.trial(trial)
        progress.add(trial)

    for trial in logged:
        tracker.trial(trial)
    with SearchProgress(Console(stderr=True), options.trials, logged) as progress:
        return search(env, searcher, seed=options.seed, resume=logged, on_trial=on_trial, on_note=on_note)


def _summarise(problem: Problem, trials: list[Trial], test: Evaluator | None, run: str) -> dict[str, Any]:
    """Score the best allocation on the sealed test split, which nothing has seen before."""
    best = best_trial(trials)
    tested: Evaluation | None = None
    if best is not None and best.allocation is not None and test is not None:
        tested = test.evaluate(best.allocation, f"{run}/test")
    main = problem.task.main_metric
    return {
        "best_trial": None if best is None else best.number,
        "best_allocation": None if best is None else str(best.allocation),
        "cost": None if best is None else best.cost,
        "score": None if best is None else best.score,
        "standard_error": None if best is None else best.standard_error,
        "test_score": None if tested is None else tested.mean(main),
        "test_standard_error": None if tested is None else tested.standard_error(main),
        "test_metrics": {} if tested is None else {metric: tested.mean(metric) for metric in problem.task.metrics},
        "totals": {
            "trials": reduce(add, (trial.ledger for trial in trials), Ledger()).to_json(),
            "overhead": reduce(add, (trial.overhead for trial in trials), Ledger()).to_json(),
            "test": (Ledger() if tested is None else tested.ledger).to_json(),
        },
    }
