"""The options of ``agenttts enjoy``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.parsing import Parser

ENJOY_GROUPS = {"shown": "what is shown"}


def _option(default: Any, parse: Parser, metavar: str, text: str) -> Any:
    return field(default=default, metadata={"group": "shown", "parse": parse, "metavar": metavar, "help": text})


@dataclass(frozen=True)
class EnjoyOptions:
    """Every option of showing a policy; ``metadata["help"]`` of a field is its documentation.

    Raises:
        InvalidInputError: a value breaks its rule.
    """

    path: str
    task: str | None = _option(
        None, parsing.text, "NAME", "the task, for a policy of the mixture; others know only their own"
    )
    budget: float | None = _option(
        None, parsing.number, "X", "the budget [a task's own; for a policy of allocations, several from low to high]"
    )
    price: float = _option(0.1, parsing.number, "X", "what the whole budget costs in score, for a policy of questions")
    episodes: int | None = _option(
        None, parsing.integer, "N", "how many searches or questions [1], or budgets, for a policy of allocations [12]"
    )
    seed: int = _option(0, parsing.integer, "N", "which of them")
    frames: str | None = _option(
        None, parsing.text, "FILE", "picture of a search: .png, or .gif with a frame per trial"
    )

    def __post_init__(self) -> None:
        for name, least in (("episodes", 1), ("seed", 0), ("price", 0)):
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise InvalidInputError(f"`{name}` must be >= {least}, but got {value}")
        if self.frames is not None and Path(self.frames).suffix not in (".png", ".gif"):
            raise InvalidInputError(f"`frames` must end in .png or .gif, but got {self.frames!r}")


ENJOY_FIELDS = tuple(option for option in fields(EnjoyOptions) if option.metadata)
"""What the command line offers as options: all but the path."""
