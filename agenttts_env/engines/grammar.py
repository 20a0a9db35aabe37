"""Constrained decoding: which tokens may follow, so that a reply follows a JSON schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agenttts_env.errors import InvalidInputError, MissingExtraError


class Grammars:
    """JSON schemas compiled for one tokenizer, by xgrammar.

    Args:
        tokenizer: a transformers tokenizer.
        vocab_size: number of logits of the model.
        eos: the tokens that end a reply.
    """

    def __init__(self, tokenizer: Any, vocab_size: int, eos: Sequence[int]) -> None:
        try:
            import xgrammar
        except ImportError as error:
            raise MissingExtraError("xgrammar", "transformers") from error
        self._vocab_size = vocab_size
        info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocab_size, stop_token_ids=list(eos))
        self._compiler = xgrammar.GrammarCompiler(info)

    def matcher(self, schema: str) -> Any:
        """A matcher for one reply. The compiled schema is kept, so that the next matcher for it costs little.

        Raises:
            InvalidInputError: xgrammar cannot follow this schema.
        """
        import xgrammar

        try:
            return xgrammar.GrammarMatcher(self._compiler.compile_json_schema(schema, any_whitespace=False))
        except RuntimeError as error:
            raise InvalidInputError(f"xgrammar cannot follow the JSON schema {schema}: {error}") from error

    def mask(self, logits: Any, matchers: Sequence[Any]) -> None:
        """Set the logits of the tokens that may not follow to minus infinity, in place.

        Args:
            logits: float32 tensor of shape (number of matchers, vocabulary).
            matchers: one for each row.
        """
        import xgrammar

        bitmask = xgrammar.allocate_token_bitmask(len(matchers), self._vocab_size)
        for row, matcher in enumerate(matchers):
            matcher.fill_next_token_bitmask(bitmask, row)
        xgrammar.apply_token_bitmask_inplace(logits, bitmask.to(logits.device))
