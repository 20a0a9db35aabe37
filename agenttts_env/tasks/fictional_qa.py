"""Questions about an invented world: any number of them, from a seed, with nothing to download.

A question of n hops names an entity and asks for what n relations lead to ("Who taught the author of the novel
Brondaal?"). Nobody can know the answer, so it has to be found among the sentences, and it stands in the sentence of
the last hop only. The distractors are other facts of the same kinds: about other people, places and works connected
by the same relations, and other facts about the entities along the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.fictional_world import (
    RELATIONS,
    Entity,
    Fact,
    Generator,
    Namer,
    Relation,
    follow,
    pick,
    relations_of,
)
from agenttts_env.tasks.retrieval_example import RetrievalExample

MAX_HOPS = 4

Form = Literal["sentence", "triple"]
"""How facts are stated."""

# What a generator is for is part of its seed, so that no seed of a user makes the demonstrations.
_FOR_EXAMPLES = 1
_FOR_DEMONSTRATIONS = 2


@dataclass(frozen=True)
class Demonstration:
    """An example whose solution can be shown.

    Attributes:
        example: the example.
        chain: positions of its gold sentences, in the order in which they lead from the question to the answer.
    """

    example: RetrievalExample
    chain: tuple[int, ...]


def generate(size: int, *, seed: int, hops: int = 2, distractors: int = 4) -> tuple[RetrievalExample, ...]:
    """The first ``size`` examples of a seed. Example i depends on the other arguments, but not on ``size``.

    Args:
        size: number of examples, >= 1.
        seed: any integer >= 0.
        hops: number of sentences needed to answer, 1 to 4.
        distractors: number of further sentences, >= 1.

    Raises:
        InvalidInputError: an argument is out of range.
    """
    for name, value, least in (
        ("size", size, 1),
        ("seed", seed, 0),
        ("hops", hops, 1),
        ("distractors", distractors, 1),
    ):
        if value < least:
            raise InvalidInputError(f"`{name}` must be >= {least}, but is {value}")
    if hops > MAX_HOPS:
        raise InvalidInputError(f"`hops` must be <= {MAX_HOPS}, but is {hops}")
    return tuple(_solved(_FOR_EXAMPLES, seed, index, hops, distractors, "sentence").example for index in range(size))


@cache
def demonstrations(size: int, form: Form = "sentence") -> tuple[Demonstration, ...]:
    """Fixed two-hop examples to show to a model; they are those of no seed of :func:`generate`."""
    return tuple(_solved(_FOR_DEMONSTRATIONS, 0, index, hops=2, distractors=4, form=form) for index in range(size))


def _solved(purpose: int, seed: int, index: int, hops: int, distractors: int, form: Form) -> Demonstration:
    rng = np.random.default_rng([purpose, seed, index])
    namer = Namer(rng)
    path = _path(rng, hops)
    chain = _chain(namer, path)
    start, answer = chain[0].subject, chain[-1].object
    facts = [*chain, *islice(_distractors(rng, namer, path, chain), distractors)]
    assert follow(facts, start, path) == answer, "a distractor contradicts the chain"
    if form == "triple":
        texts = [fact.triple.text for fact in facts]
    else:
        texts = [fact.sentence(int(rng.integers(len(fact.relation.sentences)))) for fact in facts]
    order = [int(position) for position in rng.permutation(len(facts))]
    positions = tuple(order.index(hop) for hop in range(hops))
    example = RetrievalExample(
        id=f"fictional-{seed}-{index}",
        question=_question(rng, start, path),
        answers=tuple(dict.fromkeys((answer.name, answer.mention))),
        candidates=tuple(texts[position] for position in order),
        gold=frozenset(positions),
    )
    return Demonstration(example, positions)


def _path(rng: Generator, hops: int) -> list[Relation]:
    path = [pick(rng, RELATIONS)]
    while len(path) < hops:
        following = relations_of(path[-1].object)
        path.append(pick(rng, [relation for relation in following if relation not in path] or following))
    return path


def _chain(namer: Namer, path: list[Relation]) -> list[Fact]:
    chain = []
    subject = namer.entity(path[0].subject)
    for relation in path:
        chain.append(Fact(subject, relation, namer.entity(relation.object)))
        subject = chain[-1].object
    return chain


def _distractors(rng: Generator, namer: Namer, path: list[Relation], chain: list[Fact]) -> Iterator[Fact]:
    """Facts without end: a parallel chain, other facts about the chain's entities, and more parallel chains."""
    yield from reversed(_chain(namer, path))
    for fact in chain:
        others = [relation for relation in relations_of(fact.subject.kind) if relation != fact.relation]
        relation = pick(rng, others)
        yield Fact(fact.subject, relation, namer.entity(relation.object))
    while True:
        yield from reversed(_chain(namer, path))


def _question(rng: Generator, start: Entity, path: list[Relation]) -> str:
    asked_about = start.mention
    for relation in path[:-1]:
        asked_about = pick(rng, relation.phrases).format(s=asked_about)
    return pick(rng, path[-1].questions).format(s=asked_about)
