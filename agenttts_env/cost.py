"""What an allocation costs per example: the only cost formulas of the project, and their inverse.

Every cost is a sum over stages of a function of (stage, model, samples) that does not fall with the samples. All
formulas charge a prompt once for all its samples, because engines compute its prefill once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.stage import Stage

BASE_PARAMETERS = 3e9
BASE_PROMPT_TOKENS = 128
BASE_DECODE_TOKENS = 64
"""The paper's base task: a 3B model reads 128 tokens and writes 64 (arXiv 2508.00890, appendix on budgets)."""


def paper_budget(samples: float, parameters: float, prompt_tokens: float, decode_tokens: float) -> float:
    """The paper's normalised budget of one stage (arXiv 2508.00890, appendix; FLOPs without attention).

    One unit is the decoding of 64 tokens by a 3B model. The base task's prompt is subtracted, so small models on short
    prompts have values <= 0; they are not clamped. S = 0 is accepted because the paper's counts include it.

    Args:
        samples: S.
        parameters: of the model.
        prompt_tokens: Np.
        decode_tokens: Nd of one sample.
    """
    size = parameters / BASE_PARAMETERS
    return (size * (prompt_tokens + samples * decode_tokens) - BASE_PROMPT_TOKENS) / BASE_DECODE_TOKENS


def prefill_flops(parameters: float, prompt_tokens: float, *, layers: int = 0, width: int = 0) -> float:
    """Floating-point operations of reading a prompt, attention included.

    Two operations per parameter and token; and for a token that attends to t tokens (itself included), 4 operations per
    layer, unit of width and attended token (scores and values).
    """
    attended = prompt_tokens * (prompt_tokens + 1) / 2
    return 2 * parameters * prompt_tokens + 4 * layers * width * attended


def decode_flops(
    parameters: float, prompt_tokens: float, decode_tokens: float, *, layers: int = 0, width: int = 0
) -> float:
    """Floating-point operations of writing one sample after a prompt; counted like :func:`prefill_flops`."""
    attended = decode_tokens * prompt_tokens + decode_tokens * (decode_tokens + 1) / 2
    return 2 * parameters * decode_tokens + 4 * layers * width * attended


def generation_flops(samples: float, model: Model, prompt_tokens: float, decode_tokens: float) -> float:
    """Floating-point operations of one prefill and ``samples`` decodings."""
    shape = {"layers": model.layers, "width": model.width}
    return prefill_flops(model.parameters, prompt_tokens, **shape) + samples * decode_flops(
        model.parameters, prompt_tokens, decode_tokens, **shape
    )


def generation_dollars(samples: float, price: float, prompt_tokens: float, decode_tokens: float) -> float:
    """US dollars of one prompt and ``samples`` decodings at ``price`` dollars per million tokens."""
    return price * (prompt_tokens + samples * decode_tokens) / 1e6


class Cost(Protocol):
    """A named cost.

    Attributes:
        name: as on the command line.
        unit: for tables and plots.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def unit(self) -> str: ...  # noqa: D102

    def stage_cost(self, stage: Stage, model: Model, samples: int) -> float:
        """Cost per example of ``samples`` samples of a model at a stage; does not fall with ``samples``."""
        ...


@dataclass(frozen=True)
class PaperCost:
    """The paper's normalised budget. As in the paper, fusion is not charged."""

    name: ClassVar[str] = "paper"
    unit: ClassVar[str] = "units"

    def stage_cost(self, stage: Stage, model: Model, samples: int) -> float:
        """See :func:`paper_budget`."""
        return paper_budget(samples, model.parameters, stage.prompt_tokens, stage.decode_tokens)


def _fusion_prompt_tokens(stage: Stage, samples: int) -> int | None:
    """Nominal prompt length of the fusing call, or None if there is none."""
    if stage.fusion != "llm" or samples < 2:
        return None
    return stage.prompt_tokens + samples * stage.decode_tokens


@dataclass(frozen=True)
class FlopsCost:
    """All FLOPs: attention and fusing calls included."""

    name: ClassVar[str] = "flops"
    unit: ClassVar[str] = "FLOPs"

    def stage_cost(self, stage: Stage, model: Model, samples: int) -> float:
        """See :func:`generation_flops`."""
        cost = generation_flops(samples, model, stage.prompt_tokens, stage.decode_tokens)
        fusion = _fusion_prompt_tokens(stage, samples)
        if fusion is not None:
            cost += generation_flops(1, model, fusion, stage.decode_tokens)
        return cost


@dataclass(frozen=True)
class DollarCost:
    """US dollars at each model's price per token, fusing calls included."""

    name: ClassVar[str] = "usd"
    unit: ClassVar[str] = "US$"

    def stage_cost(self, stage: Stage, model: Model, samples: int) -> float:
        """See :func:`generation_dollars`.

        Raises:
            InvalidInputError: the model has no price.
        """
        if model.price is None:
            raise InvalidInputError(f"cost 'usd' needs a price for every model, but {model.name!r} has none")
        cost = generation_dollars(samples, model.price, stage.prompt_tokens, stage.decode_tokens)
        fusion = _fusion_prompt_tokens(stage, samples)
        if fusion is not None:
            cost += generation_dollars(1, model.price, fusion, stage.decode_tokens)
        return cost


COSTS: Mapping[str, Cost] = {cost.name: cost for cost in (PaperCost(), FlopsCost(), DollarCost())}


def get_cost(name: str) -> Cost:
    """The cost of this name.

    Raises:
        InvalidInputError: there is none.
    """
    if name not in COSTS:
        raise InvalidInputError(f"`cost` must be one of {', '.join(COSTS)}, but got {name!r}")
    return COSTS[name]


def with_slack(budget: float) -> float:
    """The budget and a part in 10^9 of it.

    Sums of floats differ in the last digits with their order; the slack keeps an allocation whose cost *is* the budget
    feasible.
    """
    return budget + 1e-9 * abs(budget)


def fits(cost: float, budget: float) -> bool:
    """Whether ``cost <= budget``, up to :func:`with_slack`: the rule that decides feasibility everywhere."""
    return cost <= with_slack(budget)


def most_samples(cost: Cost, stage: Stage, model: Model, budget: float, *, limit: int = 10**6) -> int:
    """The inverse of a cost: the most samples, at most ``limit``, that a stage's budget pays; 0 if not even one."""

    def affordable(samples: int) -> bool:
        return fits(cost.stage_cost(stage, model, samples), budget)

    if limit < 1 or not affordable(1):
        return 0
    low, high = 1, 2  # `low` is affordable; `high` is beyond the limit or not affordable once the first loop ends
    while high <= limit and affordable(high):
        low, high = high, high * 2
    high = min(high, limit + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if affordable(middle) else (low, middle)
    return low
