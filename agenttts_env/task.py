"""A task: an ordered tuple of stages, what is measured, and the pipeline that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.pipeline import Pipeline
from agenttts_env.stage import Fusion, Stage


@dataclass(frozen=True)
class Task:
    """A multi-stage task.

    Attributes:
        name: as on the command line, for example ``2wikimultihopqa``.
        description: one or two sentences for people and for LLM agents.
        stages: in the order in which they run.
        metrics: names of the metrics, all in [0, 1] and larger is better; the first is the main one.
        pipeline: prompts, parsing, fusing and scoring; None for a task that only a simulation knows.
        budgets: default budget by cost name; a cost that is missing here has the paper's rule
            (one sample of the largest model at every stage).
    """

    name: str
    description: str
    stages: tuple[Stage, ...]
    metrics: tuple[str, ...]
    pipeline: Pipeline | None = field(default=None, repr=False, compare=False)
    budgets: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.stages:
            raise InvalidInputError(f"a task needs at least one stage, but {self.name!r} has none")
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise InvalidInputError(f"stage names must be unique within a task, but {self.name!r} has {names}")
        if not self.metrics or len(set(self.metrics)) < len(self.metrics):
            raise InvalidInputError(f"`metrics` must be unique and non-empty, but {self.name!r} has {self.metrics}")
        object.__setattr__(self, "budgets", dict(self.budgets))

    @property
    def main_metric(self) -> str:
        """The metric that a search maximises."""
        return self.metrics[0]

    def with_stages(
        self,
        *,
        models: Mapping[str, tuple[Model, ...]] = MappingProxyType({}),
        temperatures: Mapping[str, float] = MappingProxyType({}),
        fusions: Mapping[str, Fusion] = MappingProxyType({}),
    ) -> Task:
        """This task with other models, temperatures or fusions at the named stages.

        Other models make other costs: the task's own default budgets are dropped where ``models`` is given.

        Raises:
            InvalidInputError: a key is not the name of a stage.
        """
        known = [stage.name for stage in self.stages]
        for name in (*models, *temperatures, *fusions):
            if name not in known:
                raise InvalidInputError(f"task {self.name!r} has the stages {', '.join(known)}, but got {name!r}")
        stages = tuple(
            replace(
                stage,
                models=models.get(stage.name, stage.models),
                temperature=temperatures.get(stage.name, stage.temperature),
                fusion=fusions.get(stage.name, stage.fusion),
            )
            for stage in self.stages
        )
        return replace(self, stages=stages, budgets={} if models else self.budgets)
