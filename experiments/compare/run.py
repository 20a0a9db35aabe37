"""A comparison from its options to its report, resumable at any point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from agenttts_env.errors import RunLogError
from agenttts_env.experiments.compare.cell_llm import close_llms
from agenttts_env.experiments.compare.launcher import run_cells
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import CellPlan, plan_cells, plan_problems, settings
from agenttts_env.experiments.compare.problem import ComparedProblem
from agenttts_env.experiments.compare.progress import CompareProgress
from agenttts_env.experiments.compare.ray_launcher import run_cells_on_ray
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.report import report_comparison
from agenttts_env.experiments.compare.tracking import track_comparison
from agenttts_env.experiments.compare.what_ran import what_ran
from agenttts_env.experiments.llm_spec import LLMSpec


def run_comparison(options: CompareOptions, console: Console, progress: Console) -> None:
    """Run a comparison to its end, or go on with one that was interrupted, and report it.

    A script that calls this with several processes needs an ``if __name__ == "__main__":`` guard.

    Args:
        options: of the comparison.
        console: where the report goes.
        progress: where the progress shows.

    Raises:
        InvalidInputError: an option breaks a rule; nothing has run.
        RunLogError: the folder holds another comparison, or the code was changed meanwhile.
        EngineError: cells could not be run; the comparison can be resumed.
    """
    with finished_comparison(options, progress) as folder:
        files = report_comparison(folder, console)
        if options.wandb != "off":
            track_comparison(folder, files, options.wandb, progress)


@contextmanager
def finished_comparison(options: CompareOptions, progress: Console) -> Iterator[ComparisonFolder]:
    """The folder of a comparison that has been run to its end, and is not reported; see :func:`run_comparison`."""
    problems = plan_problems(options)
    wanted = settings(options, problems)
    spec = LLMSpec.of(options)
    if spec is not None:
        spec.check()
    folder = ComparisonFolder(options.folder)
    folder.check(wanted)
    with folder.opened(wanted):
        folder.oracles(lambda: _oracles(problems))
        done = {record.key for record in folder.records()}
        cells = list(plan_cells(options, problems, folder.run))
        missing = [cell for cell in cells if cell.key not in done]
        if missing:
            if wanted["llm_backend"] is not None:
                progress.print(what_ran(wanted), highlight=False, markup=False)
            with CompareProgress(progress, len(cells), len(cells) - len(missing)) as shown:
                for record in _run(missing, options):
                    folder.append(record)
                    shown.add(record)
            if settings(options, problems) != wanted:  # processes read code when they first need it
                raise RunLogError(f"the code changed while {folder.path} was made: choose another --out")
        yield folder


def _run(cells: Sequence[CellPlan], options: CompareOptions) -> Iterator[CellRecord]:
    """Run cells; those whose LLM is loaded into a process run in this one, one after another, and after the others."""
    by_loading: dict[bool, list[CellPlan]] = {False: [], True: []}
    for cell in cells:
        by_loading[cell.llm is not None and cell.llm.spec.loads].append(cell)
    try:
        if options.launcher == "ray":
            yield from run_cells_on_ray(by_loading[False], jobs=options.jobs, address=options.ray_address)
        else:
            yield from run_cells(by_loading[False], options.processes)
        yield from run_cells(by_loading[True], 1)
    finally:
        close_llms()


def _oracles(problems: Sequence[ComparedProblem]) -> Mapping[str, Any]:
    return {problem.name: problem.best().to_json() for problem in problems}
