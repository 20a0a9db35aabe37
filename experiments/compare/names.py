"""What a searcher's name says: ``NAME[+init][:OPTION=VALUE]...``."""

from __future__ import annotations

from agenttts_env.experiments.compare.options import BASELINE
from agenttts_env.initial import SEEDED

INITIALISATION = "init-only"
"""The control that tries the initial trials and nothing else."""

SEEDED_BASELINE = BASELINE + SEEDED
"""The control that goes on at random after the initial trials."""

CONTROLS = (BASELINE, INITIALISATION, SEEDED_BASELINE)
"""Over these the gain of every searcher is said, where they take part."""

_ALWAYS = ("agenttts", "insight-rules", INITIALISATION)
"""Searchers that begin with the initial trials without their names saying so."""

_WITHOUT = {"insight_1=false", "insight_1=off"}
_RULE = "init_rule="
_PLAIN_RULE = "paper"
_CUT = 30


def is_seeded(name: str) -> bool:
    """Whether this searcher begins with the initial trials."""
    head, *options = name.split(":")
    return head.endswith(SEEDED) or (head in _ALWAYS and _WITHOUT.isdisjoint(map(str.lower, options)))


def bare(name: str) -> str:
    """The name without ``+init``: that of the same searcher without the initial trials."""
    head, colon, options = name.partition(":")
    return head.removesuffix(SEEDED) + colon + options


def controls_of(name: str) -> dict[str, str]:
    """By control the searcher that is this one's: with the same rule of initial trials, if its name has one."""
    rule = next((option for option in name.split(":")[1:] if option.startswith(_RULE)), "")
    suffix = f":{rule}" if rule not in ("", _RULE + _PLAIN_RULE) else ""
    return {BASELINE: BASELINE, INITIALISATION: INITIALISATION + suffix, SEEDED_BASELINE: SEEDED_BASELINE + suffix}


def shown(name: str) -> str:
    """A name for a figure: of a long one (a file's path) the beginning and the end."""
    return name if len(name) <= _CUT else f"{name[: _CUT // 3]}…{name[-(_CUT - _CUT // 3 - 1) :]}"
