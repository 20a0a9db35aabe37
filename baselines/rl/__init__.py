"""Reinforcement learning: policies that allocate, trained with Stable-Baselines3."""

from agenttts_env.baselines.rl.algorithms import ALGORITHMS, read_hyperparameters
from agenttts_env.baselines.rl.episodes import Episodes, play
from agenttts_env.baselines.rl.policy import Policy, RandomPolicy, TrainedPolicy
from agenttts_env.baselines.rl.vec_env import SB3VecEnv

__all__ = [
    "ALGORITHMS",
    "Episodes",
    "Policy",
    "RandomPolicy",
    "SB3VecEnv",
    "TrainedPolicy",
    "play",
    "read_hyperparameters",
]
