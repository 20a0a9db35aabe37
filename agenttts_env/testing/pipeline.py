"""The rules of a pipeline, method by method: :func:`~agenttts_env.testing.task.check_task` runs them all."""

from __future__ import annotations

import importlib.util
import json
import numbers
import re
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args, get_type_hints

import numpy as np

from agenttts_env.engines.base import Message, Prompt
from agenttts_env.engines.random_json import random_json
from agenttts_env.errors import InvalidInputError
from agenttts_env.pipeline import Example, Output, Pipeline
from agenttts_env.task import Task
from agenttts_env.testing.hostile import growing_texts, hostile_texts
from agenttts_env.testing.rule import broken, called, short

_MOST_VOTED = 12
_SECONDS = 0.5
_NOT_RANDOM = "The store looks samples up by prompt, and a resumed search must find what it left: use no randomness."


@dataclass(frozen=True)
class Case:
    """One example at one stage.

    Attributes:
        pipeline: under test.
        twin: the same pipeline, built again: what a pipeline remembers, its twin does not know.
        stage: name of the stage.
        example: the example.
        upstream: outputs of the stages before; read-only, so that a method that writes into it raises.
    """

    pipeline: Pipeline
    twin: Pipeline
    stage: str
    example: Example
    upstream: Mapping[str, Output]

    def __str__(self) -> str:
        outputs = f", after {short(dict(self.upstream))}" if self.upstream else ""
        return f"stage {self.stage!r}, example {short(getattr(self.example, 'id', self.example), 60)}{outputs}"


def check_prompt(case: Case, forbidden: str | None) -> Prompt | None:
    """The prompt of a case.

    Args:
        case: the example and the stage.
        forbidden: what the prompt's last message must not hold.
    """
    arguments = (case.stage, case.example, case.upstream)
    mend = "Every stage before may have the output None, and every output that `parse` can return; leave them as is."
    prompt: Prompt | None = called(str(case), "`prompt`", mend, case.pipeline.prompt, *arguments)
    if prompt is not None:
        _check_messages(str(case), "`prompt`", prompt)
    for pipeline in (case.pipeline, case.twin):
        if pipeline.prompt(*arguments) != prompt:
            broken(str(case), "`prompt` must depend on its arguments only", "asked again, it differs", _NOT_RANDOM)
    if prompt is None:
        return None
    request = prompt[-1].content  # worked examples before it may have the same answer by chance
    if forbidden and re.search(rf"(?<!\w){re.escape(forbidden)}(?!\w)", request, re.IGNORECASE):
        broken(
            str(case),
            "`prompt` must not show the gold answer",
            f"it holds {short(forbidden)}",
            "Build it from what the model may see (or let `gold_text` return something that only gold holds).",
        )
    return prompt


def _check_messages(where: str, what: str, prompt: Prompt) -> None:
    if not isinstance(prompt, tuple) or not prompt or not all(isinstance(message, Message) for message in prompt):
        broken(where, f"{what} must be a tuple of Messages", f"is {short(prompt)}", "Return (Message('user', text),).")
    roles = [message.role for message in prompt]
    known = get_args(get_type_hints(Message)["role"])
    if not set(roles) <= set(known) or "system" in roles[1:] or roles[-1] != "user":
        broken(
            where,
            f"{what} must be turns of {', '.join(known)}, system first, user last",
            f"its roles are {roles}",
            "Chat templates refuse other orders, or answer for the user.",
        )
    for message in prompt:
        if not isinstance(message.content, str) or not message.content.strip():
            broken(where, f"every message of {what} must hold text", f"one holds {short(message.content)}", "Add some.")
        try:
            message.content.encode()
        except UnicodeEncodeError as error:
            broken(
                where,
                f"{what} must be valid Unicode",
                f"{short(message.content[max(error.start - 20, 0) : error.end + 20])} is not",
                "JSON escapes can smuggle lone surrogates in: drop them in `parse` (encode with errors='replace').",
            )


def check_skip(case: Case) -> Output:
    """The output of a stage that has no prompt."""
    mend = "Where `prompt` returns None, `skip` returns the stage's output for this example."
    output: Output = called(str(case), "`skip`", mend, case.pipeline.skip, case.stage, case.example, case.upstream)
    _check_output(str(case), "`skip`", output)
    return output


