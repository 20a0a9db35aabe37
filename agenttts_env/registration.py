"""The environments that ``gymnasium.make`` knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np

from agenttts_env.building import (
    backend_name,
    build_replay,
    build_sampler,
    build_simulated,
    build_splits,
    build_task,
)
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.base import Evaluator
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.problem import Problem
from agenttts_env.simulation.dataset import check_samples
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.stage import Fusion
from agenttts_env.tasks import TASKS
from agenttts_env.vector_env import AllocationVectorEnv

T = TypeVar("T")

BACKENDS = ("live", "replay", "simulated")

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "": ("agenttts_env.registration:make_env", "agenttts_env.registration:make_vector_env"),
    "-Stagewise": (
        "agenttts_env.stagewise.making:make_stagewise_env",
        "agenttts_env.stagewise.making:make_stagewise_vector_env",
    ),
    (PER_QUERY := "-PerQuery"): (
        "agenttts_env.per_query.making:make_per_query_env",
        "agenttts_env.per_query.making:make_per_query_vector_env",
    ),
}
"""The decision problems that every task has, by what follows its name in an id: how one is made, and how many are."""

MIXTURE = "AgentTTS/Mixture-v0"
"""The decision problem that is not a task's own."""

EXAMPLES = 50
"""Size of a search split, unless another is asked for."""

_SINGLE_ONLY = (
    "table", "engine", "task_options", "data", "data_options", "sample_seed", "store", "engine_options", "render_mode",
    "run",
)  # fmt: skip


def make_env(
    task: str,
    *,
    backend: str | None = None,
    models: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, Fusion] = MappingProxyType({}),
    examples: int | None = None,
    data_seed: int | None = None,
    cost: str = "paper",
    budget: float | None = None,
    levels: Sequence[int] | None = None,
    table: str | Path | None = None,
    engine: str | None = None,
    task_options: Mapping[str, Any] = MappingProxyType({}),
    data: str | None = None,
    data_options: Mapping[str, Any] = MappingProxyType({}),
    sample_seed: int | None = None,
    store: str | Path | None = None,
    engine_options: Mapping[str, Any] = MappingProxyType({}),
    **options: Any,
) -> AllocationEnv:
    """The environment of a task; what ``gymnasium.make("AgentTTS/…-v0", …)`` calls.

    Nothing is loaded before the first step.

    Args:
        task: name of the task; the id decides it.
        backend: ``live``: every trial runs real inference; ``replay``: scores come from a recorded table (see
            ``docs/replay.md``); ``simulated``: no model runs, scores come from a landscape that was fitted to published
            figures (see ``docs/landscapes.md``). By default simulated where the task has a landscape, else live.
        models: a model, several (for every stage), or several by stage; see
            :func:`agenttts_env.building.resolve_model`. The task's own, or the recorded ones, by default.
        temperatures: by stage.
        fusions: ``vote`` or ``llm``, by stage. Where it is not given, a simulation fuses by the stage's own model.
        examples: size of the search split; by default 50, or what was recorded.
        data_seed: of the split; of the whole data set, where it is simulated. By default 0, or what was recorded.
        cost: ``paper``, ``flops`` or ``usd``.
        budget: in the cost's unit; by default the task's own, else one sample of the largest model at every stage.
        levels: the sample counts on offer; by default 1 to 100, or those that were recorded.
        table: the recorded table: a file, or the name of one that the package has; by default the task's. Replay only.
        engine: ``transformers`` (the default), ``vllm``, ``openai`` or ``scripted``. This and all that follow: live
            only; a replay checks that they are as recorded.
        task_options: of the task, for example ``{"demonstrations": 0}``.
        data: folder or Hugging Face name.
        data_options: of the data set, for example ``{"distractors": 20}`` for fictional-qa.
        sample_seed: which sample pool; 0 by default.
        store: file of the sample store; see :func:`agenttts_env.building.build_sampler`.
        engine_options: for the engine's constructor.
        **options: see :class:`AllocationEnv`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    backend = _resolve_backend(task, backend)
    shared: dict[str, Any] = {"models": by_stage(models), "temperatures": temperatures, "fusions": fusions}
    recorded: dict[str, Any] = {
        "engine": engine, "task_options": task_options, "data": data, "data_options": data_options,
        "sample_seed": sample_seed,
    }  # fmt: skip
    of_backend = {
        "live": {**recorded, "store": store, "engine_options": engine_options},
        "replay": {"table": table, **recorded},
        "simulated": {},
    }
    for other, names in of_backend.items():
        for name, value in names.items():
            if name not in of_backend[backend] and value:
                raise InvalidInputError(f"`{name}` needs backend={other!r}, but the backend is {backend!r}")
    evaluator: Evaluator
    if backend == "simulated":
        spec, landscape = build_simulated(task, **shared)
        problem = Problem.of(spec, cost=cost, budget=budget, levels=levels)
        check_samples(problem.levels[-1])
        evaluator = SimulatedEvaluator(
            spec, landscape, seed=data_seed or 0, examples=EXAMPLES if examples is None else examples
        )
    elif backend == "replay":
        outcomes = build_replay(task, table, levels=levels or (), data_seed=data_seed, **recorded, **shared)
        problem = Problem.of(outcomes.task, cost=cost, budget=budget, levels=levels or outcomes.levels)
        evaluator = ReplayEvaluator(outcomes, examples=examples)
    else:
        spec = build_task(task, options=task_options, **shared)
        problem = Problem.of(spec, cost=cost, budget=budget, levels=levels)
        size = EXAMPLES if examples is None else examples
        split, _ = build_splits(task, data=data, search=size, seed=data_seed or 0, options=data_options)
        engine = engine or "transformers"
        sampler = build_sampler(engine, store, seed=sample_seed or 0, engine_options=engine_options)
        evaluator = LiveEvaluator(spec, split, sampler, backend=backend_name(engine))
    return AllocationEnv(problem, evaluator, **options)


def make_vector_env(
    task: str,
    *,
    num_envs: int = 1,
    backend: str | None = None,
    models: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, Fusion] = MappingProxyType({}),
    examples: int = EXAMPLES,
    data_seed: int | Sequence[int] = 0,
    cost: str = "paper",
    budget: float | Sequence[float] | None = None,
    levels: Sequence[int] | None = None,
    **options: Any,
) -> AllocationVectorEnv:
    """Many environments of a simulated task, in arrays; what ``gymnasium.make_vec("AgentTTS/…-v0", …)`` calls.

    Args:
        task: as in :func:`make_env`, like all that is not named here.
        num_envs: how many.
        backend: simulated; for others there is ``gymnasium.make_vec(…, vectorization_mode="sync")``.
        models: see :func:`make_env`.
        temperatures: see :func:`make_env`.
        fusions: see :func:`make_env`.
        examples: see :func:`make_env`.
        data_seed: one for all, or one for each environment.
        cost: see :func:`make_env`.
        budget: one for all, or one for each environment.
        levels: see :func:`make_env`.
        **options: see :class:`AllocationVectorEnv`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    backend = _resolve_backend(task, backend)
    if backend != "simulated":
        raise InvalidInputError(
            f"a vector environment of its own needs backend='simulated', but task {task!r} has {backend!r}: use "
            f"vectorization_mode='sync'"
        )
    if given := [name for name in options if name in _SINGLE_ONLY]:
        raise InvalidInputError(
            f"a vector environment of its own has no option `{given[0]}`: use vectorization_mode='sync'"
        )
    if num_envs < 1:
        raise InvalidInputError(f"`num_envs` must be >= 1, but got {num_envs}")
    budgets = _for_each("budget", budget, num_envs)
    seeds = _for_each("data_seed", data_seed, num_envs)
    spec, landscape = build_simulated(task, models=by_stage(models), temperatures=temperatures, fusions=fusions)
    problems = {each: Problem.of(spec, cost=cost, budget=each, levels=levels) for each in dict.fromkeys(budgets)}
    evaluators = {
        each: SimulatedEvaluator(spec, landscape, seed=each, examples=examples) for each in dict.fromkeys(seeds)
    }
    return AllocationVectorEnv([problems[each] for each in budgets], [evaluators[each] for each in seeds], **options)


