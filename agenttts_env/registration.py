"""The environments that ``gymnasium.make`` knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gymnasium as gym

from agenttts_env.building import backend_name, build_sampler, build_splits, build_task
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.problem import Problem
from agenttts_env.stage import Fusion
from agenttts_env.tasks import TASKS


def make_env(
    task: str,
    *,
    backend: str = "live",
    engine: str = "transformers",
    models: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, Fusion] = MappingProxyType({}),
    task_options: Mapping[str, Any] = MappingProxyType({}),
    data: str | None = None,
    data_options: Mapping[str, Any] = MappingProxyType({}),
    examples: int = 50,
    data_seed: int = 0,
    sample_seed: int = 0,
    store: str | Path | None = None,
    engine_options: Mapping[str, Any] = MappingProxyType({}),
    cost: str = "paper",
    budget: float | None = None,
    levels: Sequence[int] | None = None,
    **options: Any,
) -> AllocationEnv:
    """The environment of a task; what ``gymnasium.make("AgentTTS/…-v0", …)`` calls.

    Nothing is loaded before the first step.

    Args:
        task: name of the task; the id decides it.
        backend: ``live``: every trial runs real inference.
        engine: ``transformers``, ``vllm``, ``openai`` or ``scripted``.
        models: a model, several (for every stage), or several by stage; see
            :func:`agenttts_env.building.resolve_model`. The task's own by default.
        temperatures: by stage.
        fusions: ``vote`` or ``llm``, by stage.
        task_options: of the task, for example ``{"demonstrations": 0}``.
        data: folder or Hugging Face name.
        data_options: of the data set, for example ``{"distractors": 20}`` for fictional-qa.
        examples: size of the search split.
        data_seed: of the split.
        sample_seed: which sample pool.
        store: file of the sample store; see :func:`agenttts_env.building.build_sampler`.
        engine_options: for the engine's constructor.
        cost: ``paper``, ``flops`` or ``usd``.
        budget: in the cost's unit; by default the task's own, else one sample of the largest model at every stage.
        levels: the sample counts on offer; by default 1 to 100.
        **options: see :class:`AllocationEnv`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    if backend != "live":
        raise InvalidInputError(f"`backend` must be 'live', but got {backend!r}")
    if isinstance(models, str):
        models = (models,)
    by_stage = models if isinstance(models, Mapping) else {"*": models} if models else {}
    spec = build_task(task, models=by_stage, temperatures=temperatures, fusions=fusions, options=task_options)
    problem = Problem.of(spec, cost=cost, budget=budget, levels=levels)
    search_split, _ = build_splits(task, data=data, search=examples, seed=data_seed, options=data_options)
    sampler = build_sampler(engine, store, seed=sample_seed, engine_options=engine_options)
    return AllocationEnv(problem, LiveEvaluator(spec, search_split, sampler, backend=backend_name(engine)), **options)


def register_envs() -> None:
    """Register ``AgentTTS/<Task>-v0`` for every task; importing :mod:`agenttts_env` does it."""
    for entry in TASKS.values():
        gym.register(
            id=f"AgentTTS/{entry.gym_name}-v0",
            entry_point="agenttts_env.registration:make_env",
            kwargs={"task": entry.name},
        )
