"""LLM-driven searchers and their prompts."""

from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.llm import AgentLLM

__all__ = ["AgentLLM", "AgentTTSSearcher"]
