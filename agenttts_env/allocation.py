"""An allocation: for each stage a model and a number of samples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agenttts_env.errors import InvalidInputError


@dataclass(frozen=True, order=True)
class StageAllocation:
    """A model's name and a number of samples S >= 1."""

    model: str
    samples: int

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise InvalidInputError(f"`model` must be a non-empty string, but got {self.model!r}")
        if isinstance(self.samples, bool) or not isinstance(self.samples, int):
            raise InvalidInputError(f"`samples` must be an int, but model {self.model!r} got {self.samples!r}")
        if self.samples < 1:
            raise InvalidInputError(f"`samples` must be >= 1, but model {self.model!r} got {self.samples}")

    def __str__(self) -> str:
        return f"{self.model} x{self.samples}"


@dataclass(frozen=True, order=True)
class Allocation:
    """One :class:`StageAllocation` per stage, in the task's order. ``str`` and :meth:`parse` are inverses.

    >>> str(Allocation.of(("qwen2.5-72b", 1), ("llama-3.2-3b", 50)))
    'qwen2.5-72b x1 + llama-3.2-3b x50'
    """

    stages: tuple[StageAllocation, ...]

    def __post_init__(self) -> None:
        if not self.stages:
            raise InvalidInputError("an allocation needs at least one stage, but got none")

    @classmethod
    def of(cls, *stages: tuple[str, int]) -> Allocation:
        """From (model, samples) pairs."""
        return cls(tuple(StageAllocation(model, samples) for model, samples in stages))

    @classmethod
    def parse(cls, text: str) -> Allocation:
        """From text such as ``qwen2.5-72b x1 + llama-3.2-3b x50``.

        Raises:
            InvalidInputError: the text has another form.
        """
        stages = []
        for part in text.split("+"):
            match = re.fullmatch(r"\s*(\S+)\s+[x×]([0-9]{1,9})\s*", part)
            if match is None:
                raise InvalidInputError(f"an allocation reads 'MODEL xSAMPLES + MODEL xSAMPLES', but got {text!r}")
            stages.append(StageAllocation(match[1], int(match[2])))
        return cls(tuple(stages))

    @classmethod
    def from_json(cls, value: Iterable[Mapping[str, Any]]) -> Allocation:
        """The inverse of :meth:`to_json`."""
        return cls(tuple(StageAllocation(item["model"], item["samples"]) for item in value))

    def to_json(self) -> list[dict[str, Any]]:
        """A list of ``{"model": …, "samples": …}``."""
        return [{"model": stage.model, "samples": stage.samples} for stage in self.stages]

    def __str__(self) -> str:
        return " + ".join(str(stage) for stage in self.stages)
