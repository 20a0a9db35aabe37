"""What a task family implements: how an example becomes prompts, and samples become a score.

A pipeline is stateless. For every stage the evaluator asks for a prompt, draws samples, parses each, fuses what could
be parsed, and hands the fused output to the next stage. An *output* is whatever the family likes, as long as it is
hashable (a vote counts equal outputs) and the next stage's prompt depends on nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from agenttts_env.engines.base import Prompt

Example: TypeAlias = Any
"""One record of the data set, gold answer included; each family has its own frozen dataclass with an ``id``."""

Output: TypeAlias = Hashable | None
"""The fused output of a stage for one example; None if no sample could be parsed."""


class Pipeline(ABC):
    """Prompts, parsing, fusing and scoring of one task family. Stages are named by their name."""

    @abstractmethod
    def prompt(self, stage: str, example: Example, upstream: Mapping[str, Output]) -> Prompt | None:
        """The prompt of a stage, given the fused outputs of the stages before it.

        None if there is nothing to do for this example (a repair of what is not broken): then no sample is drawn, and
        the stage's output is that of :meth:`skip`.
        """

    def skip(self, stage: str, example: Example, upstream: Mapping[str, Output]) -> Output:
        """The output of a stage that has no prompt for this example."""
        raise NotImplementedError(f"{type(self).__name__} has a prompt for every example of stage {stage!r}")

    def schema(self, stage: str) -> Mapping[str, Any] | None:
        """The JSON schema of a stage's replies, which engines that can do so hold the model to; None for free text.

        Replies name its properties in the schema's order.
        """
        return None

    @abstractmethod
    def parse(self, stage: str, text: str, example: Example, upstream: Mapping[str, Output]) -> Output:
        """The output that a sample's text states, or None if it states none. Must not raise on any text."""

    @abstractmethod
    def score(self, example: Example, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        """Every metric of the task, in [0, 1], from the fused outputs of all stages. None scores 0."""

    def notice(self) -> str:
        """What people should read before anything runs, such as how models' programs are contained; mostly nothing."""
        return ""

    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        """The fused output by majority: the most frequent, the earliest of equals. ``outputs`` is not empty."""
        return Counter(outputs).most_common(1)[0][0]

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        """The prompt with which the stage's own model fuses several samples' texts into one reply.

        The reply is parsed like a sample.
        """
        raise NotImplementedError(f"{type(self).__name__} has no LLM fusion for stage {stage!r}")
