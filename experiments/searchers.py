"""The searchers by name, for the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args

from agenttts_env.agents.agenthpo import AgentHPOSearcher
from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.centaur import CentaurSearcher
from agenttts_env.agents.llambo import LLAMBOSearcher
from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.mlcopilot import MLCopilotSearcher
from agenttts_env.agents.zero_shot import ZeroShotSearcher
from agenttts_env.baselines.cmaes_search import CmaEsSearcher
from agenttts_env.baselines.evolution import EvolutionSearcher
from agenttts_env.baselines.grid_search import GridSearcher
from agenttts_env.baselines.init_only import InitOnlySearcher
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.baselines.rl.policy_searcher import PREFIX, PolicySearcher
from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import SEEDED, InitRule
from agenttts_env.searcher import Searcher

_OPTIMISERS: Mapping[str, Callable[..., Searcher]] = {
    "random": RandomSearcher,
    "grid": GridSearcher,
    "evolution": EvolutionSearcher,
    "tpe": partial(OptunaSearcher, sampler="tpe"),
    "gp": partial(OptunaSearcher, sampler="gp"),
    "cmaes": CmaEsSearcher,
}

_LLM_OPTIMISERS: Mapping[str, Callable[..., Searcher]] = {
    "agenthpo": AgentHPOSearcher,
    "mlcopilot": MLCopilotSearcher,
    "zero-shot": ZeroShotSearcher,
    "llambo": LLAMBOSearcher,
    "centaur": CentaurSearcher,
}

SEARCHERS: Mapping[str, Callable[..., Searcher]] = {
    **{name: partial(make, init_rule=None) for name, make in _OPTIMISERS.items()},
    **{name + SEEDED: partial(make, init_rule="paper") for name, make in _OPTIMISERS.items()},
    "init-only": InitOnlySearcher,
    "insight-rules": InsightRulesSearcher,
    "agenttts": AgentTTSSearcher,
    **{name: partial(make, init_rule=None) for name, make in _LLM_OPTIMISERS.items()},
    **{name + SEEDED: partial(make, init_rule="paper") for name, make in _LLM_OPTIMISERS.items()},
}
"""What makes a searcher, by name. Those with a parameter ``llm`` need an :class:`AgentLLM`.

Every optimiser is there bare (``tpe``) and seeded with the initial trials (``tpe+init``): a name says which, and no
option changes it. AgentTTS has its initial trials as a part of itself, and the option ``insight_1`` to go without.

Beside these, ``policy:PATH`` is a policy that ``agenttts train`` wrote.
"""


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
    parameters = inspect.signature(_get(name)).parameters
    if name.startswith(PREFIX):
        return {}
    fixed = set(getattr(SEARCHERS[name], "keywords", {}))
    if name.endswith(SEEDED):
        fixed.remove("init_rule")  # that there is a rule is fixed; which one is a choice
    return {key: parameter.default for key, parameter in parameters.items() if key != "llm" and key not in fixed}


def make_searcher(name: str, *, llm: AgentLLM | None = None, **options: Any) -> Searcher:
    """A searcher by name.

    Args:
        name: a name in :data:`SEARCHERS`, or ``policy:PATH``.
        llm: for the searchers that need one; ignored by the others.
        options: of this searcher; see :func:`searcher_options`.

    Raises:
        InvalidInputError: there is no such searcher or option, an option is out of its range, or the LLM is missing.
        MissingExtraError: the searcher's library is not installed.
    """
    make, known = _get(name), searcher_options(name)
    for option, value in options.items():
        if option not in known:
            offered = f"the options {', '.join(known)}" if known else "no options"
            raise InvalidInputError(f"searcher {name!r} has {offered}, but got {option!r} = {value!r}")
    if not name.startswith(PREFIX) and name.endswith(SEEDED) and options.get("init_rule", "") is None:
        raise InvalidInputError(f"`init_rule` of searcher {name!r} must be one of {get_args(InitRule)}, but got None")
    if not needs_llm(name):
        return make(**options)
    if llm is None:
        raise InvalidInputError(f"searcher {name!r} needs an LLM: name one with --llm ENGINE:MODEL")
    return make(llm, **options)


def _get(name: str) -> Callable[..., Searcher]:
    if name.startswith(PREFIX):
        return partial(PolicySearcher, name.removeprefix(PREFIX))
    if name not in SEARCHERS:
        raise InvalidInputError(f"`searcher` must be one of {', '.join(SEARCHERS)}, but got {name!r}")
    return SEARCHERS[name]
