"""An invented world: people, places and works with made-up names, and plain English sentences about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import numpy as np

from agenttts_env.tasks.triple import Triple

Kind = Literal["person", "town", "land", "river", "guild", "novel", "song"]

Generator: TypeAlias = np.random.Generator

T = TypeVar("T")

_MENTIONS: dict[Kind, str] = {
    "person": "{}",
    "town": "{}",
    "land": "the land of {}",
    "river": "the river {}",
    "guild": "the {} Guild",
    "novel": "the novel {}",
    "song": "the song {}",
}

# Short parts, so that a tokenizer of English needs two or three tokens for most names.
_ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "z",
)
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("l", "n", "r", "s", "m", "d")
_ENDINGS: dict[Kind, tuple[str, ...]] = {
    "person": ("an", "or", "ia", "us", "en", "ric"),
    "town": ("burg", "ford", "mere", "stead", "wick", "holm"),
    "land": ("aria", "onia", "und", "esh"),
    "river": ("ane", "oor", "ith", "une"),
    "guild": ("ax", "orn", "ill", "ump"),
    "novel": ("aal", "ix", "oth", "ume"),
    "song": ("ay", "ella", "ine", "oo"),
}


@dataclass(frozen=True)
class Entity:
    """Somebody or something with a name."""

    kind: Kind
    name: str

    @property
    def mention(self) -> str:
        """The name as it stands in a sentence, for example ``the river Domane``."""
        return _MENTIONS[self.kind].format(self.name)


@dataclass(frozen=True)
class Relation:
    """What connects a subject to its one object.

    Attributes:
        name: in a triple, where the subject's kind stands before it.
        subject: kind of the subject.
        object: kind of the object.
        sentences: ways to state a fact; ``{s}`` is the subject, ``{o}`` the object.
        phrases: ways to name the object by its subject.
        questions: ways to ask for the object.
    """

    name: str
    subject: Kind
    object: Kind
    sentences: tuple[str, ...]
    phrases: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """One sentence's worth of the world."""

    subject: Entity
    relation: Relation
    object: Entity

    def sentence(self, form: int) -> str:
        """The fact in words; ``form`` chooses among the relation's ways to state it."""
        text = self.relation.sentences[form].format(s=self.subject.mention, o=self.object.mention)
        return text[0].upper() + text[1:]

    @property
    def triple(self) -> Triple:
        """The fact as a knowledge graph would hold it."""
        return Triple(self.subject.name, f"{self.subject.kind}.{self.relation.name}", self.object.name)


