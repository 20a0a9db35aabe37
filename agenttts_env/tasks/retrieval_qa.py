"""Retrieval, then an answer: the pipeline of the question-answering tasks.

Stage ``retrieve`` sees the question and all candidates, and its output is a tuple of their 0-based positions. Stage
``answer`` sees the question and the chosen candidates only, and its output is a short answer. Where no sample of
``retrieve`` could be parsed, ``answer`` gets the question without any candidate, and the F1 of the retrieval is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast, get_args

from agenttts_env.engines.base import Message, Prompt
from agenttts_env.errors import InvalidInputError
from agenttts_env.metrics import contains_match, exact_match, normalise, set_scores, token_f1
from agenttts_env.pipeline import Output, Pipeline
from agenttts_env.tasks.fictional_qa import Demonstration, Form, demonstrations
from agenttts_env.tasks.replies import last_answer, last_numbers, one_line
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.variant import get_variant

METRICS = ("em", "contains", "f1", "ret_f1")
"""Strict match of the answer (main), containment of a gold answer, F1 of its words, F1 of the chosen candidates."""

_SYSTEM = {
    "retrieve": (
        "You find the {unit}s that a question needs. Its answer often takes several of them, where one leads to "
        "the next."
    ),
    "answer": (
        "You answer a question with the help of the {unit}s that come with it; where they do not suffice, use what "
        "you know. The answer is a name, a date, a number, a few words, or yes or no."
    ),
}

_ABOUT = {
    "sentence": "",
    "triple": (
        " A triple is written as subject | relation | object; unnamed-1 and the like stand for things without a name."
    ),
}

# The format stands at the end of the request: behind a hundred candidates, small models forget what came before them.
_FORMAT = {
    "retrieve": "End your reply with one line that begins with {label}: and lists the numbers of those needed.",
    "answer": "End your reply with one line that begins with {label}: and holds nothing but the answer.",
}


@dataclass(frozen=True)
class RetrievalQA(Pipeline):
    """Prompts, parsing, fusing and scoring of retrieval-then-answer.

    Attributes:
        demonstrations: how many worked examples, about an invented world, each prompt begins with.
        variant: what kind of reply is asked for, by name; see :mod:`agenttts_env.tasks.variant`.
        unit: what a candidate is called (in prompts and in replies: ``Triples: ...``) and is in the worked examples.

    Raises:
        InvalidInputError: ``demonstrations`` is negative, or there is no such variant or unit.
    """

    demonstrations: int = 3
    variant: str = "direct"
    unit: Form = "sentence"

    def __post_init__(self) -> None:
        if self.demonstrations < 0:
            raise InvalidInputError(f"`demonstrations` must be >= 0, but is {self.demonstrations}")
        get_variant(self.variant)
        if self.unit not in get_args(Form):
            raise InvalidInputError(f"`unit` must be one of {get_args(Form)}, but is {self.unit!r}")

    def prompt(self, stage: str, example: RetrievalExample, upstream: Mapping[str, Output]) -> Prompt:
        """The worked examples, then the question and its candidates (``answer``: the chosen ones, renumbered)."""
        turns = [Message("system", _SYSTEM[stage].format(unit=self.unit) + _ABOUT[self.unit])]
        if self.demonstrations:
            for shown in demonstrations(self.demonstrations, self.unit):
                turns.append(Message("user", self._request(stage, shown.example, sorted(shown.example.gold))))
                turns.append(Message("assistant", self._reply(stage, shown)))
        chosen = cast("tuple[int, ...] | None", upstream.get("retrieve")) or ()
        return (*turns, Message("user", self._request(stage, example, chosen)))

    def parse(self, stage: str, text: str, example: RetrievalExample, upstream: Mapping[str, Output]) -> Output:
        """What the last line ``Sentences: ...`` or ``Answer: ...`` says; see :mod:`agenttts_env.tasks.replies`."""
        return last_numbers(text, self.unit, len(example.candidates)) if stage == "retrieve" else last_answer(text)

    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        """The majority.

        For ``retrieve``: as many candidates as most samples chose, and those that most samples chose. For ``answer``:
        the most frequent answer after normalisation, as it was first written. The first seen of equals wins.
        """
        if stage == "answer":
            answers = cast("Sequence[str]", outputs)
            best = Counter(normalise(answer) for answer in answers).most_common(1)[0][0]
            return next(answer for answer in answers if normalise(answer) == best)
        choices = cast("Sequence[tuple[int, ...]]", outputs)
        count = Counter(len(choice) for choice in choices).most_common(1)[0][0]
        return tuple(sorted(position for position, _ in Counter(chain.from_iterable(choices)).most_common(count)))

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        """The stage's own prompt with the samples' texts below it: the model sees nothing that a sample did not."""
        replies = "\n".join(f"Reply {number}: {one_line(text)}" for number, text in enumerate(texts, 1))
        request = (
            f"{prompt[-1].content}\n\nHere are {len(texts)} replies that others gave to this; some may be wrong:\n"
            f"{replies}\n\nCompare them and give one final reply, "
            f"which ends with a line that begins with {self._label(stage)}:"
        )
        return (*prompt[:-1], Message("user", request))

    def score(self, example: RetrievalExample, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        """The metrics of :data:`METRICS`; an output that is missing or None scores 0."""
        answer = cast("str | None", outputs.get("answer")) or ""
        chosen = cast("tuple[int, ...] | None", outputs.get("retrieve")) or ()
        return {
            "em": exact_match(answer, example.answers),
            "contains": contains_match(answer, example.answers),
            "f1": token_f1(answer, example.answers),
            "ret_f1": set_scores(chosen, example.gold).f1,
        }

    def _request(self, stage: str, example: RetrievalExample, chosen: Sequence[int]) -> str:
        shown = example.candidates if stage == "retrieve" else [example.candidates[position] for position in chosen]
        texts = "\n".join(f"[{number}] {one_line(text)}" for number, text in enumerate(shown, 1))
        question = f"Question: {one_line(example.question)}"
        form = get_variant(self.variant).instruction + _FORMAT[stage].format(label=self._label(stage))
        return f"{texts or f'(no {self.unit}s)'}\n\n{question}\n{form}"

    def _reply(self, stage: str, shown: Demonstration) -> str:
        example = shown.example
        if stage == "retrieve":
            result = ", ".join(str(position + 1) for position in sorted(example.gold))
            steps = [f"[{position + 1}] {one_line(example.candidates[position])}" for position in shown.chain]
        else:
            result = example.answers[0]
            steps = [one_line(example.candidates[position]) for position in shown.chain]
        reply = f"{self._label(stage)}: {result}"
        return f"{' '.join(steps)}\n{reply}" if get_variant(self.variant).reasons else reply

    def _label(self, stage: str) -> str:
        return f"{self.unit.capitalize()}s" if stage == "retrieve" else "Answer"
