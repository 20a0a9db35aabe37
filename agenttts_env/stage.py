"""A stage: one subtask of a pipeline, with the models on offer and how its samples are drawn and fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model

Fusion = Literal["vote", "llm"]
"""How S samples become one output: a majority vote, or one more call of the stage's own model (S > 1 only)."""


@dataclass(frozen=True)
class Stage:
    """One subtask.

    Attributes:
        name: unique within the task.
        models: the candidate models, smallest first.
        prompt_tokens: nominal prompt length Np, which the cost formulas charge.
        decode_tokens: nominal length Nd of one sample, which the cost formulas charge.
        max_tokens: a sample is cut after so many tokens.
        temperature: sampling temperature; 0 is greedy.
        fusion: how samples are fused.
        fusion_temperature: temperature of the fusing call.
    """

    name: str
    models: tuple[Model, ...]
    prompt_tokens: int
    decode_tokens: int
    max_tokens: int
    temperature: float = 0.9
    fusion: Fusion = "vote"
    fusion_temperature: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(sorted(self.models, key=lambda model: model.parameters)))
        if not self.models:
            raise InvalidInputError(f"a stage needs at least one model, but stage {self.name!r} has none")
        names = [model.name for model in self.models]
        if len(set(names)) < len(names):
            raise InvalidInputError(f"model names must be unique within a stage, but {self.name!r} has {names}")
        for field in ("prompt_tokens", "decode_tokens", "max_tokens"):
            if getattr(self, field) < 1:
                raise InvalidInputError(f"`{field}` must be >= 1, but stage {self.name!r} has {getattr(self, field)}")
        for field in ("temperature", "fusion_temperature"):
            if not 0 <= getattr(self, field) <= 2:
                raise InvalidInputError(
                    f"`{field}` must lie in [0, 2], but stage {self.name!r} has {getattr(self, field)}"
                )
        if self.fusion not in get_args(Fusion):
            raise InvalidInputError(
                f"`fusion` must be one of {get_args(Fusion)}, but stage {self.name!r} has {self.fusion!r}"
            )

    def model(self, name: str) -> Model:
        """The candidate model of this name.

        Raises:
            InvalidInputError: the stage does not offer it.
        """
        for model in self.models:
            if model.name == name:
                return model
        offered = ", ".join(model.name for model in self.models)
        raise InvalidInputError(f"stage {self.name!r} offers the models {offered}, but got {name!r}")