RELATIONS: tuple[Relation, ...] = (
    Relation(
        "birthplace",
        "person",
        "town",
        ("{s} was born in {o}.", "{o} is the birthplace of {s}."),
        ("the town where {s} was born", "the birthplace of {s}"),
        ("In which town was {s} born?", "What is the birthplace of {s}?"),
    ),
    Relation(
        "teacher",
        "person",
        "person",
        ("{s} was taught by {o}.", "{o} was the teacher of {s}."),
        ("the teacher of {s}", "the person who taught {s}"),
        ("Who taught {s}?", "Who was the teacher of {s}?"),
    ),
    Relation(
        "guild",
        "person",
        "guild",
        ("{s} is a member of {o}.", "{s} belongs to {o}."),
        ("the guild of which {s} is a member", "the guild to which {s} belongs"),
        ("Of which guild is {s} a member?", "To which guild does {s} belong?"),
    ),
    Relation(
        "author",
        "novel",
        "person",
        ("{s} was written by {o}.", "{o} wrote {s}.", "{o} is the author of {s}."),
        ("the author of {s}", "the person who wrote {s}"),
        ("Who wrote {s}?", "Who is the author of {s}?"),
    ),
    Relation(
        "setting",
        "novel",
        "town",
        ("{s} is set in {o}.", "{s} tells of life in {o}."),
        ("the town in which {s} is set", "the setting of {s}"),
        ("In which town is {s} set?", "What is the setting of {s}?"),
    ),
    Relation(
        "composer",
        "song",
        "person",
        ("{s} was composed by {o}.", "{o} composed {s}."),
        ("the composer of {s}", "the person who composed {s}"),
        ("Who composed {s}?", "Who is the composer of {s}?"),
    ),
    Relation(
        "first_singer",
        "song",
        "person",
        ("{s} was first sung by {o}.", "{o} was the first to sing {s}."),
        ("the first singer of {s}", "the person who first sang {s}"),
        ("Who was the first to sing {s}?", "Who first sang {s}?"),
    ),
    Relation(
        "founder",
        "guild",
        "person",
        ("{s} was founded by {o}.", "{o} founded {s}."),
        ("the founder of {s}", "the person who founded {s}"),
        ("Who founded {s}?", "Who is the founder of {s}?"),
    ),
    Relation(
        "hall",
        "guild",
        "town",
        ("{s} has its hall in {o}.", "{o} houses the hall of {s}."),
        ("the town where {s} has its hall", "the town that houses the hall of {s}"),
        ("In which town does {s} have its hall?", "Which town houses the hall of {s}?"),
    ),
    Relation(
        "capital",
        "land",
        "town",
        ("{o} is the capital of {s}.", "{s} has {o} as its capital."),
        ("the capital of {s}",),
        ("What is the capital of {s}?", "Which town is the capital of {s}?"),
    ),
    Relation(
        "ruler",
        "land",
        "person",
        ("{s} is ruled by {o}.", "{o} rules {s}."),
        ("the ruler of {s}", "the person who rules {s}"),
        ("Who rules {s}?", "Who is the ruler of {s}?"),
    ),
    Relation(
        "mayor",
        "town",
        "person",
        ("{o} is the mayor of {s}.", "The mayor of {s} is {o}."),
        ("the mayor of {s}",),
        ("Who is the mayor of {s}?",),
    ),
    Relation(
        "river",
        "town",
        "river",
        ("{s} stands on {o}.", "{o} flows through {s}."),
        ("the river on which {s} stands", "the river that flows through {s}"),
        ("On which river does {s} stand?", "Which river flows through {s}?"),
    ),
    Relation(
        "mouth",
        "river",
        "town",
        ("{s} meets the sea at {o}.", "{s} ends at {o}, on the coast."),
        ("the town where {s} meets the sea",),
        ("In which town does {s} meet the sea?",),
    ),
    Relation(
        "first_charted_by",
        "river",
        "person",
        ("{s} was first charted by {o}.", "{o} drew the first chart of {s}."),
        ("the person who first charted {s}", "the person who drew the first chart of {s}"),
        ("Who first charted {s}?", "Who drew the first chart of {s}?"),
    ),
)
"""Every relation gives a subject one object; every kind that is an object is also a subject, so chains never end."""


class Namer:
    """Makes entities of which no name is another's, nor a part of it.

    Args:
        rng: where the syllables come from.
    """

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._names: list[str] = []

    def entity(self, kind: Kind) -> Entity:
        """A new entity of this kind."""
        while True:
            name = "".join(pick(self._rng, part) for part in (_ONSETS, _VOWELS, _CODAS, _ENDINGS[kind])).capitalize()
            if not any(name.lower() in other.lower() or other.lower() in name.lower() for other in self._names):
                self._names.append(name)
                return Entity(kind, name)


def relations_of(kind: Kind) -> list[Relation]:
    """The relations that a subject of this kind has."""
    return [relation for relation in RELATIONS if relation.subject == kind]


def follow(facts: Iterable[Fact], start: Entity, path: Sequence[Relation]) -> Entity | None:
    """The entity that a path of relations leads to, or None if a fact is missing or contradicted by another."""
    known = list(facts)
    at = start
    for relation in path:
        objects = {fact.object for fact in known if fact.subject == at and fact.relation == relation}
        if len(objects) != 1:
            return None
        at = objects.pop()
    return at


def pick(rng: Generator, options: Sequence[T]) -> T:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]
