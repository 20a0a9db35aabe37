"""A prompt's tokens, by the chat template that the model was trained with."""

from __future__ import annotations

from typing import Any

from agenttts_env.engines.base import Prompt
from agenttts_env.errors import InvalidInputError


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
