"""Scores of a compared task from a recorded table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.building import find_table, shipped_tables
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.experiments.compare.record import DIGITS
from agenttts_env.experiments.compare.source import Source
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.problem import Problem
from agenttts_env.replay_oracle import ReplayOracle
from agenttts_env.surface import Surface, Valued


@dataclass(frozen=True)
class ReplaySource(Source):
    """A recorded task: the true score is the recorded one on the whole test split.

    A seed draws which examples of the search split are seen, where they are fewer than were recorded.

    Attributes:
        table: what was recorded: a file, or the name of a table that this package has.
        sha256: digest of the table. A process that finds another table refuses to go on.
    """

    table: str
    sha256: str

    @classmethod
    def of(cls, task: str, table: str, models: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> ReplaySource:
        """From a table that can be compared on.

        Raises:
            InvalidInputError: it cannot be read, lacks a model, or has no test split to judge by.
        """
        table = str(Path(table).resolve()) if table.endswith(".npz") else table  # others may have another folder
        found = find_table(table)
        if not found.examples["test"]:
            raise InvalidInputError(
                "a comparison judges by the recorded test split, and must have one, but the table of task "
                f"{task!r} has no test examples: record with --test-examples"
            )
        found.with_models(dict(models))
        return cls(task, models, table, found.digest)

    def outcomes(self) -> OutcomeTable:
        """The table, with the models on offer; read once in a process.

        Raises:
            InvalidInputError: it is no longer there, or is another one.
        """
        return _outcomes(self)

    @property
    def backend(self) -> str:
        """See :class:`Source`."""
        return self.outcomes().backend

    def problem(self, cost: str, budget: float | None = None) -> Problem:
        """See :class:`Source`."""
        table = self.outcomes()
        return Problem.of(table.task, cost=cost, budget=budget, levels=table.levels)

    def env(self, problem: Problem, *, examples: int | None, data_seed: int, trials: int) -> AllocationEnv:
        """See :class:`Source`. Each has an account of its own of what was drawn, as a live search would."""
        return AllocationEnv(problem, ReplayEvaluator(drawn(self.outcomes(), data_seed, examples)), trials=trials)

    def oracle(self, problem: Problem) -> ReplayOracle:
        """See :class:`Source`."""
        return ReplayOracle(problem, self.outcomes(), "test")

    def best(self, oracle: Surface) -> Valued:
        """See :class:`Source`. Rounded as all true scores are kept: an incumbent that is as good has no regret."""
        found = oracle.best()
        return replace(found, score=round(found.score, DIGITS))

    def true_score(self, oracle: Surface, allocation: Allocation) -> float:
        """See :class:`Source`."""
        table = self.outcomes()
        nodes = table.roots("test")
        for stage, (model, level) in zip(table.stages, table.indices(allocation), strict=True):
            nodes = stage.children[nodes, model, level]
        return float(table.scores[nodes, 0].mean())

    @property
    def published_budgets(self) -> tuple[float, ...]:
        """None: figures were published for other models."""
        return ()

    def to_json(self) -> dict[str, Any]:
        """See :class:`Source`; not where the table is, as it may be elsewhere for others."""
        table = self.outcomes()
        return {
            "models": dict(self.models),
            "table_sha256": self.sha256,
            "recorded": {split: len(examples) for split, examples in table.examples.items()},
            "stages": [asdict(stage) for stage in table.task.stages],
        }


def recorded_tables(tables: Sequence[str]) -> dict[str, str]:
    """By task the table that a comparison replays: those that are named, and for other tasks those of this package.

    Args:
        tables: files, or names of tables that this package has.

    Raises:
        InvalidInputError: one cannot be read, or two are of the same task.
    """
    named: dict[str, str] = {}
    for table in tables:
        try:
            task = find_table(table).task.name
        except InvalidInputError as error:
            raise InvalidInputError(f"`table` must name recorded tables, but {error}") from None
        if task in named:
            raise InvalidInputError(
                f"`table` must name one for each task, but {named[task]} and {table} are both of task {task!r}"
            )
        named[task] = table
    return {**{name: name for name in shipped_tables()}, **named}


def drawn(table: OutcomeTable, seed: int, examples: int | None) -> OutcomeTable:
    """A table with only some examples of its search split, which the seed draws; fewer are among more.

    Args:
        table: what was recorded.
        seed: of the run.
        examples: how many; all if None.

    Raises:
        InvalidInputError: there are fewer.
    """
    count = len(table.roots("search", examples))
    recorded = table.examples["search"]
    chosen = np.sort(np.random.default_rng([seed, *b"examples"]).permutation(len(recorded))[:count])
    rows = np.concatenate([chosen, table.roots("test")])
    first = table.stages[0]
    roots = {name: getattr(first, name)[rows] for name in ("children", "pools", "outputs", "fusions", "fused")}
    return replace(
        table,
        examples={**table.examples, "search": tuple(recorded[row] for row in chosen)},
        stages=(replace(first, **roots), *table.stages[1:]),
    )


@lru_cache(maxsize=16)
def _outcomes(source: ReplaySource) -> OutcomeTable:
    found = find_table(source.table)
    if found.digest != source.sha256:
        raise InvalidInputError(
            f"the table of task {source.task!r} must be the one with SHA-256 {source.sha256}, but {source.table} has "
            f"{found.digest}"
        )
    return found.with_models(dict(source.models)) if source.models else found