def check_parse(case: Case, prompt: Prompt, replies: Sequence[str]) -> list[Hashable]:
    """All outputs that a battery of texts led to, each once; those of good replies come first."""
    found: list[Output] = []
    for text in (*replies, *hostile_texts(prompt, replies)):
        where = f"{case}, text {short(text)}"
        arguments = (case.stage, text, case.example, case.upstream)
        mend = "A text that states no output is None: look before you convert, or catch what can be raised."
        output = called(where, "`parse`", mend, case.pipeline.parse, *arguments)
        _check_output(where, "`parse`", output)
        for pipeline in (case.pipeline, case.twin):
            again = pipeline.parse(*arguments)
            if again != output:
                rule = "`parse` must depend on its arguments only, and an output must equal itself"
                found_twice = f"gave {short(output)} and then {short(again)}"
                broken(where, rule, found_twice, "Use no randomness and no state, and let no NaN through.")
        found.append(output)
    for text, output in zip(replies, found, strict=False):
        if output is None:
            mend = "Either `parse` or what `answers` returns is wrong."
            broken(str(case), "`parse` must read a good reply", f"of {short(text)} it made None", mend)
    return [output for output in dict.fromkeys(found) if output is not None]


def _check_output(where: str, what: str, output: Output) -> None:
    try:
        hash(output)
    except TypeError:
        mend = "A vote counts equal outputs: return a tuple for a list, a frozenset for a set, a frozen dataclass."
        broken(where, f"{what} must return something hashable or None", f"gave {short(output)}", mend)


def check_speed(case: Case, reply: str) -> None:
    """That a long text takes no more than about linear time."""
    for texts in growing_texts(reply):
        for text in texts:
            begun = time.process_time()
            mend = "A model may ramble to its last token: bound recursion and nesting."
            arguments = (case.stage, text, case.example, case.upstream)
            called(f"{case}, {len(text)} characters {short(text)}", "`parse`", mend, case.pipeline.parse, *arguments)
            took = time.process_time() - begun
            if took > _SECONDS:
                broken(
                    f"{case}, text {short(text)}",
                    "`parse` must take time about linear in the text",
                    f"{len(text):,} characters took {took:.1f} s",
                    "In a regular expression bound the repetitions ({0,20} for *), so that it cannot backtrack far.",
                )


def check_vote(case: Case, outputs: Sequence[Hashable]) -> list[tuple[str, Sequence[Hashable]]]:
    """That votes are unanimous where their outputs are, of their kind, and repeatable. Returns the votes taken."""
    some = list(outputs[:_MOST_VOTED])
    rounds: list[list[Hashable]] = [[output] for output in some] + [[output] * 3 for output in some]
    alike = rounds[:]
    if len(some) > 1:
        rounds += [some, some[::-1], [*some, some[1]], *map(list, pairwise(some)), [some[1], some[0], some[1]]]
    for votes in rounds:
        where, given = f"{case}, outputs {short(votes)}", list(votes)
        mend = "It gets one output or more, each of which `parse` can return."
        fused = called(where, "`vote`", mend, case.pipeline.vote, case.stage, given)
        _check_output(where, "`vote`", fused)
        if given != votes:
            broken(where, "`vote` must leave its argument as it is", f"it became {short(given)}", "Work on a copy.")
        if votes in alike and fused != votes[0]:
            rule, found = "`vote` over equal outputs must return that output", f"it returned {short(fused)}"
            mend = (
                "Mind Counter.most_common, which holds pairs; let `parse` return outputs in the form that `vote` has."
            )
            broken(where, rule, found, mend)
        if fused is not None and not any(isinstance(fused, type(output)) for output in votes):
            found = f"it returned the {type(fused).__name__} {short(fused)}"
            broken(where, "`vote` must return an output of its arguments' kind", found, "The next stage expects one.")
        for pipeline in (case.pipeline, case.twin):
            if pipeline.vote(case.stage, list(votes)) != fused:
                broken(where, "`vote` must depend on its arguments only", "asked again, it differs", _NOT_RANDOM)
    return [(case.stage, votes) for votes in rounds]


