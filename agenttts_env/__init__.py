"""Allocating test-time compute over multi-stage LLM pipelines, as a Gymnasium environment."""