def _resolve_backend(task: str, backend: str | None) -> str:
    if backend is None:
        return "simulated" if task in landscape_names() else "live"
    if backend not in BACKENDS:
        raise InvalidInputError(f"`backend` must be one of {', '.join(BACKENDS)}, but got {backend!r}")
    return backend


def by_stage(models: str | Sequence[str] | Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The option ``models`` as names by stage; ``"*"`` stands for every stage that is not named."""
    if isinstance(models, Mapping):
        return models
    return {"*": (models,) if isinstance(models, str) else models} if models else {}


def _for_each(name: str, value: T | Sequence[T], num_envs: int) -> list[T]:
    values = list(value) if isinstance(value, (Sequence, np.ndarray)) else [value] * num_envs
    if len(values) != num_envs:
        raise InvalidInputError(f"`{name}` must be one value, or one for each of {num_envs}, but got {len(values)}")
    return values


def register_envs() -> None:
    """Register ``AgentTTS/<Task>-v0`` and the tasks' other decision problems, :data:`PROBLEMS`, unless they are there.

    Importing :mod:`agenttts_env` does it. A task without a landscape has no vector environment of its own, so that
    ``gymnasium.make_vec`` takes ``sync``; but per query, where recorded samples come in arrays too.
    """
    simulated = landscape_names()
    for entry in TASKS.values():
        for problem, (single, vector) in PROBLEMS.items():
            name = f"AgentTTS/{entry.gym_name}{problem}-v0"
            if name not in gym.registry:
                gym.register(
                    id=name,
                    entry_point=single,
                    vector_entry_point=vector if entry.name in simulated or problem == PER_QUERY else None,
                    kwargs={"task": entry.name},
                )
    if MIXTURE not in gym.registry:
        gym.register(
            id=MIXTURE,
            entry_point="agenttts_env.mixture.making:make_mixture_env",
            vector_entry_point="agenttts_env.mixture.making:make_mixture_vector_env",
        )
