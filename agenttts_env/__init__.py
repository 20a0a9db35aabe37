"""Allocating test-time compute over multi-stage LLM pipelines, as a Gymnasium environment."""

from importlib.metadata import version

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.cost import Cost, get_cost, paper_budget
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import (
    AgentTTSError,
    EngineError,
    InfeasibleError,
    InvalidInputError,
    MissingExtraError,
    ProposalError,
    RunLogError,
)
from agenttts_env.evaluation import Evaluation
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.ledger import Ledger
from agenttts_env.mixture import MixtureEncoding, MixtureEnv, MixtureVectorEnv
from agenttts_env.model import MODELS, Model
from agenttts_env.oracle import Oracle
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.per_query import PerQueryEnv, PerQueryVectorEnv
from agenttts_env.pipeline import Pipeline
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env, make_vector_env, register_envs
from agenttts_env.runfolder import RunFolder
from agenttts_env.sampler import Sampler
from agenttts_env.search import search
from agenttts_env.searcher import Searcher
from agenttts_env.stage import Stage
from agenttts_env.stagewise import StagewiseEnv, StagewiseVectorEnv
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.trial import Trial, best_trial
from agenttts_env.vector_env import AllocationVectorEnv

__version__ = version("agenttts-env")

__all__ = [
    "MODELS",
    "AgentTTSError",
    "Allocation",
    "AllocationEnv",
    "AllocationVectorEnv",
    "Cost",
    "EngineError",
    "Evaluation",
    "InfeasibleError",
    "InvalidInputError",
    "Ledger",
    "LiveEvaluator",
    "MissingExtraError",
    "MixtureEncoding",
    "MixtureEnv",
    "MixtureVectorEnv",
    "Model",
    "Oracle",
    "OutcomeTable",
    "PerQueryEnv",
    "PerQueryVectorEnv",
    "Pipeline",
    "Problem",
    "ProposalError",
    "ReplayEvaluator",
    "RunFolder",
    "RunLogError",
    "SampleStore",
    "Sampler",
    "Searcher",
    "SimulatedEvaluator",
    "Stage",
    "StageAllocation",
    "StagewiseEnv",
    "StagewiseVectorEnv",
    "Task",
    "Trial",
    "best_trial",
    "get_cost",
    "make_env",
    "make_vector_env",
    "paper_budget",
    "register_envs",
    "search",
]

register_envs()
