"""Questions with all their samples: what every way to draw and accept leads to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.outcomes import check_levels
from agenttts_env.per_query.agreement import AGREEMENT, LEADER, agreement
from agenttts_env.task import Task

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StageAnswers:
    """A stage, run in each of its contexts: what its samples say, and where it leads to accept so many of them.

    Attributes:
        answers: of every sample: equal numbers within a context are equal answers, -1 is none; shape (contexts, models,
            samples).
        following: the context of the next stage (after the last stage: the leaf) if the first samples are accepted;
            shape (contexts, models, levels).
        lengths: decoded tokens of every sample, relative to the stage's nominal number; None where nobody knows; shape
            of ``answers``.
    """

    answers: Ints
    following: Ints
    lengths: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """All stages of questions in one table: a row for every context, model and level of every stage.

    A context is known by its first row, so that it takes one addition to find the row of a model and a level there.

    Attributes:
        agreement: see :data:`~agenttts_env.per_query.agreement.AGREEMENT`; one more row at the end, for no samples.
        following: the first row of the next context, or the leaf.
        roots: the first row of every question.
    """

    agreement: npt.NDArray[np.float32]
    following: npt.NDArray[np.int64]
    roots: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Questions:
    """Questions of one task.

    Attributes:
        task: stages, models, metrics.
        backend: where samples come from: ``simulated``, ``replay`` or ``scripted replay``.
        levels: the sample counts that can be accepted, ascending; every pool holds as many samples as the last.
        roots: context of the first stage of every question.
        stages: of the task, in order.
        scores: main metric of every leaf.

    Raises:
        InvalidInputError: the arrays do not fit each other.
    """

    task: Task
    backend: str
    levels: tuple[int, ...]
    roots: Ints
    stages: tuple[StageAnswers, ...]
    scores: Floats

    def __post_init__(self) -> None:
        check_levels(self.levels)
        if not self.roots.size:
            raise InvalidInputError("need at least one question, but got none")
        contexts = [len(stage.answers) for stage in self.stages]
        _check_within("roots", self.roots, contexts[0])
        for spec, stage, following in zip(
            self.task.stages, self.stages, [*contexts[1:], self.scores.size], strict=True
        ):
            shape = (len(stage.answers), len(spec.models))
            if stage.answers.shape != (*shape, self.levels[-1]) or stage.following.shape != (*shape, len(self.levels)):
                raise InvalidInputError(
                    f"stage {spec.name!r} needs answers and following contexts for {shape[1]} models, "
                    f"{self.levels[-1]} samples and {len(self.levels)} levels, but got shapes {stage.answers.shape} "
                    f"and {stage.following.shape}"
                )
            _check_within(spec.name, stage.following, following)

    def __len__(self) -> int:
        return len(self.roots)

    @cached_property
    def rows(self) -> Rows:
        """All stages in one table; made when it is first needed, and shared by all who use these questions."""
        sizes = [stage.following.size for stage in self.stages]
        firsts = np.concatenate([[0], np.cumsum(sizes)])
        widths = [stage.following[0].size for stage in self.stages]
        features = np.zeros((firsts[-1] + 1, len(AGREEMENT)), dtype=np.float32)
        features[-1, LEADER] = -1
        following = np.empty(firsts[-1], dtype=np.int64)
        for index, stage in enumerate(self.stages):
            here = slice(firsts[index], firsts[index + 1])
            pools = (-1, self.levels[-1])
            lengths = None if stage.lengths is None else stage.lengths.reshape(pools)
            found = agreement(stage.answers.reshape(pools), self.levels, lengths)
            features[here] = found.reshape(-1, len(AGREEMENT))
            following[here] = stage.following.ravel()
            if index + 1 < len(self.stages):
                following[here] *= widths[index + 1]
                following[here] += firsts[index + 1]
        return Rows(features, following, self.roots.astype(np.int64) * widths[0])

    @property
    def agreement(self) -> tuple[npt.NDArray[np.float32], ...]:
        """For each stage what the first samples have in common; shape (contexts, models, levels, features).

        See :data:`~agenttts_env.per_query.agreement.AGREEMENT`.
        """
        ends = np.cumsum([stage.following.size for stage in self.stages])[:-1]
        parts = np.split(self.rows.agreement[:-1], ends)
        return tuple(
            part.reshape(*stage.following.shape, len(AGREEMENT)) for part, stage in zip(parts, self.stages, strict=True)
        )

    def measure(self, allocation: Allocation) -> Floats:
        """Every question's score if all take this allocation; shape (questions,).

        Raises:
            InvalidInputError: an unknown model, or a number of samples that is no level.
        """
        contexts = self.roots
        for spec, stage, choice in zip(self.task.stages, self.stages, allocation.stages, strict=True):
            if choice.samples not in self.levels:
                raise InvalidInputError(f"`samples` must be one of the levels {self.levels}, but got {choice}")
            model = spec.models.index(spec.model(choice.model))
            contexts = stage.following[contexts, model, self.levels.index(choice.samples)]
        return self.scores[contexts]


def _check_within(name: str, array: Ints, count: int) -> None:
    if array.size and not (array.min() >= 0 and array.max() < count):
        raise InvalidInputError(
            f"contexts of {name!r} must lie in [0, {count}), but lie in [{array.min()}, {array.max()}]"
        )
