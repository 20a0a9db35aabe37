"""The software-development tasks: their stages, models, lengths and data."""

from __future__ import annotations

from pathlib import Path

from agenttts_env.errors import InvalidInputError
from agenttts_env.model import MODELS
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.tasks.chatdev.embedding import DEFAULT, SentenceEmbedder
from agenttts_env.tasks.chatdev.pipeline import CHECKED_METRICS, METRICS, SoftwareDevelopment
from agenttts_env.tasks.chatdev.runs import Runs
from agenttts_env.tasks.chatdev.srdd import load_srdd
from agenttts_env.tasks.registry import TaskEntry
from agenttts_env.tasks.requirements import Requirement, own_requirements

MAX_TOKENS = 1024
"""How long a reply may be at every stage: each of them states a whole program."""

_MODELS = (MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"])

# Prompt and decode lengths: the paper's Table 4.
_LENGTHS = {"code": (1024, 1024), "static_test": (1024, 512), "dynamic_test": (1024, 256)}

# The paper's text says 0.9 for all tasks, its code drew programs at 0.2, and we follow the code: a majority over whole
# programs needs samples that can agree.
_TEMPERATURE = 0.2

_STAGES = (
    "One stage writes the program, the next reviews and revises it, the last runs it and repairs what fails; a program "
    "that runs clean needs no repair and no sample."
)


def chatdev(*, embedding: str = DEFAULT, max_tokens: int = MAX_TOKENS) -> Task:
    """The task ``chatdev``, on our own requirements.

    Args:
        embedding: model for the consistency, see :class:`SentenceEmbedder`.
        max_tokens: a reply is cut after so many tokens; a stage's nominal decode length is no longer than that.
    """
    return Task(
        "chatdev",
        f"Software development: small console programs from requirements with checks. {_STAGES}",
        _stages(max_tokens),
        CHECKED_METRICS,
        SoftwareDevelopment(Runs(), SentenceEmbedder(embedding)),
    )


def chatdev_srdd(*, embedding: str = DEFAULT, max_tokens: int = MAX_TOKENS) -> Task:
    """The task ``chatdev-srdd``, on the requirements of SRDD, which have no checks. Arguments as in :func:`chatdev`."""
    return Task(
        "chatdev-srdd",
        f"Software development: programs from the requirements of SRDD. {_STAGES}",
        _stages(max_tokens),
        METRICS,
        SoftwareDevelopment(Runs(), SentenceEmbedder(embedding)),
    )


def _stages(max_tokens: int) -> tuple[Stage, ...]:
    return tuple(
        Stage(name, _MODELS, prompt, min(decode, max_tokens), max_tokens=max_tokens, temperature=_TEMPERATURE)
        for name, (prompt, decode) in _LENGTHS.items()
    )


def load_own(data: str | Path | None = None, *, size: int = 0, seed: int = 0) -> tuple[Requirement, ...]:
    """Our own requirements, made from a seed; see :mod:`agenttts_env.tasks.requirements`.

    Args:
        data: None, as there is nothing to load.
        size: without effect, as there is one requirement of every kind.
        seed: of their constants, examples and checks.

    Raises:
        InvalidInputError: ``data`` is given.
    """
    if data is not None:
        raise InvalidInputError(f"chatdev's requirements are generated: its data must be None, but got {str(data)!r}")
    return own_requirements(seed)


ENTRIES = (
    TaskEntry("chatdev", "ChatDev", chatdev, load_own),
    TaskEntry("chatdev-srdd", "ChatDevSRDD", chatdev_srdd, load_srdd),
)
