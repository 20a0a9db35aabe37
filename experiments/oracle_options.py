"""The options of ``agenttts oracle``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.options import SearchOptions
from agenttts_env.simulation.landscape import landscape_names

Source = Literal["simulated", "replay"]
Split = Literal["search", "test"]


def _like(name: str, default: Any, text: str, **changes: Any) -> Any:
    """An option that is written like one of a search."""
    known = next(option for option in fields(SearchOptions) if option.name == name)
    return field(default=default, metadata={**known.metadata, "help": text, **changes})


@dataclass(frozen=True)
class OracleOptions:
    """Every option of ``agenttts oracle``.

    Attributes:
        shared: values of the options that it shares with a search (:data:`SHARED`), where they were given.

    Raises:
        InvalidInputError: a value breaks its rule.
    """

    shared: Mapping[str, Any] = field(default_factory=dict)
    task: str | None = _like("task", None, "the task; all that can be simulated, at their default budgets, by default")
    backend: Source = _like(  # noqa: RUF009
        "backend", "simulated", "whose scores: simulated, or replay (a recorded table, see `agenttts record`)"
    )
    split: Split = _like(  # noqa: RUF009
        "backend", "search", "whose scores of a recorded table: those of the search split, or of the test split"
    )
    out: str | None = _like(
        "out", None, "folder for TASK.json, TASK-pareto.csv and plots; by default nothing is written"
    )
    pareto: bool = _like("out", False, "print every Pareto-optimal allocation", parse=lambda name, words: True)

    def __post_init__(self) -> None:
        for name, kind in (("backend", Source), ("split", Split)):
            if getattr(self, name) not in get_args(kind):
                choices = ", ".join(get_args(kind))
                raise InvalidInputError(f"`{name}` must be one of {choices}, but got {getattr(self, name)!r}")
        if self.split != "search" and self.backend != "replay":
            raise InvalidInputError(f"`split` needs the backend replay, but got {self.split!r}")
        if self.task is None:
            alone = {"backend": self.backend == "replay", **dict.fromkeys(("budget", "models", "table"), True)}
            for name, value in {"backend": self.backend, **self.shared}.items():
                if alone.get(name):
                    raise InvalidInputError(f"`{name}` needs `task`: it cannot be {value!r} for all of them")

    @classmethod
    def of(cls, **values: Any) -> OracleOptions:
        """From the values of shared and own options alike."""
        shared = {name: value for name, value in values.items() if name in SHARED}
        return cls(shared, **{name: value for name, value in values.items() if name not in SHARED})

    def searches(self) -> Iterator[dict[str, Any]]:
        """For each task the options of a search, by name, whose answer is wanted."""
        for task in landscape_names() if self.task is None else (self.task,):
            yield {"task": task, "backend": self.backend, **self.shared}


SHARED = ("models", "cost", "budget", "max_samples", "temperature", "fusion", "table")
"""The options of a search that an oracle has too, with the same meaning."""

ORACLE_FIELDS = (
    *(option for option in fields(OracleOptions) if option.name == "task"),
    *(option for option in fields(SearchOptions) if option.name in SHARED),
    *(option for option in fields(OracleOptions) if option.metadata and option.name != "task"),
)
"""What the command line offers for an oracle."""
