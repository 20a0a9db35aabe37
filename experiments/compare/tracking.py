"""A comparison in Weights & Biases: a copy of its files, made at its end or at any time after."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import track

from agenttts_env.errors import EngineError
from agenttts_env.experiments.compare.findings import read_findings
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.tracked_run import TrackedRun, cell_runs, comparison_run, group_of
from agenttts_env.experiments.sync import upload
from agenttts_env.experiments.tracking import AXES
from agenttts_env.experiments.wandb_session import WandbSession, define_axes, warn


def track_comparison(
    folder: ComparisonFolder,
    files: Sequence[Path],
    mode: Literal["offline", "online"],
    progress: Console,
) -> None:
    """Log every cell and the report as offline runs below ``OUT/wandb``, and with ``online`` upload them.

    A run that is there already with the same content is not logged again; one whose content has changed, as with more
    seeds, takes the other's place. An error of wandb is a warning, as the comparison is all there.

    Args:
        folder: of the comparison.
        files: of its report.
        mode: see above.
        progress: where the progress shows.

    Raises:
        MissingExtraError: wandb is not installed.
    """
    findings = read_findings(folder)
    session = WandbSession("offline", folder.path, going_on="the comparison is all there")
    logged = _Logged(folder.path / "wandb")
    group, count = group_of(folder), 0
    runs: Iterable[TrackedRun] = chain(cell_runs(folder, findings), [comparison_run(folder, findings, files)])
    runs = track(
        runs, "W&B", total=len(findings.records) + 1, console=progress, disable=not progress.is_terminal, transient=True
    )
    for run in runs:
        if logged.has(run):
            continue
        logged.forget(run)
        session.guarded(lambda run=run: _log(session, run, group))  # type: ignore[misc]
        if not session.alive:
            return
        logged.add(run)
        count += 1
    where = folder.path / "wandb"
    progress.print(
        f"W&B: {count} runs logged below {where}, group {group}", markup=False, highlight=False, soft_wrap=True
    )
    if mode == "offline":
        progress.print(f"upload them with: agenttts sync {folder.path}", markup=False, highlight=False, soft_wrap=True)
        return
    try:
        upload(folder.path)
    except EngineError as error:
        warn(f"{error}; the comparison is all there, upload it later: agenttts sync {folder.path}")


def _log(session: WandbSession, run: TrackedRun, group: str) -> None:
    started = session.start(
        id=run.id,
        name=run.name,
        group=group,
        job_type=run.job_type,
        tags=list(run.tags),
        config=dict(run.config),
        reinit="create_new",
        # The list of this process's packages takes ten times as long as all else.
        settings={"x_save_requirements": False, "x_disable_meta": True, "x_disable_machine_info": True},
    )
    if run.history:
        define_axes(started, AXES)
    for values in run.history:
        started.log(dict(values))
    panels: dict[str, Any] = {
        name: session.wandb.Table(columns=list(columns), data=list(rows))
        for name, (columns, rows) in run.tables.items()
    }
    for path in run.files:
        if path.suffix == ".html":
            panels[path.stem] = session.wandb.Html(path.read_text(encoding="utf-8"), inject=False)
        elif path.suffix == ".png":
            panels[f"plots/{path.stem}"] = session.wandb.Image(str(path))
    started.log(panels)
    if run.files:
        artifact = session.wandb.Artifact(f"report-{run.id}", type="report")
        for path in run.files:
            artifact.add_file(str(path), name=path.name)
        started.log_artifact(artifact)
    started.summary.update(dict(run.summary))
    started.finish()


class _Logged:
    """What has been logged below a folder: a line by run, written when its file is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "logged.jsonl"
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        whole, _, torn = text.rpartition("\n")
        if torn:  # a process was killed as it wrote this
            self._file.write_text(whole + "\n" if whole else "", encoding="utf-8")
        entries = [json.loads(line) for line in whole.splitlines()]
        self._digests = {entry["id"]: entry["digest"] for entry in entries}

    def has(self, run: TrackedRun) -> bool:
        return self._digests.get(run.id) == run.digest and any(self._runs(run))

    def forget(self, run: TrackedRun) -> None:
        """Remove what another content, or a process that was killed, has left of it."""
        for folder in self._runs(run):
            shutil.rmtree(folder)

    def add(self, run: TrackedRun) -> None:
        self._digests[run.id] = run.digest
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"id": run.id, "digest": run.digest}) + "\n")

    def _runs(self, run: TrackedRun) -> list[Path]:
        return list(self._folder.glob(f"offline-run-*-{run.id}"))
