"""One record of a retrieval-then-answer data set."""

from __future__ import annotations

from dataclasses import dataclass

from agenttts_env.errors import InvalidInputError


@dataclass(frozen=True)
class RetrievalExample:
    """A question, what may be retrieved for it, and the gold of both stages.

    Attributes:
        id: unique within the data set.
        question: the question.
        answers: the gold answer and its aliases, the preferred form first; none is blank.
        candidates: the sentences or paragraphs to choose from, no two alike; none is blank.
        gold: 0-based positions of the supporting candidates; not empty.

    Raises:
        InvalidInputError: a field breaks these rules, or a text cannot be written as UTF-8.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    candidates: tuple[str, ...]
    gold: frozenset[int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", tuple(self.answers))
        object.__setattr__(self, "candidates", tuple(self.candidates))
        object.__setattr__(self, "gold", frozenset(self.gold))
        self._check_texts("id", (self.id,))
        self._check_texts("question", (self.question,))
        self._check_texts("answers", self.answers)
        self._check_texts("candidates", self.candidates)
        if len(set(self.candidates)) < len(self.candidates):
            raise InvalidInputError(f"`candidates` must be unique, but those of example {self.id!r} repeat")
        if not self.gold or not all(0 <= position < len(self.candidates) for position in self.gold):
            raise InvalidInputError(
                f"`gold` must be a non-empty set of positions below {len(self.candidates)}, "
                f"but example {self.id!r} has {sorted(self.gold)}"
            )

    def _check_texts(self, field: str, texts: tuple[str, ...]) -> None:
        if not texts or not all(text.strip() for text in texts):
            raise InvalidInputError(
                f"`{field}` must hold text and nothing blank, but example {self.id!r} has {texts!r:.80}"
            )
        try:
            "".join(texts).encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"`{field}` must be valid Unicode, but in example {self.id!r} {error.reason}"
            ) from error
