"""The searchers by name, for the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.llm import AgentLLM
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.errors import InvalidInputError
from agenttts_env.searcher import Searcher

SEARCHERS: Mapping[str, Callable[..., Searcher]] = {
    "random": RandomSearcher,
    "tpe": partial(OptunaSearcher, sampler="tpe"),
    "gp": partial(OptunaSearcher, sampler="gp"),
    "insight-rules": InsightRulesSearcher,
    "agenttts": AgentTTSSearcher,
}
"""What makes a searcher, by name. Those with a parameter ``llm`` need an :class:`AgentLLM`."""


def needs_llm(name: str) -> bool:
    """Whether this searcher has an LLM.

    Raises:
        InvalidInputError: there is no such searcher.
    """
    return "llm" in inspect.signature(_get(name)).parameters


def searcher_options(name: str) -> dict[str, Any]:
    """The options of a searcher and their defaults.

    Raises:
        InvalidInputError: there is no such searcher.
    """
    fixed = getattr(SEARCHERS.get(name), "keywords", {})
    parameters = inspect.signature(_get(name)).parameters
    return {key: parameter.default for key, parameter in parameters.items() if key != "llm" and key not in fixed}


def make_searcher(name: str, *, llm: AgentLLM | None = None, **options: Any) -> Searcher:
    """A searcher by name.

    Args:
        name: a name in :data:`SEARCHERS`.
        llm: for the searchers that need one; ignored by the others.
        options: of this searcher; see :func:`searcher_options`.

    Raises:
        InvalidInputError: there is no such searcher or option, an option is out of its range, or the LLM is missing.
        MissingExtraError: the searcher's library is not installed.
    """
    make, known = _get(name), searcher_options(name)
    for option, value in options.items():
        if option not in known:
            offered = ", ".join(known) or "none"
            raise InvalidInputError(f"searcher {name!r} has the options {offered}, but got {option!r} = {value!r}")
    if not needs_llm(name):
        return make(**options)
    if llm is None:
        raise InvalidInputError(f"searcher {name!r} needs an LLM: name one with --llm ENGINE:MODEL")
    return make(llm, **options)


def _get(name: str) -> Callable[..., Searcher]:
    if name not in SEARCHERS:
        raise InvalidInputError(f"`searcher` must be one of {', '.join(SEARCHERS)}, but got {name!r}")
    return SEARCHERS[name]
