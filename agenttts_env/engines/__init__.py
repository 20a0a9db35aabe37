"""LLM inference behind one small protocol: vllm, openai (any compatible server), transformers, and a scripted double."""
