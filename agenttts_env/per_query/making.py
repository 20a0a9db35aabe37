"""What ``gymnasium.make("AgentTTS/…-PerQuery-v0")`` and ``make_vec`` call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from agenttts_env.building import build_replay, build_simulated
from agenttts_env.errors import InvalidInputError
from agenttts_env.per_query.env import PerQueryEnv
from agenttts_env.per_query.moves import per_query_problem
from agenttts_env.per_query.questions import Questions
from agenttts_env.per_query.sources import recorded_questions, simulated_questions
from agenttts_env.per_query.vector_env import PerQueryVectorEnv
from agenttts_env.problem import MAX_SAMPLES, Problem
from agenttts_env.registration import BACKENDS, by_stage
from agenttts_env.simulation.draws import SPLITS, SplitName
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.stage import Fusion

DATA_SEEDS = tuple(range(8))
EXAMPLES = 250
"""Seeds of the simulated data sets that questions come from, and the size of each, unless others are given."""


def make_per_query_env(task: str, **options: Any) -> PerQueryEnv:
    """The per-query environment of a task; what ``gymnasium.make("AgentTTS/…-PerQuery-v0", …)`` calls.

    Args:
        task: name of the task; the id decides it.
        **options: see :func:`per_query_data` and :class:`PerQueryEnv`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    questions, problem, others = _offered(task, options)
    return PerQueryEnv(questions, problem, **others)


def make_per_query_vector_env(task: str, *, num_envs: int = 1, **options: Any) -> PerQueryVectorEnv:
    """Many per-query environments of a task, in arrays; what ``gymnasium.make_vec`` calls.

    Args:
        task: name of the task; the id decides it.
        num_envs: how many.
        **options: see :func:`per_query_data` and :class:`PerQueryVectorEnv`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    questions, problem, others = _offered(task, options)
    return PerQueryVectorEnv(questions, problem, num_envs=num_envs, **others)


def per_query_data(
    task: str,
    *,
    backend: str | None = None,
    models: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, Fusion] = MappingProxyType({}),
    examples: int | None = None,
    data_seeds: int | Sequence[int] | None = None,
    split: SplitName = "search",
    cost: str = "flops",
    budget: float | None = None,
    levels: Sequence[int] | None = None,
    table: str | Path | None = None,
) -> tuple[Questions, Problem]:
    """The questions of a task, and the problem that they are decided with.

    Args:
        task: its name.
        backend: ``simulated`` (see ``docs/landscapes.md``) or ``replay`` (see ``docs/replay.md``). By default simulated
            where the task has a landscape, else replay.
        models: a model, several (for every stage), or several by stage; by default the task's own or the recorded ones.
        temperatures: by stage.
        fusions: ``vote`` or ``llm``, by stage. Where it is not given, a simulation fuses by the stage's own model.
        examples: of each simulated data set, 250 by default; or the first ones of what was recorded, all by default.
        data_seeds: of the simulated data sets, 0 to 7 by default; simulated only.
        split: ``search`` or ``test``, of each data set or of what was recorded.
        cost: ``flops`` or ``usd``.
        budget: the most that a question may cost, see :func:`~agenttts_env.per_query.moves.per_query_problem`.
        levels: the sample counts that can be accepted; by default 1 to 100, or those that were recorded.
        table: the recorded table: a file, or the name of one that the package has; by default the task's. Replay only.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    if backend is None:
        backend = "simulated" if task in landscape_names() else "replay"
    if backend not in BACKENDS or backend == "live":
        raise InvalidInputError(
            f"`backend` must be 'simulated' or 'replay', but got {backend!r}"
            + (": to decide sample by sample needs samples that are known" if backend == "live" else "")
        )
    if split not in SPLITS:
        raise InvalidInputError(f"`split` must be one of {SPLITS}, but got {split!r}")
    what: dict[str, Any] = {"models": by_stage(models), "temperatures": temperatures, "fusions": fusions}
    if backend == "replay":
        if data_seeds is not None:
            raise InvalidInputError(f"`data_seeds` needs backend='simulated', but the backend is {backend!r}")
        questions = recorded_questions(
            build_replay(task, table, levels=levels or (), **what), split=split, examples=examples, levels=levels
        )
    else:
        if table is not None:
            raise InvalidInputError(f"`table` needs backend='replay', but the backend is {backend!r}")
        spec, landscape = build_simulated(task, **what)
        seeds = DATA_SEEDS if data_seeds is None else data_seeds
        questions = _simulated(
            spec,
            landscape,
            seeds=tuple(seeds) if isinstance(seeds, (Sequence, np.ndarray)) else (seeds,),
            split=split,
            examples=EXAMPLES if examples is None else examples,
            levels=tuple(range(1, MAX_SAMPLES + 1) if levels is None else levels),
        )
    return questions, per_query_problem(questions.task, cost=cost, budget=budget, levels=questions.levels)


_simulated = lru_cache(maxsize=4)(simulated_questions)
"""Environments over the same questions share them: they are large."""

_OF_DATA = (
    "backend", "models", "temperatures", "fusions", "examples", "data_seeds", "split", "cost", "budget", "levels",
    "table",
)  # fmt: skip


def _offered(task: str, options: dict[str, Any]) -> tuple[Questions, Problem, dict[str, Any]]:
    """Questions, problem, and the options that are left."""
    own = {name: value for name, value in options.items() if name in _OF_DATA}
    others = {name: value for name, value in options.items() if name not in _OF_DATA}
    return *per_query_data(task, **own), others
