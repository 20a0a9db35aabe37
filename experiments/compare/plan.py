"""Which cells a comparison has, and what its results depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from itertools import product
from typing import Any

from agenttts_env.building import build_simulated
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import load_landscape

LIBRARIES = ("numpy", "scipy", "optuna", "cmaes", "torch")
"""Whose versions can change what a searcher proposes."""

CODE = ("", "evaluators", "simulation", "simulation/landscapes", "tasks", "baselines", "agents")
"""The folders of the package whose files decide a cell."""

MODULES = (
    "experiments/searchers.py",
    "experiments/compare/record.py",
    "experiments/compare/runner.py",
    "experiments/statistics/cell.py",
)
"""The files that do so elsewhere."""

FORMAT = 1


@dataclass(frozen=True)
class ComparedProblem:
    """A task at a budget.

    Attributes:
        name: unique in the comparison: the task's, with the budget where it has several.
        task: its name.
        budget: in the paper's normalised unit.
    """

    name: str
    task: str
    budget: float

    def oracle(self) -> Oracle:
        """Expected scores of all its allocations."""
        task, landscape = build_simulated(self.task)
        return Oracle(Problem.of(task, budget=self.budget), landscape)


@dataclass(frozen=True)
class CellPlan:
    """One run: everything that its result is a function of, besides the code.

    Attributes:
        problem: what is searched.
        searcher: its name.
        seed: of the simulated data set and of the searcher.
        trials: of the run.
        examples: size of the search split.
    """

    problem: ComparedProblem
    searcher: str
    seed: int
    trials: int
    examples: int

    @property
    def key(self) -> tuple[str, str, int]:
        """Its name in the comparison."""
        return self.problem.name, self.searcher, self.seed


def plan_problems(options: CompareOptions) -> list[ComparedProblem]:
    """The problems of a comparison.

    Raises:
        InvalidInputError: a budget does not pay a task's cheapest allocation, or leaves too little to decide.
    """
    problems = []
    for task in options.tasks:
        spec = build_simulated(task)[0]
        if options.budgets == "default":
            budgets: tuple[float, ...] = (Problem.of(spec).budget,)
        elif isinstance(options.budgets, str):
            budgets = tuple(sorted(load_landscape(task).published_budgets))
        else:
            budgets = options.budgets
        for budget in budgets:
            count = Problem.of(spec, budget=budget).count()
            if count <= options.trials:
                raise InvalidInputError(
                    f"`budgets` must pay more allocations than there are `trials`, {options.trials}, but {budget:g} "
                    f"pays {count} of task {task!r}"
                )
            name = task if len(budgets) == 1 else f"{task} @ {budget:g}"
            problems.append(ComparedProblem(name, task, budget))
    return problems


def plan_cells(options: CompareOptions, problems: list[ComparedProblem]) -> Iterator[CellPlan]:
    """The cells, seed by seed: an unfinished comparison is whole for its first seeds."""
    for seed, problem, searcher in product(range(options.seeds), problems, options.searchers):
        yield CellPlan(problem, searcher, seed, options.trials, options.examples)


def settings(options: CompareOptions, problems: list[ComparedProblem]) -> dict[str, Any]:
    """What ``run.json`` holds: a folder goes on with the same settings only."""
    return {
        "comparison": FORMAT,
        "backend": "simulated",
        "version": version("agenttts-env"),
        **options.deciding(),
        "problems": [vars(problem) for problem in problems],
        "libraries": {name: _version(name) for name in LIBRARIES},
        "code": _code(),
    }


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _code() -> str:
    """Digest of the code and the landscapes: in a clone they change within a version."""
    digest = hashlib.sha256()
    package = files("agenttts_env")
    for folder in CODE:
        for name in sorted(file.name for file in package.joinpath(folder).iterdir()):
            if name.endswith((".py", ".json")):
                digest.update(f"{folder}/{name}\n".encode())
                digest.update(package.joinpath(folder, name).read_bytes())
    for module in MODULES:
        digest.update(package.joinpath(module).read_bytes())
    return digest.hexdigest()[:16]
