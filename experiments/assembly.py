"""From a search's options to the objects that run it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NoReturn, cast

from agenttts_env.building import (
    backend_name,
    build_replay,
    build_sampler,
    build_simulated,
    build_splits,
    build_task,
)
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.base import Evaluator
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.evaluators.replay import ReplayEvaluator, replay_sampler
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.experiments.labels import Labels
from agenttts_env.experiments.llm_spec import LLMSpec, with_servers
from agenttts_env.experiments.options import SearchOptions
from agenttts_env.experiments.searchers import make_searcher
from agenttts_env.model import Model
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.searcher import Searcher
from agenttts_env.simulation.landscape import Landscape
from agenttts_env.stage import Fusion
from agenttts_env.store import SampleStore
from agenttts_env.task import Task

SIMULATED_TEST_EXAMPLES = 500
"""Size of a simulated test split, as the published ones have it."""


def backend_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a search takes from its backend where nothing else is given: a table's own options, a simulation's splits.

    Args:
        given: values of :class:`SearchOptions` by name.

    Raises:
        InvalidInputError: there is no such table.
    """
    if given.get("backend") == "simulated":
        return {"test_examples": SIMULATED_TEST_EXAMPLES}
    if given.get("backend") != "replay" or "task" not in given:
        return {}
    table = build_replay(given["task"], given.get("table"))
    return {
        "engine": table.provenance.engine,
        "data_seed": table.provenance.data_seed,
        "sample_seed": table.provenance.sample_seed,
        "examples": len(table.examples["search"]),
        "test_examples": len(table.examples["test"]),
        "max_samples": table.levels[-1],
    }


def make_task(options: SearchOptions) -> Task:
    """The task of these options, for a live search or a recording."""
    return build_task(
        options.task,
        models=options.models,
        temperatures=options.temperature,
        fusions=cast("Mapping[str, Fusion]", options.fusion),
        options=options.task_option,
    )


def make_table(options: SearchOptions) -> OutcomeTable:
    """The recorded table that these options replay.

    Raises:
        InvalidInputError: there is none, or it was recorded with other options.
    """
    table = build_replay(
        options.task,
        options.table,
        models=options.models,
        levels=(options.max_samples,),
        temperatures=options.temperature,
        fusions=options.fusion,
        task_options=options.task_option,
        data=options.data,
        data_options=options.data_option,
        data_seed=options.data_seed,
        sample_seed=options.sample_seed,
        engine=options.engine,
    )
    if options.engine_option:
        raise InvalidInputError(f"`engine_option` needs the backend live, but got {options.engine_option!r}")
    return table


def make_landscape(options: SearchOptions) -> tuple[Task, Landscape]:
    """The simulated task of these options, and its landscape.

    Raises:
        InvalidInputError: there is none, or an option needs a model that runs.
    """
    for name in ("engine_option", "data", "data_option", "task_option", "sample_seed"):
        if value := getattr(options, name):
            raise InvalidInputError(f"`{name}` needs the backend live, but got {value!r}")
    return build_simulated(
        options.task,
        models=options.models,
        temperatures=options.temperature,
        fusions=cast("Mapping[str, Fusion]", options.fusion),
    )


def make_problem(options: SearchOptions) -> Problem:
    """The problem of these options."""
    if options.backend == "replay":
        table = make_table(options)
        task, recorded = table.task, table.levels
    elif options.backend == "simulated":
        task, recorded = make_landscape(options)[0], tuple(range(1, options.max_samples + 1))
    else:
        task, recorded = make_task(options), tuple(range(1, options.max_samples + 1))
    levels = [level for level in recorded if level <= options.max_samples]
    return Problem.of(task, cost=options.cost, budget=options.budget, levels=levels)


