"""LLM-driven searchers and their prompts."""

from agenttts_env.agents.agenthpo import AgentHPOSearcher
from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.centaur import CentaurSearcher
from agenttts_env.agents.llambo import LLAMBOSearcher
from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher
from agenttts_env.agents.mlcopilot import MLCopilotSearcher
from agenttts_env.agents.zero_shot import ZeroShotSearcher

__all__ = [
    "AgentHPOSearcher",
    "AgentLLM",
    "AgentTTSSearcher",
    "CentaurSearcher",
    "LLAMBOSearcher",
    "LLMSearcher",
    "MLCopilotSearcher",
    "ZeroShotSearcher",
]
