"""From questions over a knowledge graph to examples with about 100 candidate triples each."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, islice

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.fictional_world import Generator
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.triple import Triple, is_unnamed, name_unnamed

CANDIDATES = 100

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class GraphQuestion:
    """A question and the part of the graph around it.

    Attributes:
        number: position of its record in the data set, from 1.
        question: the question.
        answers: names of the gold answers; unresolved ids among them are no answers and are dropped.
        gold: the triples that it needs.
        near: other triples around its entities, the first choice for distractors; those of ``gold`` count as gold.
    """

    number: int
    question: str
    answers: tuple[str, ...]
    gold: tuple[Triple, ...]
    near: tuple[Triple, ...] = ()

    def __post_init__(self) -> None:
        named = (answer for answer in self.answers if answer.strip() and not is_unnamed(answer))
        object.__setattr__(self, "answers", tuple(dict.fromkeys(named)))
        object.__setattr__(self, "gold", tuple(dict.fromkeys(self.gold)))
        gold = set(self.gold)
        object.__setattr__(self, "near", tuple(triple for triple in dict.fromkeys(self.near) if triple not in gold))


def build_examples(
    name: str, questions: Iterable[GraphQuestion], *, seed: int, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """Examples with the questions' candidates; ids are ``<name>-<number>``.

    The candidates of a question are all its gold triples and, up to ``candidates`` in all, distractors: first the
    triples near it, then gold triples of other questions that mention none of its answers. Of either kind, those come
    first whose relation shares most leading parts with a gold relation (``people.person.parents``: the same relation,
    then ``people.person``, then ``people``, then the rest), in random order among equals. All are shuffled, and
    unresolved ids become ``unnamed-1`` and so on (:func:`agenttts_env.tasks.triple.name_unnamed`); which triples hold
    such an id has no influence on the choice, as it would tell the gold from the rest.

    Left out, and reported as a warning in the log, are questions without gold triples or named answers, and questions
    with so many gold triples that there would be no room for a distractor: no gold triple is ever dropped.

    Args:
        name: of the data set.
        questions: in the order of the file.
        seed: of the choice among equals and of the order.
        candidates: how many triples a question has to choose from, >= 2; fewer only if the data set has no more.

    Raises:
        InvalidInputError: ``candidates`` is out of range, or no question is left.
    """
    if candidates < 2:
        raise InvalidInputError(f"`candidates` must be >= 2, but is {candidates}")
    drafts: list[tuple[GraphQuestion, Generator]] = []
    unanswered = crowded = 0
    for question in questions:
        if not (question.gold and question.answers):
            unanswered += 1
        elif len(question.gold) >= candidates:
            crowded += 1
        else:
            rng = np.random.default_rng([seed, question.number])
            chosen = islice(_nearest(_by_relation(question.near), question.gold, rng), candidates - len(question.gold))
            drafts.append((replace(question, near=tuple(chosen)), rng))
    if unanswered or crowded:
        reasons = f"{unanswered} without gold triples or answers, {crowded} with {candidates} gold triples or more"
        _LOG.warning("%s: %d questions stay, %d are left out: %s", name, len(drafts), unanswered + crowded, reasons)
    if not drafts:
        raise InvalidInputError(
            f"{name} must hold a question with an answer and 1 to {candidates - 1} gold triples, but holds none"
        )
    pool = _by_relation(dict.fromkeys(chain.from_iterable(question.gold for question, _ in drafts)))
    return tuple(_example(name, question, pool, candidates, rng) for question, rng in drafts)


def _example(
    name: str, question: GraphQuestion, pool: Mapping[str, Sequence[Triple]], count: int, rng: Generator
) -> RetrievalExample:
    own = {*question.gold, *question.near}
    answers = set(question.answers)
    others = (
        triple
        for triple in _nearest(pool, question.gold, rng)
        if triple not in own and answers.isdisjoint((triple.subject, triple.object))
    )
    triples = [*question.gold, *question.near, *islice(others, count - len(own))]
    order = rng.permutation(len(triples))
    return RetrievalExample(
        id=f"{name}-{question.number}",
        question=question.question,
        answers=question.answers,
        candidates=tuple(triple.text for triple in name_unnamed(triples[position] for position in order)),
        gold=frozenset(place for place, position in enumerate(order) if position < len(question.gold)),
    )


def _nearest(triples: Mapping[str, Sequence[Triple]], gold: Iterable[Triple], rng: Generator) -> Iterator[Triple]:
    """Triples by relation, those with relations most like the gold ones' first."""
    families = set(chain.from_iterable(_families(triple.relation) for triple in gold))
    tiers: dict[int, list[str]] = {}
    for relation in triples:
        tiers.setdefault(sum(family in families for family in _families(relation)), []).append(relation)
    for shared in sorted(tiers, reverse=True):
        equals = [triple for relation in tiers[shared] for triple in triples[relation]]
        yield from (equals[position] for position in rng.permutation(len(equals)))


def _families(relation: str) -> Iterator[str]:
    """``people``, ``people.person``, ``people.person.parents``."""
    return accumulate(relation.split("."), "{}.{}".format)


def _by_relation(triples: Collection[Triple]) -> dict[str, list[Triple]]:
    groups: dict[str, list[Triple]] = {}
    for triple in triples:
        groups.setdefault(triple.relation, []).append(triple)
    return groups
