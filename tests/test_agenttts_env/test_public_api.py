"""The exported names: a change here is a change for users."""

from __future__ import annotations

import importlib

import gymnasium as gym
import pytest

NAMES = {
    "agenttts_env": [
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
        "Model",
        "Oracle",
        "OutcomeTable",
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
        "Task",
        "Trial",
        "best_trial",
        "get_cost",
        "make_env",
        "make_vector_env",
        "paper_budget",
        "register_envs",
        "search",
    ],
    "agenttts_env.agents": [
        "AgentHPOSearcher",
        "AgentLLM",
        "AgentTTSSearcher",
        "CentaurSearcher",
        "LLAMBOSearcher",
        "LLMSearcher",
        "MLCopilotSearcher",
        "ZeroShotSearcher",
    ],
    "agenttts_env.baselines": [
        "BudgetSplit",
        "CmaEsSearcher",
        "EvolutionSearcher",
        "GridSearcher",
        "InitOnlySearcher",
        "InsightRulesSearcher",
        "OptunaSearcher",
        "RandomSearcher",
    ],
    "agenttts_env.engines": [
        "ENGINES",
        "Completion",
        "Engine",
        "Message",
        "Prompt",
        "Request",
        "Sampling",
        "make_engine",
    ],
    "agenttts_env.sandbox": [
        "BASIC",
        "GUARANTEES",
        "Execution",
        "Limits",
        "Protections",
        "Sandbox",
        "Status",
    ],
    "agenttts_env.tasks": [
        "TASKS",
        "RetrievalExample",
        "RetrievalQA",
        "TaskEntry",
        "generate",
        "get_entry",
        "register_task",
        "split",
    ],
    "agenttts_env.testing": ["ScriptedObjective", "check_engine", "check_searcher", "check_task", "collect"],
}


@pytest.mark.parametrize("package", NAMES)
def test_the_exported_names(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(NAMES[package])
    assert all(hasattr(module, name) for name in module.__all__)


def test_the_registered_environments() -> None:
    importlib.import_module("agenttts_env")
    ours = [name for name in gym.registry if name.startswith("AgentTTS/")]
    assert sorted(ours) == [
        "AgentTTS/2WikiMultiHopQA-v0",
        "AgentTTS/CWQ-v0",
        "AgentTTS/ChatDev-v0",
        "AgentTTS/ChatDevSRDD-v0",
        "AgentTTS/FictionalQA-v0",
        "AgentTTS/HotpotQA-v0",
        "AgentTTS/TaskBench-v0",
        "AgentTTS/WebQSP-v0",
    ]