def make_settings(options: SearchOptions, problem: Problem) -> dict[str, Any]:
    """What ``run.json`` holds: the options that decide the results, and what they stand for."""
    searcher = options.searcher if options.llm is None else f"{options.searcher} ({options.llm})"
    backend, engine = backend_name(options.engine), options.engine
    more: dict[str, Any] = {}
    if options.backend == "replay":
        table = make_table(options)
        backend, more = table.backend, {"table_sha256": table.digest}
    if options.backend == "simulated":
        backend, engine, more = "simulated", "none", {"landscape": make_landscape(options)[1].to_json()}
    labels = Labels.of(problem, searcher=searcher, engine=engine, backend=backend, trials=options.trials)
    stages = [asdict(stage) for stage in problem.task.stages]
    return options.settings() | more | {"labels": labels.to_json(), "stages": stages}


@dataclass(frozen=True)
class Evaluators:
    """Where a search's scores come from.

    Attributes:
        search: on the search split.
        test: on the sealed test split; None without one.
        test_examples: size of the test split.
        sampler: what both draw from.
    """

    search: Evaluator
    test: Evaluator | None
    test_examples: int
    sampler: Sampler


def make_evaluators(options: SearchOptions, problem: Problem, stack: ExitStack) -> Evaluators:
    """What evaluates, closed with the stack. Nothing is loaded yet, but all options are checked.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    if options.backend == "replay":
        table = make_table(options)
        for split, count in (("search", options.examples), ("test", options.test_examples)):
            table.roots(split, count)  # checked before a folder is made
        _make_folder(options)
        sampler = replay_sampler(table, options.store_file)
        stack.enter_context(closing(sampler))
        replay = partial(ReplayEvaluator, table, sampler=sampler)
        return Evaluators(
            replay("search", examples=options.examples),
            replay("test", examples=options.test_examples) if options.test_examples else None,
            options.test_examples,
            sampler,
        )
    if options.backend == "simulated":
        task, landscape = make_landscape(options)
        _make_folder(options)
        sampler = Sampler(SampleStore(options.store_file), _no_engine)
        stack.enter_context(closing(sampler))
        simulate = partial(SimulatedEvaluator, task, landscape, seed=options.data_seed)
        return Evaluators(
            simulate(split="search", examples=options.examples),
            simulate(split="test", examples=options.test_examples) if options.test_examples else None,
            options.test_examples,
            sampler,
        )
    search_split, test_split = build_splits(
        options.task,
        data=options.data,
        search=options.examples,
        test=options.test_examples,
        seed=options.data_seed,
        options=options.data_option,
    )
    _make_folder(options)
    engine_options = with_servers(options, options.engine, options.engine_option)
    sampler = build_sampler(options.engine, options.store_file, seed=options.sample_seed, engine_options=engine_options)
    stack.enter_context(closing(sampler))
    backend = backend_name(options.engine)
    return Evaluators(
        LiveEvaluator(problem.task, search_split, sampler, backend=backend),
        LiveEvaluator(problem.task, test_split, sampler, backend=backend) if test_split else None,
        len(test_split),
        sampler,
    )


def _no_engine(model: Model) -> NoReturn:
    raise InvalidInputError(f"a simulation runs no model, but {model.name!r} was asked for a sample")


def _make_folder(options: SearchOptions) -> None:
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"`out` must be a folder that can be made, but {options.folder}: {error}") from error


def make_run_searcher(options: SearchOptions, sampler: Sampler, run: str, stack: ExitStack) -> Searcher:
    """The searcher with its LLM, closed with the stack.

    The LLM draws from the store of ``sampler``, from a pool that belongs to the search's seed; and from its engines,
    unless it has an engine of its own or the scores are replayed.
    """
    llm, spec = None, LLMSpec.of(options)
    if spec is not None:
        if options.backend == "live" and spec.engine == options.engine and not options.llm_option:
            own = Sampler(sampler.store, sampler.engine, seed=options.seed)
        else:
            own = spec.sampler(options.store_file, options.seed, stack)
        llm = spec.agent(own, run)
    return make_searcher(options.searcher, llm=llm, **options.searcher_option)
