"""One recording from its options to its table, resumable at any point."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from agenttts_env.building import build_sampler, build_splits, data_name
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.assembly import make_task
from agenttts_env.experiments.llm_spec import with_servers
from agenttts_env.experiments.options import RecordOptions
from agenttts_env.experiments.report import report_console
from agenttts_env.experiments.tables import recording_table
from agenttts_env.outcome_file import load_table, save_table
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.provenance import Provenance
from agenttts_env.recording import StagePlan, Watch, record, worst_case

SECONDS_BETWEEN_LINES = 30.0


def run_record(options: RecordOptions) -> OutcomeTable:
    """Record a pipeline, or go on with a recording that was interrupted; write its table and print what that holds.

    Raises:
        InvalidInputError: an option breaks a rule, or the recording needs more samples than its cap.
        EngineError: some samples could not be had; the recording can be resumed.
    """
    search = options.search
    task = make_task(search)
    notice = "" if task.pipeline is None else task.pipeline.notice()
    split, test = build_splits(
        search.task,
        data=search.data,
        search=search.examples,
        test=search.test_examples,
        seed=search.data_seed,
        options=search.data_option,
    )
    _make_folder(options.file)
    sampler = build_sampler(
        search.engine,
        options.store_file,
        seed=search.sample_seed,
        engine_options=with_servers(search, search.engine, search.engine_option),
    )
    provenance = Provenance(
        engine=search.engine,
        sample_seed=search.sample_seed,
        task_options=search.task_option,
        data=None if search.data is None else data_name(search.data),
        data_options=search.data_option,
        data_seed=search.data_seed,
    )
    with closing(sampler), RecordProgress(Console(stderr=True)) as progress:
        if notice:
            progress.say(notice)
        worst = worst_case(task, len(split) + len(test), options.offered)
        progress.say(f"at most {worst:,} samples, if no two outputs were alike; --cap {options.cap:,}")
        table = record(
            task, split, test, sampler, options.offered, provenance,
            most=options.cap, watch=Watch(progress.stage, progress.samples),
        )  # fmt: skip
    save_table(table, options.file)
    _report(options, load_table(options.file), progress.drawn)
    return table


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"`out` must be a file that can be written, but {file}: {error}") from error


class RecordProgress:
    """Shows a recording as it goes, stage by stage; to be used in a ``with`` statement.

    Args:
        console: where; a bar on a terminal, lines elsewhere.

    Attributes:
        drawn: how many samples were drawn.
    """

    def __init__(self, console: Console) -> None:
        self.drawn = 0
        self._console = console
        self._last_line = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TextColumn("samples"),
            TimeElapsedColumn(), console=console, disable=not console.is_terminal,
        )  # fmt: skip

    def __enter__(self) -> RecordProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._complete()
        self._bar.stop()

    def say(self, line: str) -> None:
        """Print a line."""
        self._console.print(line, highlight=False)

    def stage(self, plan: StagePlan) -> None:
        """A stage begins."""
        self._complete()
        self.say(f"stage {plan.stage}: {plan.contexts:,} contexts, up to {plan.samples:,} samples")
        self._bar.add_task(plan.stage, total=plan.samples)

    def samples(self, count: int) -> None:
        """So many samples were drawn just now."""
        self.drawn += count
        self._bar.advance(self._bar.task_ids[-1], count)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.say(f"{self.drawn:,} samples drawn")

    def _complete(self) -> None:
        for number in self._bar.task_ids:  # what the store had was not drawn
            self._bar.update(number, completed=self._bar.tasks[number].total)


def _report(options: RecordOptions, table: OutcomeTable, drawn: int) -> None:
    sizes = " and ".join(f"{len(ids)} {split}" for split, ids in table.examples.items())
    console = report_console()
    console.print(recording_table(table))
    for line in (
        f"{sizes} examples, up to {table.levels[-1]} samples a stage, {len(table.scores):,} different ends",
        f"{drawn:,} samples were drawn now; the others were in {options.store_file}",
        f"{options.file}: {options.file.stat().st_size / 1e6:.2f} MB",
        f"use it: agenttts search --task {options.search.task} --backend replay --table {options.file}",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
