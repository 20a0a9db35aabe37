"""LLM-driven searchers and their prompts."""
