"""Triples of a knowledge graph: subject, relation, object."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from agenttts_env.tasks.records import Record
from agenttts_env.tasks.replies import one_line

_UNNAMED = re.compile(r"[mg]\.[0-9][0-9a-z_]*")


class Triple(NamedTuple):
    """One fact of a knowledge graph."""

    subject: str
    relation: str
    object: str

    @property
    def text(self) -> str:
        """The triple as models read it, for example ``Lou Seal | sports.mascot.team | San Francisco Giants``."""
        return " | ".join(self)


def tidy(part: str) -> str:
    """A part of a triple on one line, and without the bar that separates the parts."""
    return one_line(part.replace("|", "/"))


def is_unnamed(entity: str) -> bool:
    """Whether this is a Freebase id, such as ``m.0h3d7qj``, that nobody resolved to a name."""
    return _UNNAMED.fullmatch(entity) is not None


def name_unnamed(triples: Iterable[Triple]) -> tuple[Triple, ...]:
    """The triples with ``unnamed-1``, ``unnamed-2``, ... for their unresolved ids, numbered as they appear.

    Most such things have no name to resolve: they stand for a term of office or a role in a film and connect the
    triples that mention them. So these triples are kept, and what they share can still be seen.
    """
    numbers: dict[str, str] = {}

    def name(entity: str) -> str:
        return numbers.setdefault(entity, f"unnamed-{len(numbers) + 1}") if is_unnamed(entity) else entity

    return tuple(Triple(name(subject), relation, name(object_)) for subject, relation, object_ in triples)


def read_triples(record: Record, field: str) -> tuple[Triple, ...]:
    """The triples of a record's field, each once; those with a blank part say nothing and are passed over.

    Raises:
        InvalidInputError: the field is missing, or is no list of triples of texts.
    """
    value = record.value(field)
    if not isinstance(value, list):
        raise record.error(f"`{field}` must be a list of triples, but is {value!r:.80}")
    for row in value:
        if not isinstance(row, list | tuple) or len(row) != 3 or not all(isinstance(part, str) for part in row):
            raise record.error(f"`{field}` must hold triples of texts, but holds {row!r:.80}")
    return tuple(triple for triple in dict.fromkeys(Triple(*map(tidy, row)) for row in value) if all(triple))


def read_names(record: Record, field: str) -> tuple[str, ...]:
    """The names of entities in a record's field, written as in :func:`read_triples`.

    Raises:
        InvalidInputError: the field is missing, or is no list of texts.
    """
    value = record.value(field)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise record.error(f"`{field}` must be a list of names, but is {value!r:.80}")
    return tuple(map(tidy, value))
