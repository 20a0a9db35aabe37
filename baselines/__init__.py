"""Searchers without an LLM."""
