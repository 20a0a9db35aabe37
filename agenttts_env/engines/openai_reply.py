"""Reading the body of a chat-completions reply, which may hold anything."""

from __future__ import annotations

import json
from typing import Any

from agenttts_env.engines.base import Completion


class BadReplyError(ValueError):
    """A reply with status 200 that holds no samples, or does not count its tokens."""


def read_reply(body: str, first: int, count: int, seconds: float, *, most: int, zero_usage: bool) -> list[Completion]:
    """The samples in a reply, numbered from ``first``; fewer than ``count`` if the server sent fewer.

    A message without content (a refusal, or a reply cut while the model was still reasoning) is an empty text. A server
    counts the generated tokens of all samples together: with several samples the sum is split in proportion to the
    lengths of the texts, so that it stays exact.

    Args:
        body: the reply's text.
        first: number of the first sample that was asked for.
        count: how many were asked for.
        seconds: wall time of the call.
        most: how many tokens a sample may have.
        zero_usage: count 0 tokens where the server does not say how many there were.

    Raises:
        BadReplyError: the body is no JSON, holds no choice, or does not count the tokens.
    """
    try:
        reply = json.loads(body)
    except ValueError:
        raise BadReplyError(f"the reply is not JSON: {body[:200]!r}") from None
    try:
        choices = sorted(reply["choices"], key=lambda choice: choice.get("index") or 0)[:count]
        texts = [choice["message"].get("content") or "" for choice in choices]
        reasons = [choice.get("finish_reason") for choice in choices]
    except (AttributeError, KeyError, TypeError):
        raise BadReplyError(f"the reply has no readable choices: {body[:200]!r}") from None
    if not choices:
        raise BadReplyError(f"the reply has no choices: {body[:200]!r}")
    prompt_tokens, total = _usage(reply, zero_usage)
    return [
        Completion(
            index=first + place,
            text=text,
            prompt_tokens=prompt_tokens,
            decode_tokens=tokens,
            finish_reason="length" if reason == "length" else "stop",
            seconds=seconds / len(choices),
        )
        for place, (text, reason, tokens) in enumerate(zip(texts, reasons, _split(total, texts, most), strict=True))
    ]


def _usage(reply: dict[str, Any], zero_usage: bool) -> tuple[int, int]:
    """Tokens of the prompt, and tokens generated for all samples."""
    usage = reply.get("usage")
    if isinstance(usage, dict):
        counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(counts[0], int) and isinstance(counts[1], int):
            return counts[0], counts[1]
    if zero_usage:
        return 0, 0
    raise BadReplyError("the server does not say how many tokens it used (missing_usage='zero' would count none)")


def _split(total: int, texts: list[str], most: int) -> list[int]:
    """A sum of tokens, split in proportion to the lengths of the texts, no text getting more than ``most``."""
    split = [0] * len(texts)
    weights = [len(text) + 1 for text in texts]
    weight = sum(weights)
    for place in sorted(range(len(texts)), key=lambda place: -weights[place]):  # what a long text may not have is left
        split[place] = min(most, -(-total * weights[place] // weight))
        total -= split[place]
        weight -= weights[place]
    return split
