"""The stagewise decision problem: a budget is drawn, and a policy allocates it stage by stage."""

from agenttts_env.stagewise.env import StagewiseEnv
from agenttts_env.stagewise.making import make_stagewise_env, make_stagewise_vector_env
from agenttts_env.stagewise.rules import LEVELS, StagewiseRules
from agenttts_env.stagewise.solution import ExactSolution, Staircase
from agenttts_env.stagewise.vector_env import StagewiseVectorEnv

__all__ = [
    "LEVELS",
    "ExactSolution",
    "StagewiseEnv",
    "StagewiseRules",
    "StagewiseVectorEnv",
    "Staircase",
    "make_stagewise_env",
    "make_stagewise_vector_env",
]
