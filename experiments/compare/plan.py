"""Which cells a comparison has, and what its results depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from itertools import product
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.rl.policy import policy_file
from agenttts_env.baselines.rl.policy_searcher import PREFIX
from agenttts_env.building import backend_name, build_simulated, find_table
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.cell_llm import CellLLM
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.problem import ComparedProblem, spread
from agenttts_env.experiments.compare.replay_source import ReplaySource, recorded_tables
from agenttts_env.experiments.compare.simulated_source import SimulatedSource
from agenttts_env.experiments.compare.source import Source
from agenttts_env.experiments.llm_spec import LLMSpec
from agenttts_env.experiments.searchers import needs_llm
from agenttts_env.experiments.variants import Variant
from agenttts_env.experiments.versions import installed_version
from agenttts_env.task import Task

LIBRARIES = ("numpy", "scipy", "optuna", "cmaes", "torch")
"""Whose versions can change what a searcher proposes."""

CODE = ("", "evaluators", "simulation", "simulation/landscapes", "tasks", "baselines", "baselines/rl", "agents")
"""The folders of the package whose files decide a cell."""

MODULES = (
    "experiments/searchers.py",
    "experiments/variants.py",
    "experiments/llm_spec.py",
    "experiments/compare/cell_llm.py",
    "experiments/compare/problem.py",
    "experiments/compare/record.py",
    "experiments/compare/replay_source.py",
    "experiments/compare/runner.py",
    "experiments/compare/simulated_source.py",
    "experiments/statistics/cell.py",
)
"""The files that do so elsewhere."""

FORMAT = 1


@dataclass(frozen=True)
class CellPlan:
    """One run: everything that its result is a function of, besides the code.

    Attributes:
        problem: what is searched.
        searcher: its name.
        seed: of the data set and of the searcher.
        trials: of the run.
        examples: size of the search split; None for all that were recorded.
        llm: the searcher's, if it needs one.
        claimed: what is asked for in place of what the searcher would ask for, to check a result: an allocation or None
            a trial. None runs the searcher.
    """

    problem: ComparedProblem
    searcher: str
    seed: int
    trials: int
    examples: int | None
    llm: CellLLM | None = None
    claimed: tuple[Allocation | None, ...] | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Its name in the comparison."""
        return self.problem.name, self.searcher, self.seed


def plan_problems(options: CompareOptions) -> list[ComparedProblem]:
    """The problems of a comparison.

    Raises:
        InvalidInputError: a budget does not pay a task's cheapest allocation, or leaves too little to decide; a stage,
            a model, a temperature, or so many examples are not on offer; or a policy was not trained for such a
            problem.
    """
    problems = []
    for source in _sources(options):
        budgets = _budgets(options, source)
        for budget in budgets:
            count = source.problem(options.cost, budget).count()
            if count <= options.trials:
                raise InvalidInputError(
                    f"`budgets` must pay more allocations than there are `trials`, {options.trials}, but {budget:g} "
                    f"pays {count} of task {source.task!r}"
                )
            title = source.task if len(budgets) == 1 else f"{source.task} @ {budget:g}"
            problems.append(ComparedProblem(title, source, budget, options.cost))
    if options.backend == "replay":
        _check_policies(options, problems)
    return problems


def _sources(options: CompareOptions) -> list[Source]:
    if options.backend == "simulated":
        tasks = {name: build_simulated(name)[0] for name in options.tasks}
        _check_stages(options, tasks)
        return [
            SimulatedSource(name, spread(task, options.models), spread(task, options.temperature))
            for name, task in tasks.items()
        ]
    tables = recorded_tables(options.table)
    found = {name: find_table(tables[name]) for name in options.tasks}
    _check_stages(options, {name: table.task for name, table in found.items()})
    for name, table in found.items():
        recorded = len(table.examples["search"])
        if options.examples is not None and options.examples > recorded:
            raise InvalidInputError(
                f"`examples` must be at most {recorded}, the recorded search examples of task {name!r}, but got "
                f"{options.examples}"
            )
    backends = {name: table.backend for name, table in found.items()}
    if len(set(backends.values())) > 1:
        raise InvalidInputError(f"all tables must be of real models, or none, but they are {backends}")
    return [ReplaySource.of(name, tables[name], spread(table.task, options.models)) for name, table in found.items()]


