"""Search after search, each of a task, with a budget and on data that are drawn: a policy that learns to search."""

from agenttts_env.mixture.encoding import MixtureEncoding
from agenttts_env.mixture.env import MixtureEnv
from agenttts_env.mixture.vector_env import MixtureVectorEnv

__all__ = ["MixtureEncoding", "MixtureEnv", "MixtureVectorEnv"]
