"""A comparison from its options to its report, resumable at any point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from agenttts_env.errors import RunLogError
from agenttts_env.experiments.compare.launcher import run_cells
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import ComparedProblem, plan_cells, plan_problems, settings
from agenttts_env.experiments.compare.progress import CompareProgress
from agenttts_env.experiments.compare.report import report_comparison


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
    problems = plan_problems(options)
    wanted = settings(options, problems)
    folder = ComparisonFolder(options.folder)
    folder.check(wanted)
    with folder.opened(wanted):
        folder.oracles(lambda: _oracles(problems))
        done = {record.key for record in folder.records()}
        cells = list(plan_cells(options, problems))
        missing = [cell for cell in cells if cell.key not in done]
        if missing:
            with CompareProgress(progress, len(cells), len(cells) - len(missing)) as shown:
                for record in run_cells(missing, options.processes):
                    folder.append(record)
                    shown.add(record)
            if settings(options, problems) != wanted:  # processes read code when they first need it
                raise RunLogError(f"the code changed while {folder.path} was made: choose another --out")
        report_comparison(folder, console)


def _oracles(problems: Sequence[ComparedProblem]) -> Mapping[str, Any]:
    return {problem.name: problem.oracle().best().to_json() for problem in problems}
