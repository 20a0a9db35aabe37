"""Prompt variants: the same task, asked for another kind of reply.

A variant changes prompts, and is thereby part of the key of every sample; its length is part of the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from agenttts_env.errors import InvalidInputError
from agenttts_env.stage import Stage


@dataclass(frozen=True)
class Variant:
    """A kind of reply.

    Attributes:
        name: what users write: ``--task-option variant=NAME``.
        instruction: what the request says before it names the format of the last line, with the space behind it.
        reasons: whether worked examples show how their answer was found.
        prompt_tokens: how many tokens a prompt is nominally longer than a direct one; costs charge them.
        decode_tokens: how many tokens a sample is nominally longer; likewise.
        max_tokens: how many more tokens a sample may have before it is cut.
    """

    name: str
    instruction: str = ""
    reasons: bool = False
    prompt_tokens: int = 0
    decode_tokens: int = 0
    max_tokens: int = 0

    def stages(self, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        """The stages of the direct variant with room for this one's replies."""
        return tuple(
            replace(
                stage,
                prompt_tokens=stage.prompt_tokens + self.prompt_tokens,
                decode_tokens=stage.decode_tokens + self.decode_tokens,
                max_tokens=stage.max_tokens + self.max_tokens,
            )
            for stage in stages
        )


# Lengths: on fictional-qa with three worked examples, SmolLM2-135M-Instruct's prompts are 127 and 107 tokens longer
# than the direct ones (retrieve and answer), its replies 48 and 29 in the mean, and 8% of them run into the cut.
_REASON = Variant(
    "reason",
    "First work it out in one or two sentences. ",
    reasons=True,
    prompt_tokens=120,
    decode_tokens=40,
    max_tokens=112,
)

VARIANTS: Mapping[str, Variant] = MappingProxyType({variant.name: variant for variant in (Variant("direct"), _REASON)})
"""All variants by name: ``direct`` asks for the result alone, ``reason`` for a thought or two before it."""


def get_variant(name: str) -> Variant:
    """The variant of this name.

    Raises:
        InvalidInputError: there is none.
    """
    if name not in VARIANTS:
        raise InvalidInputError(f"`variant` must be one of {', '.join(VARIANTS)}, but got {name!r}")
    return VARIANTS[name]