def _budgets(options: CompareOptions, source: Source) -> tuple[float, ...]:
    budgets = options.budgets
    if isinstance(budgets, Mapping):
        budgets = budgets.get(source.task, "default")
    if budgets == "published":
        return source.published_budgets
    return (source.problem(options.cost).budget,) if isinstance(budgets, str) else budgets


def _check_stages(options: CompareOptions, tasks: Mapping[str, Task]) -> None:
    known = sorted({stage.name for task in tasks.values() for stage in task.stages})
    for name in ("models", "temperature"):
        for stage in getattr(options, name):
            if stage != "*" and stage not in known:
                raise InvalidInputError(f"`{name}` must name a stage among {', '.join(known)}, but got {stage!r}")


def _check_policies(options: CompareOptions, problems: Sequence[ComparedProblem]) -> None:
    """Tables offer other models and levels than most policies were trained for: that is no run that breaks down."""
    for name in options.searchers:
        if name.startswith(PREFIX):
            searcher = Variant.parse(name).make()
            for problem in problems:
                searcher.reset(problem.problem(), trials=options.trials, seed=0)


def plan_cells(options: CompareOptions, problems: Sequence[ComparedProblem], run: str = "") -> Iterator[CellPlan]:
    """The cells, seed by seed: an unfinished comparison is whole for its first seeds.

    Args:
        options: of the comparison.
        problems: its own.
        run: name of the comparison, under which the searchers' LLM is paid.
    """
    spec = LLMSpec.of(options)
    llm = None if spec is None else CellLLM(spec, str(options.store_file.resolve()), run)
    driven = _driven(options)
    for seed, problem, searcher in product(range(options.seeds), problems, options.searchers):
        own = llm if searcher in driven else None
        yield CellPlan(problem, searcher, seed, options.trials, options.examples, own)


def _driven(options: CompareOptions) -> set[str]:
    """The searchers that are driven by an LLM."""
    return {searcher for searcher in options.searchers if needs_llm(Variant.parse(searcher).name)}


def settings(options: CompareOptions, problems: Sequence[ComparedProblem]) -> dict[str, Any]:
    """What ``run.json`` holds: a folder goes on with the same settings only."""
    spec = LLMSpec.of(options)
    return {
        "comparison": FORMAT,
        "backend": problems[0].source.backend if problems else options.backend,
        **options.deciding(),
        "llm_backend": backend_name(spec.engine) if spec is not None and _driven(options) else None,
        **_tables(problems),
        "problems": [problem.to_json() for problem in problems],
        "policies": {name: _digest_of_policy(name) for name in options.searchers if name.startswith(PREFIX)},
        **installed(),
    }


def _tables(problems: Sequence[ComparedProblem]) -> dict[str, dict[str, str]]:
    """By task the SHA-256 of the table that is replayed, if any is."""
    digests = {problem.task: problem.source.sha256 for problem in problems if isinstance(problem.source, ReplaySource)}
    return {"tables": digests} if digests else {}


def installed() -> dict[str, Any]:
    """What results depend on besides the options; equal on all machines that share a comparison."""
    return {
        "version": version("agenttts-env"),
        "libraries": {name: installed_version(name) for name in LIBRARIES},
        "code": _code(),
    }


def _digest_of_policy(name: str) -> str:
    return hashlib.sha256(policy_file(name.removeprefix(PREFIX)).read_bytes()).hexdigest()[:16]


def _code() -> str:
    """Digest of the code and the landscapes: in a clone they change within a version."""
    digest = hashlib.sha256()
    package = files("agenttts_env")
    for folder in CODE:
        if not package.joinpath(folder).is_dir():
            continue
        for name in sorted(file.name for file in package.joinpath(folder).iterdir()):
            if name.endswith((".py", ".json")):
                digest.update(f"{folder}/{name}\n".encode())
                digest.update(package.joinpath(folder, name).read_bytes())
    for module in MODULES:
        digest.update(package.joinpath(module).read_bytes())
    return digest.hexdigest()[:16]
