"""Small requirements in our own words, each with checks that a program can be run against, made from a seed."""

from __future__ import annotations

from agenttts_env.tasks.requirements.dates import DATES
from agenttts_env.tasks.requirements.games import GAMES
from agenttts_env.tasks.requirements.lists import LISTS
from agenttts_env.tasks.requirements.numbers import NUMBERS
from agenttts_env.tasks.requirements.parsing import PARSING
from agenttts_env.tasks.requirements.requirement import Check, Requirement
from agenttts_env.tasks.requirements.simulations import SIMULATIONS
from agenttts_env.tasks.requirements.template import Template
from agenttts_env.tasks.requirements.text import TEXT

TEMPLATES = (*TEXT, *NUMBERS, *LISTS, *PARSING, *DATES, *SIMULATIONS, *GAMES)


def own_requirements(seed: int) -> tuple[Requirement, ...]:
    """One requirement of every template. Constants, examples and checks follow from the seed; the templates do not."""
    return tuple(template.requirement(seed) for template in TEMPLATES)


__all__ = ["TEMPLATES", "Check", "Requirement", "Template", "own_requirements"]
