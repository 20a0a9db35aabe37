"""LLM inference behind one seam: the protocol in ``base``, an engine per file, and ``make_engine``."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from agenttts_env.engines.base import Completion, Engine, Message, Prompt, Request, Sampling
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model

_CLASSES = {
    "transformers": "TransformersEngine",
    "vllm": "VLLMEngine",
    "openai": "OpenAIEngine",
    "scripted": "ScriptedEngine",
}

ENGINES = tuple(_CLASSES)
"""The kinds of engine that ``make_engine`` knows."""

__all__ = ["ENGINES", "Completion", "Engine", "Message", "Prompt", "Request", "Sampling", "make_engine"]


def make_engine(kind: str, model: Model, **options: Any) -> Engine:
    """An engine for a model; nothing is loaded before its first ``generate``.

    Args:
        kind: one of ``ENGINES``.
        model: the model that it runs.
        options: keyword arguments of the engine's class.

    Raises:
        InvalidInputError: the kind is unknown, or its engine has no such option.
    """
    if kind not in _CLASSES:
        raise InvalidInputError(f"`engine` must be one of {', '.join(ENGINES)}, but is {kind!r}")
    engine = getattr(import_module(f"agenttts_env.engines.{kind}"), _CLASSES[kind])
    parameters = inspect.signature(engine).parameters
    if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        known = [name for name in parameters if name != "model"]
        for option in options:
            if option not in known:
                raise InvalidInputError(f"the options of engine {kind!r} are {', '.join(known)}, but got {option!r}")
    made: Engine = engine(model, **options)
    return made
