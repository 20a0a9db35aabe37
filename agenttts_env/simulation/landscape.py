"""The parameters of a simulated task, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from agenttts_env.errors import InvalidInputError
from agenttts_env.task import Task

OUTCOMES = ("scattered", "shared", "right")
"""What a sample can be, by its code 0, 1, 2: wrong in a way of its own, wrong in the example's common way, right."""

SCATTERED, SHARED, RIGHT = range(3)

REFERENCE_TEMPERATURE = 0.9
"""The temperature of the published figures, at which ``skills`` and ``spread`` hold."""


@dataclass(frozen=True)
class StageLandscape:
    """How the models fare at one stage. See :mod:`agenttts_env.simulation.chances` for the formulas.

    Attributes:
        name: of the stage.
        models: names, smallest first.
        skills: for each model the log-odds of a right sample on an example of mean difficulty; rising.
        reliance: for each model the log-odds lost where the stage before gave a scattered output; falling.
        half_loss: share of ``reliance`` that is lost where the stage before gave the shared wrong output; in [0, 1].
        capacity: for each model the number of candidates, beyond the first, at which its fusing picks the plurality in
            half of all cases; rising.
        decline: how sharply that falls around the capacity, as an exponent; > 0.
        spread: standard deviation of difficulty over examples, in log-odds.
        common: correlation of the difficulties with the factor that all stages of an example share; in [0, 1).
        trap: share of examples that have a common wrong answer; in [0, 1].
        trap_share: on these, the share of wrong samples that give it; in [0, 1].
    """

    name: str
    models: tuple[str, ...]
    skills: tuple[float, ...]
    reliance: tuple[float, ...]
    half_loss: float
    capacity: tuple[float, ...]
    decline: float
    spread: float
    common: float
    trap: float
    trap_share: float

    def __post_init__(self) -> None:
        for name in ("models", "skills", "reliance", "capacity"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
            if len(getattr(self, name)) != len(self.models):
                raise InvalidInputError(
                    f"`{name}` must have a value for each of {len(self.models)} models, but stage {self.name!r} has "
                    f"{getattr(self, name)}"
                )
        for name, sign in (("skills", 1), ("reliance", -1), ("capacity", 1)):
            if any(sign * (b - a) < 0 for a, b in pairwise(getattr(self, name))):
                raise InvalidInputError(
                    f"`{name}` must {'rise' if sign > 0 else 'fall'} with the model's size, but stage {self.name!r} "
                    f"has {getattr(self, name)}"
                )
        for name in ("half_loss", "common", "trap", "trap_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidInputError(
                    f"`{name}` must lie in [0, 1], but stage {self.name!r} has {getattr(self, name)}"
                )
        if (
            self.common == 1
            or not self.spread > 0
            or not self.decline > 0
            or min(self.capacity) <= 0
            or min(self.reliance) < 0
        ):
            raise InvalidInputError(
                f"need common < 1, spread > 0, decline > 0, capacity > 0 and reliance >= 0, "
                f"but stage {self.name!r} has {self.common}, {self.spread}, {self.decline}, {self.capacity}, "
                f"{self.reliance}"
            )


@dataclass(frozen=True)
class Metric:
    """What a stage's fused output is worth.

    Attributes:
        stage: name of the stage.
        values: score of a scattered, a shared and a right output, in [0, 1]; multiples of 1/256, so that sums over
            examples are exact in floating point, in any order.
    """

    stage: str
    values: tuple[float, float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if len(self.values) != 3 or not all(0 <= v <= 1 and v * 256 == int(v * 256) for v in self.values):
            raise InvalidInputError(f"`values` must be three multiples of 1/256 in [0, 1], but got {self.values}")


@dataclass(frozen=True)
class Landscape:
    """A simulated task.

    Attributes:
        task: name of the task that it stands for.
        stages: in order.
        metrics: by name, the main one first.
        published_budgets: the budgets that were used for the published figures, in the paper's unit; the first is that
            of the main comparison. (The default budget is the paper's rule, which is not always one of them.)
        provenance: what the parameters were fitted to, and what was assumed.
    """

    task: str
    stages: tuple[StageLandscape, ...]
    metrics: Mapping[str, Metric] = field(hash=False)
    published_budgets: tuple[float, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "published_budgets", tuple(self.published_budgets))
        names = [stage.name for stage in self.stages]
        for name, metric in self.metrics.items():
            if metric.stage not in names:
                raise InvalidInputError(
                    f"metric {name!r} must name one of the stages {names}, but got {metric.stage!r}"
                )
        if not self.metrics or next(iter(self.metrics.values())).stage != names[-1]:
            raise InvalidInputError(f"the first metric of landscape {self.task!r} must belong to its last stage")

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Landscape:
        """The inverse of :meth:`to_json`."""
        return cls(
            value["task"],
            tuple(StageLandscape(**stage) for stage in value["stages"]),
            {name: Metric(**metric) for name, metric in value["metrics"].items()},
            tuple(value["published_budgets"]),
            value["provenance"],
        )

    def simulated(self, task: Task) -> Task:
        """The task as the simulation knows it: its own metrics, no pipeline.

        Raises:
            InvalidInputError: the task has other stages, or offers a model that the landscape lacks.
        """
        names = [stage.name for stage in self.stages]
        if [stage.name for stage in task.stages] != names:
            raise InvalidInputError(
                f"the landscape {self.task!r} has the stages {names}, but task {task.name!r} has "
                f"{[stage.name for stage in task.stages]}"
            )
        for stage, known in zip(task.stages, self.stages, strict=True):
            for model in stage.models:
                if model.name not in known.models:
                    raise InvalidInputError(
                        f"stage {stage.name!r} of task {task.name!r} is simulated for the models "
                        f"{', '.join(known.models)}, but got {model.name!r}"
                    )
        return Task(task.name, task.description, task.stages, tuple(self.metrics), None, task.budgets)


def landscape_names() -> tuple[str, ...]:
    """The tasks that have a landscape."""
    folder = files("agenttts_env.simulation") / "landscapes"
    return tuple(sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json")))


@lru_cache
def load_landscape(task: str) -> Landscape:
    """The landscape of a task, from the package's data.

    Raises:
        InvalidInputError: there is none.
    """
    if task not in landscape_names():
        raise InvalidInputError(
            f"the tasks that can be simulated are {', '.join(landscape_names())}, but got {task!r}: use backend='live'"
        )
    file = files("agenttts_env.simulation") / "landscapes" / f"{task}.json"
    return Landscape.from_json(json.loads(file.read_text(encoding="utf-8")))
