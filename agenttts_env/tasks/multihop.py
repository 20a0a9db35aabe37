"""Records in HotpotQA's layout: paragraphs of sentences, and the supporting ones among them.

The publishers write ``context`` and ``supporting_facts`` as lists of pairs, the Hugging Face hub as columns
(``{"title": [...], "sentences": [...]}``) or as a list of objects, and some files as a text that holds one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agenttts_env.tasks.records import Record
from agenttts_env.tasks.replies import one_line


class Paragraph(NamedTuple):
    """A paragraph of ``context``; each sentence on one line."""

    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """Title and sentences on one line."""
        return one_line(f"{self.title}: {' '.join(self.sentences)}")


class Support(NamedTuple):
    """One of the ``supporting_facts``: the title of a paragraph and the 0-based position of a sentence in it."""

    title: str
    position: int


def read_paragraphs(record: Record) -> tuple[Paragraph, ...]:
    """The paragraphs of the field ``context``.

    Raises:
        InvalidInputError: the field is missing or has none of the layouts.
    """
    found = []
    for title, sentences in _pairs(record, "context", "sentences"):
        if not (_is_text(title) and isinstance(sentences, list) and all(isinstance(text, str) for text in sentences)):
            raise record.error(f"`context` must hold titles and lists of sentences, but holds {sentences!r:.80}")
        found.append(Paragraph(one_line(str(title)), tuple(map(one_line, sentences))))
    return tuple(found)


def read_supports(record: Record) -> tuple[Support, ...]:
    """The field ``supporting_facts``.

    Raises:
        InvalidInputError: the field is missing or has none of the layouts.
    """
    found = []
    for title, position in _pairs(record, "supporting_facts", "sent_id"):
        if not (_is_text(title) and isinstance(position, int) and position >= 0):
            raise record.error(f"`supporting_facts` must hold titles and numbers, but holds {title!r}, {position!r}")
        found.append(Support(one_line(str(title)), position))
    return tuple(found)


def _pairs(record: Record, field: str, second: str) -> list[tuple[object, object]]:
    value = record.value(field)
    if isinstance(value, Mapping):
        titles, others = value.get("title"), value.get(second)
        if isinstance(titles, list) and isinstance(others, list) and len(titles) == len(others):
            value = [[title, other] for title, other in zip(titles, others, strict=True)]
    elif isinstance(value, list):
        value = [[row.get("title"), row.get(second)] if isinstance(row, Mapping) else row for row in value]
    if not isinstance(value, list) or not value or not all(isinstance(v, list | tuple) and len(v) == 2 for v in value):
        raise record.error(f"`{field}` must hold pairs of `title` and `{second}`, but is {value!r:.80}")
    return [(title, other) for title, other in value]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
