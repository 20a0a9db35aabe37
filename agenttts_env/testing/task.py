"""The contract of a task, as a test that whoever writes one runs with one line."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from types import MappingProxyType

from agenttts_env.errors import InvalidInputError
from agenttts_env.pipeline import Example, Output, Pipeline
from agenttts_env.task import Task
from agenttts_env.tasks.registry import TaskEntry
from agenttts_env.tasks.split import split
from agenttts_env.testing import pipeline as rules
from agenttts_env.testing.live import Answers, check_answers, check_nonsense, check_search
from agenttts_env.testing.rule import broken, called, short
from agenttts_env.testing.twin import Asked, check_elsewhere

_EXAMPLES = 4  # of a data set, on which the pipeline is run
_ODD = 3  # outputs of the stages before, which `parse` made of hostile texts


def check_task(
    task: TaskEntry | Task,
    examples: Sequence[Example] | None = None,
    *,
    data: str | Path | None = None,
    answers: Answers | None = None,
    gold_text: Callable[[Example], str] | None = None,
    elsewhere: bool = True,
) -> None:
    """Check everything about a task that evaluators, the store and the command line rely on.

    The entry: options have defaults, the same arguments load the same examples, ids are unique, questions differ.
    ``prompt``: valid for every stage and example, whatever the stages before gave, None included. ``parse``: raises on
    no text, however hostile or long. ``vote``, ``score``, ``skip``, ``fusion_prompt``, ``schema``: keep their contract.
    All of them are functions of their arguments, in this process and in another. Then the real evaluator runs: with
    perfect replies (where ``answers`` is given), with nonsense, and in a search that is resumed.

    Args:
        task: the task; or its entry, whose defaults are built and loaded.
        examples: what to run it on, all of them; by default the first few that the entry loads.
        data: where the entry loads from.
        answers: what a perfect model writes, from (stage, example, upstream outputs); the main metric is then 1.
        gold_text: a text of an example that no request (the last message of a prompt) may hold where all stages before
            gave None.
        elsewhere: also run prompts and votes in another process, which takes a second.

    Raises:
        AssertionError: the task breaks a rule; the message says which, where, and how to mend it.
    """
    twin = task
    if isinstance(task, TaskEntry):
        entry = task
        task, twin = _build(entry), _build(entry)
        if examples is None:
            examples = _load(entry, data)[:_EXAMPLES]
        else:
            _check_examples(f"task {entry.name!r}", examples)
    assert isinstance(task, Task)
    assert isinstance(twin, Task)
    if task.pipeline is None or twin.pipeline is None:
        broken(f"task {task.name!r}", "it must have a pipeline", "it has none", "Give Task(…, pipeline=…).")
    if not examples:
        broken(f"task {task.name!r}", "there must be examples", "there are none", "Pass some as `examples`.")
    before = copy.deepcopy(list(examples))
    asked, votes = _check_pipeline(task, task.pipeline, twin.pipeline, examples, answers, gold_text)
    if elsewhere:
        check_elsewhere(task.pipeline, asked, votes)
    if answers is not None:
        check_answers(task, examples, answers)
    check_nonsense(task, examples)
    check_search(task, examples)
    if list(examples) != before:
        broken("pipeline", "it must leave examples as they are", "it changed one", "Make them frozen dataclasses.")


def _build(entry: TaskEntry) -> Task:
    where = f"task {entry.name!r}, builder"
    for name, parameter in inspect.signature(entry.builder).parameters.items():
        mend = "Options are given by name, as JSON of the type of their default: a text, a number, true or false."
        if parameter.default is parameter.empty or parameter.kind is parameter.POSITIONAL_ONLY:
            broken(where, "its parameters must be options with a default", f"{name!r} is none", mend)
        if parameter.default is None or not _is_json(parameter.default):
            broken(where, "defaults must be JSON and not None", f"{name!r} has {short(parameter.default)}", mend)
    task = called(where, "it", "Without options it makes the task of its defaults.", entry.build)
    if not isinstance(task, Task):
        broken(where, "it must return a Task", f"it returned {short(task)}", "Return Task(…).")
    if task.name != entry.name:
        mend = "Give both the same name: logs have the one, the command line has the other."
        broken(where, "the task's name must be the entry's", f"it is {task.name!r}", mend)
    return task


def _load(entry: TaskEntry, data: str | Path | None) -> tuple[Example, ...]:
    where = f"task {entry.name!r}, loader"
    signature = inspect.signature(entry.loader)
    try:
        signature.bind(None, size=1, seed=0)
    except TypeError as error:
        mend = "Its signature is (data=None, *, size=0, seed=0), and options of the data set with defaults."
        broken(where, "it must take data, size and seed, and need nothing else", f"{signature}: {error}", mend)
    mend = "Where it needs options, pass what it loads as `examples`."
    examples, again = (called(where, "it", mend, lambda: entry.load(data, size=8)) for _ in range(2))
    if not isinstance(examples, tuple) or not examples:
        broken(where, "it must return a tuple of examples", f"it returned {short(examples)}", "At least one.")
    if examples != again:
        mend = "Draw from np.random.default_rng([seed, index]); let examples be dataclasses, which are equal by value."
        broken(where, "the same arguments must load the same examples", "a second call gave others", mend)
    _check_examples(where, examples)
    return examples


def _check_examples(where: str, examples: Sequence[Example]) -> None:
    for name in ("id", "question"):
        for example in examples:
            value = getattr(example, name, None)
            if not isinstance(value, str) or not value.strip():
                mend = "Give your dataclass such a field or property."
                broken(where, f"every example must have a text `{name}`", f"{short(example)} has {short(value)}", mend)
    ids = [example.id for example in examples]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        broken(where, "ids must be unique", f"{twice!r} is there more than once", "Number the examples.")
    for example in examples:
        try:
            hash(example)
        except TypeError as error:
            mend = "Use @dataclass(frozen=True), with tuples for lists and frozensets for sets."
            broken(f"{where}, example {example.id!r}", "examples must be hashable", f"{error}", mend)
    try:
        split(examples, search=(len(examples) + 1) // 2, test=0, seed=0)
    except InvalidInputError as error:
        mend = "Splits take one example of each question, so that no test question was searched on: tell them apart."
        broken(where, "at least half of the questions must differ", f"{error}", mend)


def _is_json(value: object) -> bool:
    try:
        return bool(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return False


def _check_pipeline(
    task: Task,
    pipeline: Pipeline,
    twin: Pipeline,
    examples: Sequence[Example],
    answers: Answers | None,
    gold_text: Callable[[Example], str] | None,
) -> tuple[list[Asked], list[tuple[str, Sequence[Hashable]]]]:
    """Run every method on every example; returns what prompts and votes were asked for."""
    asked: list[Asked] = []
    votes: list[tuple[str, Sequence[Hashable]]] = []
    for stage in task.stages:
        rules.check_schema(pipeline, stage.name)
    for position, example in enumerate(examples):
        gold = None if gold_text is None else gold_text(example)
        # What the stages so far gave: nothing; what they should; and oddities that `parse` made of hostile texts.
        paths: list[dict[str, Output]] = [{} for _ in range(2 + _ODD)]
        for stage in task.stages:
            seen: list[tuple[dict[str, Output], list[Output]]] = []
            for number, upstream in enumerate(paths):
                outputs = next((known for other, known in seen if other == upstream), None)
                if outputs is None:
                    case = rules.Case(pipeline, twin, stage.name, example, MappingProxyType(dict(upstream)))
                    asked.append((stage.name, example, dict(upstream)))
                    prompt = rules.check_prompt(case, gold if number == 0 else None)
                    good = upstream == paths[1]  # nothing went wrong before
                    if prompt is None:
                        outputs = [rules.check_skip(case)] * (2 + _ODD)
                    else:
                        reply = _answer(case, answers) if good and answers is not None else None
                        parsed = rules.check_parse(case, prompt, [reply] if reply is not None else [])
                        if position == 0 and number == 0:
                            rules.check_speed(case, reply or "")
                        votes += rules.check_vote(case, parsed)
                        rules.check_fusion(case, prompt, needed=stage.fusion == "llm")
                        odd = [parsed[-1 - 3 * n] if 3 * n < len(parsed) else None for n in range(_ODD)]
                        outputs = [None, None if reply is None else parsed[0], *odd]
                    seen.append((dict(upstream), outputs))
                upstream[stage.name] = outputs[number]
        case = rules.Case(pipeline, twin, task.stages[-1].name, example, MappingProxyType({}))
        for path in (*paths, {**paths[1], task.stages[-1].name: None}):
            rules.check_score(task, case, MappingProxyType(path))
    return asked, votes


def _answer(case: rules.Case, answers: Answers) -> str:
    mend = "It gets what `prompt` gets, and returns what a perfect model would write."
    text: str = called(str(case), "`answers`", mend, answers, case.stage, case.example, case.upstream)
    return text
