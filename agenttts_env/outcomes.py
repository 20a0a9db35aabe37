"""Recorded outcomes of a pipeline: what every allocation leads to, and what it takes. No text of a model or a data set.

The outcomes form a tree. A *node* of a stage is a distinct context in which the stage is run: an example, and the fused
outputs of the stages before it. A model and a number of samples lead from a node to a node of the next stage, and from
the last stage to a *leaf*, which has the scores. The nodes of the first stage are the examples: those of the search
split, then those of the test split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.provenance import Provenance
from agenttts_env.stage import Stage
from agenttts_env.task import Task

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SPLITS = ("search", "test")


def check_levels(levels: Sequence[int]) -> None:
    """Check that sample counts are ascending integers >= 1.

    Raises:
        InvalidInputError: they are not.
    """
    if not levels or levels[0] < 1 or any(b <= a for a, b in pairwise(levels)):
        raise InvalidInputError(f"`levels` must be ascending integers >= 1, but got {levels}")


def fuses(stage: Stage, samples: int) -> bool:
    """Whether a stage has a call of its model fuse so many samples."""
    return stage.fusion == "llm" and samples > 1


@dataclass(frozen=True, eq=False)
class Pools:
    """Pools of samples, and what these took.

    Attributes:
        prompt_tokens: of each pool; shape (pools,).
        decode_tokens: of each sample; shape (pools, samples).
        seconds: the engine's wall time for each sample; shape (pools, samples).
    """

    prompt_tokens: Ints
    decode_tokens: Ints
    seconds: Floats


@dataclass(frozen=True, eq=False)
class StageOutcomes:
    """A stage, run at each of its nodes by each of its models with each number of samples on offer.

    Samples and fusing calls belong to pools because nodes with equal prompts share them, as they do live.

    Attributes:
        children: the node of the next stage (after the last stage: the leaf); shape (nodes, models, levels).
        pools: the pool of samples in ``samples``, -1 where the stage has nothing to do; shape (nodes, models).
        outputs: what each sample states: equal numbers within a node are equal outputs, -1 is none; shape
            (nodes, models, samples).
        fusions: the pool in ``fusing`` of the call that fuses the samples, -1 where there is none; shape
            (nodes, models, levels).
        fused: whether that call stated an output; shape (nodes, models, levels).
        samples: the pools of samples.
        fusing: the pools of fusing calls, of one sample each.
    """

    children: Ints
    pools: Ints
    outputs: Ints
    fusions: Ints
    fused: Bools
    samples: Pools
    fusing: Pools


@dataclass(frozen=True, eq=False)
class OutcomeTable:
    """The outcomes of all allocations of a task within the recorded models and levels.

    Attributes:
        task: name, description, stages, metrics and budgets of what was recorded; without its pipeline.
        levels: the recorded sample counts, ascending; every pool holds as many samples as the last.
        examples: the examples' ids, by split (:data:`SPLITS`).
        stages: the outcomes of each stage, in the task's order.
        scores: every metric of every leaf; shape (leaves, metrics).
        provenance: where all this comes from.

    Raises:
        InvalidInputError: the arrays do not fit each other.
    """

    task: Task
    levels: tuple[int, ...]
    examples: Mapping[str, tuple[str, ...]]
    stages: tuple[StageOutcomes, ...]
    scores: Floats
    provenance: Provenance

    def __post_init__(self) -> None:
        check_levels(self.levels)
        if tuple(self.examples) != SPLITS:
            raise InvalidInputError(f"`examples` must be those of {SPLITS}, but got {tuple(self.examples)}")
        if not self.examples["search"]:
            raise InvalidInputError("a table needs at least one example to search on, but got none")
        if len(self.stages) != len(self.task.stages):
            raise InvalidInputError(f"`stages` must be {len(self.task.stages)}, but got {len(self.stages)}")
        for name, (array, kind, shape, low, high) in self._rules().items():
            _check(name, array, kind, shape, low, high)
        for stage, spec in zip(self.stages, self.task.stages, strict=True):
            fusing = np.array([fuses(spec, level) for level in self.levels])
            if ((stage.fusions >= 0) != (stage.pools >= 0)[..., None] & fusing).any():
                raise InvalidInputError(f"array '{spec.name}/fusions' must have a call exactly where samples are fused")

    def _rules(self) -> dict[str, tuple[npt.NDArray[np.generic], str, tuple[int, ...], float, float]]:
        """For every array its kind of numbers, its shape, and the least and the greatest value that it may hold."""
        most, levels = self.levels[-1], len(self.levels)
        nodes = [sum(map(len, self.examples.values())), *(len(stage.children) for stage in self.stages[1:])]
        rules: dict[str, tuple[npt.NDArray[np.generic], str, tuple[int, ...], float, float]] = {
            "scores": (self.scores, "f", (len(self.scores), len(self.task.metrics)), 0, 1)
        }
        for index, (stage, spec) in enumerate(zip(self.stages, self.task.stages, strict=True)):
            models = (nodes[index], len(spec.models))
            following = nodes[index + 1] if index + 1 < len(nodes) else len(self.scores)
            samples, fusing = len(stage.samples.prompt_tokens), len(stage.fusing.prompt_tokens)
            rules |= {
                f"{spec.name}/{name}": rule
                for name, rule in {
                    "children": (stage.children, "i", (*models, levels), 0, following - 1),
                    "pools": (stage.pools, "i", models, -1, samples - 1),
                    "outputs": (stage.outputs, "i", (*models, most), -1, np.inf),
                    "fusions": (stage.fusions, "i", (*models, levels), -1, fusing - 1),
                    "fused": (stage.fused, "b", (*models, levels), 0, 1),
                    "samples/prompt_tokens": (stage.samples.prompt_tokens, "i", (samples,), 0, np.inf),
                    "samples/decode_tokens": (stage.samples.decode_tokens, "i", (samples, most), 0, np.inf),
                    "samples/seconds": (stage.samples.seconds, "f", (samples, most), 0, np.inf),
                    "fusing/prompt_tokens": (stage.fusing.prompt_tokens, "i", (fusing,), 0, np.inf),
                    "fusing/decode_tokens": (stage.fusing.decode_tokens, "i", (fusing, 1), 0, np.inf),
                    "fusing/seconds": (stage.fusing.seconds, "f", (fusing, 1), 0, np.inf),
                }.items()
            }
        return rules

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """All arrays by name, such as ``answer/children``."""
        return {name: rule[0] for name, rule in self._rules().items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the outcomes; not of their provenance."""
        content = hashlib.sha256(json.dumps([self.levels, self.examples]).encode())
        for name, array in sorted(self.arrays().items()):
            content.update(f"{name}{array.dtype.str}{array.shape}".encode() + array.tobytes())
        return content.hexdigest()

    @property
    def backend(self) -> str:
        """What evaluations from this table are called: nothing that no model wrote may look as if one had."""
        return "scripted replay" if self.provenance.engine == "scripted" else "replay"

    def roots(self, split: str = "search", count: int | None = None) -> Ints:
        """The first ``count`` nodes of the first stage that belong to a split; all by default.

        Raises:
            InvalidInputError: there are fewer.
        """
        first = 0 if split == "search" else len(self.examples["search"])
        recorded = len(self.examples[split])
        if count is not None and not 0 <= count <= recorded:
            raise InvalidInputError(f"the table has {recorded} examples in the {split} split, but got {count}")
        return np.arange(first, first + (recorded if count is None else count), dtype=np.int32)

    def indices(self, allocation: Allocation) -> list[tuple[int, int]]:
        """For each stage the indices of the model and of the level.

        Raises:
            InvalidInputError: the table does not have this allocation; names the stage and what is missing there.
        """
        if len(allocation.stages) != len(self.stages):
            raise InvalidInputError(f"the table has {len(self.stages)} stages, but got the allocation {allocation}")
        found = []
        for stage, choice in zip(self.task.stages, allocation.stages, strict=True):
            names = [model.name for model in stage.models]
            for what, value, recorded in (
                ("model", choice.model, names),
                ("number of samples", choice.samples, self.levels),
            ):
                if value not in recorded:
                    raise InvalidInputError(
                        f"stage {stage.name!r} was recorded with the {what} {', '.join(map(str, recorded))}, "
                        f"but got {value!r}"
                    )
            found.append((names.index(choice.model), self.levels.index(choice.samples)))
        return found

    def with_models(self, models: Mapping[str, Sequence[str]]) -> OutcomeTable:
        """This table with only some models, by name, at the named stages; as if no others had been on offer.

        Raises:
            InvalidInputError: a stage has no such model, or there is no such stage.
        """
        known = {stage.name: stage for stage in self.task.stages}
        offered = {
            stage: tuple(known[stage].model(name) for name in names) if stage in known else ()
            for stage, names in models.items()
        }
        task = self.task.with_stages(models=offered)
        stages = []
        for stage, before, after in zip(self.stages, self.task.stages, task.stages, strict=True):
            kept = [before.models.index(model) for model in after.models]
            stages.append(
                replace(
                    stage,
                    **{
                        name: getattr(stage, name)[:, kept]
                        for name in ("children", "pools", "outputs", "fusions", "fused")
                    },
                )
            )
        return replace(self, task=task, stages=tuple(stages))


def _check(
    name: str, array: npt.NDArray[np.generic], kind: str, shape: tuple[int, ...], low: float, high: float
) -> None:
    if array.dtype.kind != kind:
        raise InvalidInputError(f"array {name!r} must have the kind {kind!r}, but has {array.dtype.kind!r}")
    if array.shape != shape:
        raise InvalidInputError(f"array {name!r} must have the shape {shape}, but has {array.shape}")
    if kind != "b" and array.size and not (array.min() >= low and array.max() <= high):  # NaN is neither
        raise InvalidInputError(
            f"array {name!r} must lie in [{low}, {high}], but lies in [{array.min()}, {array.max()}]"
        )
