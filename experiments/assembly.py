"""From a search's options to the objects that run it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import Any, cast

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.building import backend_name, build_sampler, build_task, resolve_model
from agenttts_env.experiments.labels import Labels
from agenttts_env.experiments.options import SearchOptions
from agenttts_env.experiments.searchers import make_searcher
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.searcher import Searcher
from agenttts_env.stage import Fusion


def make_problem(options: SearchOptions) -> Problem:
    """The problem of these options."""
    task = build_task(
        options.task,
        models=options.models,
        temperatures=options.temperature,
        fusions=cast("Mapping[str, Fusion]", options.fusion),
        options=options.task_option,
    )
    levels = range(1, options.max_samples + 1)
    return Problem.of(task, cost=options.cost, budget=options.budget, levels=levels)


def make_settings(options: SearchOptions, problem: Problem) -> dict[str, Any]:
    """What ``run.json`` holds: the options that decide the results, and what they stand for."""
    searcher = options.searcher if options.llm is None else f"{options.searcher} ({options.llm})"
    labels = Labels.of(
        problem, searcher=searcher, engine=options.engine, backend=backend_name(options.engine), trials=options.trials
    )
    stages = [asdict(stage) for stage in problem.task.stages]
    return options.settings() | {"labels": labels.to_json(), "stages": stages}


def make_sampler(options: SearchOptions, problem: Problem, stack: ExitStack) -> Sampler:
    """The sampler of the task's stages, closed with the stack. Nothing is loaded yet, but all options are checked."""
    engine_options = _with_servers(options, options.engine, options.engine_option)
    sampler = build_sampler(options.engine, options.store_file, seed=options.sample_seed, engine_options=engine_options)
    stack.enter_context(closing(sampler))
    return sampler


def make_run_searcher(options: SearchOptions, sampler: Sampler, run: str, stack: ExitStack) -> Searcher:
    """The searcher with its LLM, closed with the stack.

    The LLM draws from the store of ``sampler``, from a pool that belongs to the search's seed; and from its engines,
    unless it has an engine of its own.
    """
    llm = None
    if options.llm_engine is not None and options.llm_model is not None:
        model = resolve_model(options.llm_model)
        if options.llm_engine == options.engine and not options.llm_option:
            own = Sampler(sampler.store, sampler.engine, seed=options.seed)
        else:
            engine_options = _with_servers(options, options.llm_engine, options.llm_option)
            own = build_sampler(
                options.llm_engine, options.store_file, seed=options.seed, engine_options=engine_options
            )
            stack.enter_context(closing(own))
        own.engine(model)
        llm = AgentLLM(own, model, temperature=options.llm_temperature, max_tokens=options.llm_max_tokens, run=run)
    return make_searcher(options.searcher, llm=llm, **options.searcher_option)


def _with_servers(options: SearchOptions, engine: str, engine_options: Mapping[str, Any]) -> dict[str, Any]:
    servers = {"base_urls": options.base_url} if engine == "openai" and options.base_url else {}
    return {**servers, **engine_options}
