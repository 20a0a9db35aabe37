"""Searchers with options in their names: ``evolution:steps=log``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NoReturn

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.baselines.rl.policy_searcher import PREFIX
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.searchers import make_searcher, searcher_options
from agenttts_env.model import Model
from agenttts_env.sampler import Sampler
from agenttts_env.searcher import Searcher
from agenttts_env.store import SampleStore

_OPTION = re.compile(r":(?=[A-Za-z_]\w*=)")
_WORDS = {"true": True, "on": True, "false": False, "off": False}


@dataclass(frozen=True)
class Variant:
    """A searcher as a comparison names it.

    Attributes:
        text: the whole name, as it was written.
        name: of the searcher.
        options: of the searcher, those that are not at their defaults.
    """

    text: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Variant:
        """From ``NAME[:OPTION=VALUE]…`` or ``policy:PATH``.

        A value is read as its option's default is: true or false (also on, off), an integer, a number, or text; where
        the default is none, an integer or ``none``.

        Raises:
            InvalidInputError: there is no such searcher or option, an option is named twice, or a value is of another
                kind.
        """
        if text.startswith(PREFIX):  # a path follows, and no options
            return cls(text, text)
        name, *parts = _OPTION.split(text)
        defaults = searcher_options(name)
        options: dict[str, Any] = {}
        for part in parts:
            option, _, value = part.partition("=")
            if option not in defaults:
                offered = f"the options {', '.join(defaults)}" if defaults else "no options"
                raise InvalidInputError(f"searcher {name!r} has {offered}, but got {option!r} in {text!r}")
            if option in options:
                raise InvalidInputError(f"`searchers` must name an option once, but {text!r} names {option!r} twice")
            options[option] = _read(text, option, value, defaults[option])
        return cls(text, name, options)

    def make(self, llm: AgentLLM | None = None) -> Searcher:
        """The searcher; see :func:`~agenttts_env.experiments.searchers.make_searcher`."""
        return make_searcher(self.name, llm=llm, **self.options)

    def check(self, *, llm: bool) -> None:
        """Make the searcher once, with a stand-in for its LLM that is never asked.

        Args:
            llm: whether there is an LLM.

        Raises:
            InvalidInputError: an option is out of its range, or the LLM is missing.
            MissingExtraError: the searcher's library is not installed.
        """
        with closing(Sampler(SampleStore(":memory:"), _no_engine)) as sampler:
            self.make(AgentLLM(sampler, Model("stand-in", 1.0), run="check") if llm else None)


def _no_engine(model: Model) -> NoReturn:
    raise AssertionError("a searcher must not ask its LLM while it is made")


def _read(text: str, option: str, value: str, default: Any) -> Any:
    kinds: tuple[tuple[type, str, Any], ...] = (
        (bool, "true or false", _flag),
        (int, "an integer", int),
        (float, "a number", float),
        (str, "text", str),
        (type(None), "an integer or none", lambda word: None if word == "none" else int(word)),
    )
    for kind, rule, read in kinds:
        if isinstance(default, kind):
            try:
                return read(value)
            except ValueError:
                raise InvalidInputError(f"`{option}` of {text!r} must be {rule}, but got {value!r}") from None
    raise InvalidInputError(f"`{option}` cannot be a part of a searcher's name, but got {text!r}")


def _flag(word: str) -> bool:
    if word.lower() not in _WORDS:
        raise ValueError(word)
    return _WORDS[word.lower()]
