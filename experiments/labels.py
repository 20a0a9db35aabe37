"""What tables and plots of a run say about it, kept in its ``run.json`` so that they need nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agenttts_env.problem import Problem


@dataclass(frozen=True)
class Labels:
    """The words for one search.

    Attributes:
        task: its name.
        searcher: its name, with its LLM if it has one.
        engine: its name.
        backend: ``live``, ``replay`` or ``simulated``.
        models: for each stage the names of its candidate models.
        metric: the main metric.
        unit: of costs.
        budget: the most that an allocation may cost, per example.
        cheapest: cost of the cheapest allocation, per example.
        trials: how many there will be.
    """

    task: str
    searcher: str
    engine: str
    backend: str
    models: Mapping[str, tuple[str, ...]]
    metric: str
    unit: str
    budget: float
    cheapest: float
    trials: int

    @classmethod
    def of(cls, problem: Problem, *, searcher: str, engine: str, backend: str, trials: int) -> Labels:
        """The labels of a search of this problem."""
        return cls(
            task=problem.task.name,
            searcher=searcher,
            engine=engine,
            backend=backend,
            models={stage.name: tuple(model.name for model in stage.models) for stage in problem.task.stages},
            metric=problem.task.main_metric,
            unit=problem.cost.unit,
            budget=problem.budget,
            cheapest=problem.cheapest_cost,
            trials=trials,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {**asdict(self), "models": {stage: list(names) for stage, names in self.models.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Labels:
        """The inverse of :meth:`to_json`."""
        return cls(**{**value, "models": {stage: tuple(names) for stage, names in value["models"].items()}})

    def models_text(self) -> str:
        """For example ``retrieve: qwen2.5-7b; answer: llama-3.2-3b``; without stages where all have the same."""
        offers = set(self.models.values())
        if len(offers) == 1:
            return ", ".join(*offers)
        return "; ".join(f"{stage}: {', '.join(names)}" for stage, names in self.models.items())
