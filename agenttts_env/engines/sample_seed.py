"""The seed of one sample: what makes sample i a function of (prompt, pool seed, i) and of nothing else."""

from __future__ import annotations

import hashlib
import json

from agenttts_env.engines.base import Request


def sample_seed(request: Request, index: int, bits: int = 63) -> int:
    """The seed of one sample.

    Args:
        request: gives the prompt and the seed of its pool; its window and its sampling do not matter.
        index: the sample's number in the pool.
        bits: the seed lies in [0, 2**bits).
    """
    messages = [[message.role, message.content] for message in request.prompt]
    key = json.dumps([request.seed, messages, index], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> (64 - bits)
