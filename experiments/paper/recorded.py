"""What samples bought a real model: curves of the recorded tables of this package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_replay, shipped_tables
from agenttts_env.experiments.paper.conclusions import Effect
from agenttts_env.experiments.statistics.arrays import Array
from agenttts_env.outcomes import OutcomeTable

NORMAL = 1.96
"""Half width of a 95% interval in standard errors."""


@dataclass(frozen=True, eq=False)
class RecordedCurve:
    """One metric by the samples of one stage.

    Attributes:
        name: which.
        task: of the table.
        model: the recorded one.
        stage: whose samples.
        metric: of that stage.
        levels: numbers of samples; (N,).
        scores: of both splits' examples; (N, examples).
    """

    name: str
    task: str
    model: str
    stage: str
    metric: str
    levels: Array
    scores: Array

    @property
    def error(self) -> Array:
        """Standard errors of the means over examples; (N,)."""
        error: Array = self.scores.std(axis=1, ddof=1) / self.scores.shape[1] ** 0.5
        return error

    @property
    def gain(self) -> Effect:
        """The last level's mean over the first one's, example by example."""
        differences = self.scores[-1] - self.scores[0]
        value, error = float(differences.mean()), float(differences.std(ddof=1) / differences.size**0.5)
        return Effect(self.name, value, value - NORMAL * error, value + NORMAL * error)


def recorded_curves() -> list[RecordedCurve]:
    """Of every recorded table of retrieval and answer: retrieval's F1, and EM behind little and much retrieval."""
    return [curve for name in shipped_tables() for curve in _curves(build_replay(name))]


def _curves(table: OutcomeTable) -> Iterator[RecordedCurve]:
    names = [stage.name for stage in table.task.stages]
    if names != ["retrieve", "answer"]:
        return
    most = table.levels[-1]
    (model, *_) = table.task.stages[0].models
    roots = np.concatenate([table.roots(split) for split in table.examples])
    for stage, metric, fixed in (("retrieve", "ret_f1", 1), ("answer", "em", 1), ("answer", "em", most)):
        column = table.task.metrics.index(metric)
        rows = []
        for level in table.levels:
            nodes = roots
            samples = (level, fixed) if stage == "retrieve" else (fixed, level)
            allocation = Allocation.of(*((model.name, count) for count in samples))
            for outcomes, (of_model, of_level) in zip(table.stages, table.indices(allocation), strict=True):
                nodes = outcomes.children[nodes, of_model, of_level]
            rows.append(table.scores[nodes, column])
        behind = "" if stage == "retrieve" else f", retrieve x{fixed}"
        yield RecordedCurve(
            f"{table.task.name} {stage} ({metric}{behind})",
            table.task.name,
            model.name,
            stage,
            metric,
            np.array(table.levels, dtype=float),
            np.array(rows),
        )
