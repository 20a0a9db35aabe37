"""An LLM as the allocation problem sees it: its size, its shape and its price."""

from __future__ import annotations

from dataclasses import dataclass

from agenttts_env.errors import InvalidInputError


@dataclass(frozen=True)
class Model:
    """An LLM that a stage may use.

    Attributes:
        name: short name, unique within a stage, as written in allocations.
        parameters: number of parameters.
        layers: number of transformer layers; 0 where unknown (attention FLOPs are then not charged).
        width: width of the attention (hidden size); 0 where unknown.
        price: US dollars per million tokens; None where nobody sells it.
        source: Hugging Face name or folder that an engine loads; the name itself if empty.
    """

    name: str
    parameters: float
    layers: int = 0
    width: int = 0
    price: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name or any(c.isspace() for c in self.name) or "+" in self.name:
            raise InvalidInputError(f"a model's name must be non-empty, without spaces or '+', but is {self.name!r}")
        if not self.parameters > 0:
            raise InvalidInputError(f"`parameters` must be > 0, but model {self.name!r} has {self.parameters}")
        if self.layers < 0 or self.width < 0:
            raise InvalidInputError(
                f"`layers` and `width` must be >= 0, but model {self.name!r} has {self.layers} and {self.width}"
            )
        if self.price is not None and self.price < 0:
            raise InvalidInputError(f"`price` must be >= 0, but model {self.name!r} has {self.price}")
        if not self.source:
            object.__setattr__(self, "source", self.name)


def _published(name: str, billions: float, layers: int, width: int, price: float | None, source: str) -> Model:
    return Model(name, billions * 1e9, layers, width, price, source)


# Sizes are the nominal ones that the paper's cost formula uses (arXiv 2508.00890, appendix); layers and widths are in
# each model's config.json; prices are the paper's Table 10 (US dollars per million tokens).
MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        _published("qwen2.5-7b", 7, 28, 3584, 0.30, "Qwen/Qwen2.5-7B-Instruct"),
        _published("qwen2.5-32b", 32, 64, 5120, 0.80, "Qwen/Qwen2.5-32B-Instruct"),
        _published("qwen2.5-72b", 72, 80, 8192, 1.20, "Qwen/Qwen2.5-72B-Instruct"),
        _published("llama-3.2-3b", 3, 28, 3072, 0.06, "meta-llama/Llama-3.2-3B-Instruct"),
        _published("llama-3.1-8b", 8, 32, 4096, 0.18, "meta-llama/Llama-3.1-8B-Instruct"),
        _published("llama-3.1-70b", 70, 80, 8192, 0.88, "meta-llama/Llama-3.1-70B-Instruct"),
        _published("smollm2-135m", 0.135, 30, 576, None, "HuggingFaceTB/SmolLM2-135M-Instruct"),
        _published("smollm2-360m", 0.36, 32, 960, None, "HuggingFaceTB/SmolLM2-360M-Instruct"),
        _published("smollm2-1.7b", 1.7, 24, 2048, None, "HuggingFaceTB/SmolLM2-1.7B-Instruct"),
    )
}
