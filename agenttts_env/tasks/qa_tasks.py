"""The retrieval-then-answer tasks: their stages, models and lengths."""

from __future__ import annotations

from pathlib import Path

from agenttts_env.errors import InvalidInputError
from agenttts_env.model import MODELS, Model
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.tasks.fictional_qa import generate
from agenttts_env.tasks.hotpotqa import load_hotpotqa
from agenttts_env.tasks.registry import TaskEntry
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.retrieval_qa import METRICS, RetrievalQA
from agenttts_env.tasks.two_wiki import load_2wikimultihopqa
from agenttts_env.tasks.variant import get_variant

FICTIONAL_POOL = 1000
"""How many invented questions there are at least, so that a search split does not depend on the size of the test."""


DEMONSTRATIONS = 3
"""How many worked examples a prompt begins with."""


def _models(*names: str) -> tuple[Model, ...]:
    return tuple(MODELS[name] for name in names)


# Nominal lengths: the paper's Table 4. Temperature: the paper's text, which uses one for all stages.
_PAPER_STAGES = (
    Stage("retrieve", _models("qwen2.5-7b", "qwen2.5-32b", "qwen2.5-72b"), 2048, 128, max_tokens=128),
    Stage("answer", _models("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"), 256, 64, max_tokens=64),
)

_SMOLLM2 = _models("smollm2-135m", "smollm2-360m", "smollm2-1.7b")

# Lengths: means of SmolLM2-135M-Instruct over real prompts and replies of the direct variant.
_FICTIONAL_STAGES = (
    Stage("retrieve", _SMOLLM2, 600, 10, max_tokens=16),
    Stage("answer", _SMOLLM2, 370, 12, max_tokens=16),
)


def two_wiki(*, demonstrations: int = DEMONSTRATIONS, variant: str = "direct") -> Task:
    """The task ``2wikimultihopqa``."""
    return Task(
        "2wikimultihopqa",
        "Multi-hop questions about entities of Wikipedia. One stage chooses the sentences that a question needs out "
        "of about 100, the next answers the question from the chosen sentences.",
        get_variant(variant).stages(_PAPER_STAGES),
        METRICS,
        RetrievalQA(demonstrations, variant),
    )


def hotpotqa(*, demonstrations: int = DEMONSTRATIONS, variant: str = "direct") -> Task:
    """The task ``hotpotqa``."""
    return Task(
        "hotpotqa",
        "Multi-hop questions written by crowd workers over Wikipedia. One stage chooses the paragraphs that a question "
        "needs out of about 100, the next answers the question from the chosen paragraphs.",
        get_variant(variant).stages(_PAPER_STAGES),
        METRICS,
        RetrievalQA(demonstrations, variant),
    )


def fictional_qa(*, demonstrations: int = DEMONSTRATIONS, variant: str = "direct") -> Task:
    """The task ``fictional-qa``, small enough for a language model on a CPU."""
    return Task(
        "fictional-qa",
        "Two-hop questions about an invented world, made from a seed. One stage chooses the sentences that a question "
        "needs out of 6, the next answers the question from the chosen sentences.",
        get_variant(variant).stages(_FICTIONAL_STAGES),
        METRICS,
        RetrievalQA(demonstrations, variant),
    )


def load_fictional_qa(
    data: str | Path | None = None,
    *,
    size: int = 0,
    seed: int = 0,
    hops: int = 2,
    distractors: int = 4,
) -> tuple[RetrievalExample, ...]:
    """The first 1,000 questions of a seed, or ``size`` if that is more.

    Args:
        data: None, as there is nothing to load.
        size: how many examples are needed.
        seed: of the generator.
        hops: see :func:`agenttts_env.tasks.fictional_qa.generate`.
        distractors: likewise.

    Raises:
        InvalidInputError: ``data`` is given, or an option is out of range.
    """
    if data is not None:
        raise InvalidInputError(f"fictional-qa is generated: its data must be None, but got {str(data)!r}")
    return generate(max(size, FICTIONAL_POOL), seed=seed, hops=hops, distractors=distractors)


ENTRIES = (
    TaskEntry("2wikimultihopqa", "2WikiMultiHopQA", two_wiki, load_2wikimultihopqa),
    TaskEntry("hotpotqa", "HotpotQA", hotpotqa, load_hotpotqa),
    TaskEntry("fictional-qa", "FictionalQA", fictional_qa, load_fictional_qa),
)