def check_fusion(case: Case, prompt: Prompt, needed: bool) -> None:
    """The fusing prompt, where there is one."""
    battery = [text for text in hostile_texts(prompt) if len(text) < 100 and not re.search("[\ud800-\udfff]", text)]
    for texts in (["a grey umbrella", "two lanterns"], *(battery[start : start + 3] for start in range(0, 60, 3))):
        where = f"{case}, replies {short(texts)}"
        try:
            fused = case.pipeline.fusion_prompt(case.stage, prompt, texts)
        except NotImplementedError:
            if needed:
                mend = "Write `fusion_prompt`, or let the stage vote."
                broken(str(case), "`fusion_prompt` must be there where a stage's fusion is 'llm'", "it is not", mend)
            return
        except Exception as error:
            found, mend = f"it raised {error!r:.200}", "A reply may be any text."
            broken(where, "`fusion_prompt` must not raise", found, mend)
        _check_messages(where, "`fusion_prompt`", fused)
        if case.twin.fusion_prompt(case.stage, prompt, texts) != fused:
            broken(where, "`fusion_prompt` must depend on its arguments only", "asked again, it differs", _NOT_RANDOM)
        shown = " ".join(" ".join(message.content for message in fused).split())
        for text in texts[:2] if "umbrella" in texts[0] else ():
            if text not in shown:
                mend = "Otherwise its samples are paid for and not used."
                broken(where, "`fusion_prompt` must show every reply", f"it lacks {text!r}", mend)


def check_schema(pipeline: Pipeline, stage: str) -> None:
    """The JSON schema of a stage's replies, where there is one."""
    where = f"stage {stage!r}"
    schema = called(where, "`schema`", "Return a JSON schema as a dictionary, or None.", pipeline.schema, stage)
    if schema is None:
        return
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as error:
        broken(where, "`schema` must be JSON", f"{error}", "Make it of dict, list, str, numbers, booleans and None.")
    if json.dumps(pipeline.schema(stage)) != text:
        broken(where, "`schema` must be the same every time", "asked again, it differs", _NOT_RANDOM)
    try:
        for seed in range(3):
            random_json(json.loads(text), ["word"], np.random.default_rng(seed))
    except (InvalidInputError, KeyError, TypeError, AttributeError, RecursionError) as error:
        mend = "See agenttts_env.engines.random_json for the keywords that there are."
        broken(where, "`schema` must use the keywords that every engine knows", f"{error!r:.200}", mend)
    if importlib.util.find_spec("xgrammar") is not None:
        import xgrammar

        try:
            xgrammar.Grammar.from_json_schema(text, any_whitespace=False)
        except Exception as error:
            broken(
                where, "`schema` must compile to a grammar", f"xgrammar says {error!s:.200}", "Mind types and names."
            )


def check_score(task: Task, case: Case, outputs: Mapping[str, Output]) -> None:
    """The scores of an example."""
    where = f"example {short(getattr(case.example, 'id', case.example), 60)}, outputs {short(dict(outputs), 200)}"
    mend = "Every stage's output may be None, and everything that `parse` can return."
    scores = called(where, "`score`", mend, case.pipeline.score, case.example, outputs)
    if not isinstance(scores, Mapping) or set(scores) != set(task.metrics):
        found = f"it gave {short(list(scores) if isinstance(scores, Mapping) else scores)}"
        broken(where, f"`score` must give the metrics {', '.join(task.metrics)}", found, "No more and no fewer.")
    for metric, value in scores.items():
        if not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
            mend = "Divide by the largest value; where that is 0, decide between 0 and 1."
            broken(where, "every score must be a number in [0, 1]", f"{metric!r} is {short(value)}", mend)
    if dict(case.twin.score(case.example, outputs)) != dict(scores):
        broken(where, "`score` must depend on its arguments only", "asked again, it differs", _NOT_RANDOM)
    last = task.stages[-1].name
    if outputs[last] is None and scores[task.main_metric] != 0:
        found = f"{task.main_metric!r} is {scores[task.main_metric]}"
        mend = "Failures count: an output that could not be parsed is never right."
        broken(where, f"without an output of {last!r} the main metric must be 0", found, mend)
