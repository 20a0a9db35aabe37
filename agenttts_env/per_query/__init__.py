"""Deciding question by question how much to sample."""

from agenttts_env.per_query.env import PerQueryEnv
from agenttts_env.per_query.making import make_per_query_env, make_per_query_vector_env, per_query_data
from agenttts_env.per_query.margin_rule import MarginRule, MarginTables, RuleResult, StageMargin, margin_grid
from agenttts_env.per_query.moves import DRAWS, Moves, per_query_problem
from agenttts_env.per_query.play import Played, Policy, play
from agenttts_env.per_query.questions import Questions, StageAnswers
from agenttts_env.per_query.sources import recorded_questions, simulated_questions
from agenttts_env.per_query.static import StaticFront
from agenttts_env.per_query.vector_env import PRICE, PerQueryVectorEnv

__all__ = [
    "DRAWS",
    "PRICE",
    "MarginRule",
    "MarginTables",
    "Moves",
    "PerQueryEnv",
    "PerQueryVectorEnv",
    "Played",
    "Policy",
    "Questions",
    "RuleResult",
    "StageAnswers",
    "StageMargin",
    "StaticFront",
    "make_per_query_env",
    "make_per_query_vector_env",
    "margin_grid",
    "per_query_data",
    "per_query_problem",
    "play",
    "recorded_questions",
    "simulated_questions",
]
