"""Prompts as the model's tokens, by the chat template that it was trained with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agenttts_env.engines.base import Prompt, Request
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.model import Model


def prompt_token_ids(tokenizer: Any, prompt: Prompt) -> list[int]:
    """The tokens of a prompt, up to where the assistant's reply begins.

    Raises:
        InvalidInputError: the model has no chat template.
    """
    if tokenizer.chat_template is None:
        raise InvalidInputError(
            f"a model must have a chat template (take the instruct variant), but {tokenizer.name_or_path!r} has none"
        )
    messages = [{"role": message.role, "content": message.content} for message in prompt]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def fitting_prompts(
    tokenizer: Any, requests: Sequence[Request], model: Model, context: int
) -> tuple[dict[int, list[int]], EngineError | None]:
    """The tokens of every prompt that fits the context together with its reply.

    Returns:
        Tokens by position of the request; and the error to raise when the samples of these were drawn, None if all fit.
    """
    prompts = {position: prompt_token_ids(tokenizer, request.prompt) for position, request in enumerate(requests)}
    needs = {position: len(prompt) + requests[position].sampling.max_tokens for position, prompt in prompts.items()}
    fitting = {position: prompt for position, prompt in prompts.items() if needs[position] <= context}
    if len(fitting) == len(prompts):
        return fitting, None
    return fitting, EngineError(
        f"prompt and reply must fit the {context} tokens that {model.name} reads, but {len(prompts) - len(fitting)} of "
        f"{len(requests)} requests do not (the longest needs {max(needs.values())})"
    )
