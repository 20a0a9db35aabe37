"""A task that keeps the contract passes; every breakage is found, and its message says where and what."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agenttts_env.engines.base import Message, Prompt
from agenttts_env.model import MODELS
from agenttts_env.pipeline import Output, Pipeline
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.tasks import TaskEntry, get_entry
from agenttts_env.testing import check_task
from agenttts_env.testing import pipeline as pipeline_rules
from agenttts_env.testing.hostile import hostile_texts


@dataclass(frozen=True)
class Sum:
    id: str
    numbers: tuple[int, ...]

    @property
    def question(self) -> str:
        return " and ".join(map(str, self.numbers))

    @property
    def total(self) -> int:
        return sum(self.numbers)


EXAMPLES = (Sum("one", (3, 4)), Sum("two", (50, 8)))


@dataclass(frozen=True)
class Good(Pipeline):
    """Add numbers, then double the sum. Its children each break one rule."""

    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        asked = f"Add {example.question}." if stage == "add" else f"Double {upstream['add']}."
        return (Message("system", "You calculate."), Message("user", f"{asked} Write Result: and a number."))

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        match = re.search(r"Result:[ ]{0,9}([0-9]{1,6})\b", text)
        return match and int(match[1])

    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {"right": float(outputs["double"] == 2 * example.total), "sum": float(outputs["add"] == example.total)}

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        return (*prompt[:-1], Message("user", "\n".join([prompt[-1].content, *texts])))


def answers(stage: str, example: Sum, upstream: Mapping[str, Output]) -> str:
    return f"Result: {example.total if stage == 'add' else 2 * example.total}"


def task_of(pipeline: Pipeline, **changes: Any) -> Task:
    models = (MODELS["smollm2-135m"],)
    stages = (Stage("add", models, 50, 5, 10), Stage("double", models, 50, 5, 10))
    return replace(Task("sums", "", stages, ("right", "sum"), pipeline), **changes)


def check(pipeline: Pipeline, **options: Any) -> None:
    check_task(task_of(pipeline), EXAMPLES, **{"elsewhere": False, "answers": answers, **options})


def build(*, twice: bool = False) -> Task:
    return task_of(Good())


def load(data: str | None = None, *, size: int = 0, seed: int = 0, largest: int = 9) -> tuple[Sum, ...]:
    rng = random.Random(f"{seed}")
    return tuple(
        Sum(f"sum-{index}", (rng.randint(10, 99), rng.randint(10, 99), largest)) for index in range(max(size, 10))
    )


ENTRY = TaskEntry("sums", "Sums", build, load)


def test_a_task_that_keeps_the_contract() -> None:
    check(Good())
    check_task(ENTRY, answers=answers, gold_text=lambda example: str(example.total))
    check_task(task_of(Good()).with_stages(fusions={"add": "llm"}), EXAMPLES, answers=answers, elsewhere=False)
    check_task(ENTRY, EXAMPLES, elsewhere=False)


class NotATuple(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return super().prompt(stage, example, upstream)[1].content  # type: ignore[index,return-value]


class NoUser(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return (*super().prompt(stage, example, upstream), Message("assistant", "Result:"))  # type: ignore[misc]


class Blank(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return (Message("system", ""), Message("user", "Go."))


class Invalid(Good):
    """Lets what JSON smuggles in reach the next stage."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return super().parse(stage, text, example, upstream)
        return value if isinstance(value, str) else None


class NeedsUpstream(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        if stage == "double":
            return (Message("user", f"Double {upstream['add'] + 0}. Result:"),)
        return super().prompt(stage, example, upstream)


class Changes(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        upstream["seen"] = True  # type: ignore[index]
        return super().prompt(stage, example, upstream)


class RandomPrompt(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return (Message("user", f"Hint {random.random()}"),)


class Leaks(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return (Message("user", f"The answer to {example.question} is {example.total}. Result:"),)


class Skips(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return None if stage == "double" else super().prompt(stage, example, upstream)


class SkipsToAList(Skips):
    def skip(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        return [upstream["add"]]  # type: ignore[return-value]


class ReadsDigits(Good):
    """``"²".isdigit()`` holds, ``int("²")`` raises."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        word = text.partition("Result: ")[2]
        return int(word) if word.isdigit() else None


class ReadsNumbers(Good):
    """More digits than ``int`` is willing to read."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        match = re.search(r"Result: ([0-9]+)$", text)
        return match and int(match[1])


class ReadsJson(Good):
    """Nesting exhausts the stack."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        try:
            json.loads(text)
        except ValueError:
            return super().parse(stage, text, example, upstream)
        return None


class ReadsFloats(Good):
    """``float`` reads NaN, which does not equal itself."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        try:
            return float(text.partition("Result: ")[2])
        except ValueError:
            return None


class ReadsLists(Good):
    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        return re.findall("[0-9]{1,6}", text)  # type: ignore[return-value]


class ReadsAtRandom(Good):
    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        return random.random()


@dataclass(frozen=True)
class Remembers(Good):
    seen: list[str] = field(default_factory=list)

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        self.seen.append(text)
        return len(self.seen)


class ReadsNothing(Good):
    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        return None


class Backtracks(Good):
    """Quadratic, where a line never ends."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        match = re.search(r"\s*Result: ([0-9]{1,6})", text)
        return match and int(match[1])


class Guesses(Good):
    """What cannot be read is taken for right."""

    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        read = super().parse(stage, text, example, upstream)
        return (example.total if stage == "add" else 2 * example.total) if read is None else read


class VotesPairs(Good):
    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        return Counter(outputs).most_common(1)[0]


class VotesForTwo(Good):
    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        return Counter(outputs).most_common(2)[1][0]


class VotesMeans(Good):
    def vote(self, stage: str, outputs: Sequence[Any]) -> Output:
        return sum(outputs) / len(outputs)


class VotesAtRandom(Good):
    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        return random.choice(outputs)


class VotesAndSorts(Good):
    def vote(self, stage: str, outputs: Sequence[Any]) -> Output:
        outputs.sort()  # type: ignore[attr-defined]
        return outputs[0]  # type: ignore[no-any-return]


class ScoresLess(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {"right": super().score(example, outputs)["right"]}


class ScoresMore(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {**super().score(example, outputs), "extra": 1.0}


class ScoresPercent(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {metric: 100 * value for metric, value in super().score(example, outputs).items()}


class ScoresNone(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {"right": 0.5, "sum": 0.0}


class ScoresNumbersOnly(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {"right": float(outputs["double"] - 2 * example.total == 0), "sum": 0.0}


class ScoresWrongly(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {"right": float(outputs["double"] == 3 * example.total), "sum": 0.0}


class ScoresAtRandom(Good):
    def score(self, example: Sum, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        return {"right": random.random() if outputs["double"] is not None else 0.0, "sum": 0.0}


class FusesOne(Good):
    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        return (*prompt[:-1], Message("user", prompt[-1].content + texts[0]))


class FusesNumbers(Good):
    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        if texts[0].isdigit() and int(texts[0]) < 0:
            raise AssertionError
        return super().fusion_prompt(stage, prompt, texts)


class SchemaOfSets(Good):
    def schema(self, stage: str) -> Mapping[str, Any] | None:
        return {"type": "object", "required": {"result"}}


class SchemaOfUnknowns(Good):
    def schema(self, stage: str) -> Mapping[str, Any] | None:
        return {"type": "sum"}


class SameForAll(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        return (Message("user", "Add the numbers. Result:"),)


BROKEN = [
    (NotATuple, r"stage 'add', example 'one': `prompt` must be a tuple of Messages, but is 'Add 3 and 4.*Return \("),
    (NoUser, r"`prompt` must be turns of system, user, assistant.*\['system', 'user', 'assistant'\]"),
    (Blank, r"every message of `prompt` must hold text, but one holds ''"),
    (Invalid, r"stage 'double'.*`prompt` must be valid Unicode.*ud800"),
    (
        NeedsUpstream,
        r"stage 'double'.*after {'add': None}: `prompt` must not raise.*TypeError.*may have the output None",
    ),
    (Changes, r"`prompt` must not raise.*'mappingproxy' object does not support item assignment.*leave them as is"),
    (RandomPrompt, r"`prompt` must depend on its arguments only.*use no randomness"),
    (Leaks, r"example 'one': `prompt` must not show the gold answer, but it holds '7'"),
    (Skips, r"stage 'double'.*`skip` must not raise.*NotImplementedError.*Skips has a prompt for every example"),
    (SkipsToAList, r"`skip` must return something hashable or None, but gave \[None\]"),
    (
        ReadsDigits,
        r"text 'Result: \\xb2': `parse` must not raise.*ValueError: invalid literal.*look before you convert",
    ),
    (ReadsNumbers, r"text 'Result: 9999.*`parse` must not raise.*Exceeds the limit"),
    (ReadsJson, r"text '\[\[\[.*`parse` must not raise.*RecursionError"),
    (ReadsFloats, r"text 'Result: NaN': `parse` must depend .* and an output must equal itself, but gave nan.*no NaN"),
    (ReadsLists, r"`parse` must return something hashable or None, but gave \['7'\].*return a tuple for a list"),
    (ReadsAtRandom, r"`parse` must depend on its arguments only"),
    (Remembers, r"`parse` must depend on its arguments only.*gave 1 and then 2"),
    (ReadsNothing, r"stage 'add', example 'one': `parse` must read a good reply, but of 'Result: 7' it made None"),
    (Guesses, r"it must score less than 0.5 in 'right', but it scores 1.00. Let `parse` return None"),
    (VotesPairs, r"outputs \[7\]: `vote` over equal outputs must return that output, but it returned \(7, 1\)"),
    (VotesForTwo, r"outputs \[7\]: `vote` must not raise.*IndexError.*one output or more"),
    (VotesMeans, r"`vote` must return an output of its arguments' kind, but it returned the float"),
    (VotesAtRandom, r"`vote` must depend on its arguments only"),
    (VotesAndSorts, r"`vote` must leave its argument as it is.*Work on a copy"),
    (ScoresLess, r"example 'one', .* `score` must give the metrics right, sum, but it gave \['right'\]"),
    (ScoresMore, r"`score` must give the metrics right, sum, but it gave \['right', 'sum', 'extra'\]"),
    (ScoresPercent, r"every score must be a number in \[0, 1\], but '.*' is 100.0"),
    (ScoresNone, r"without an output of 'double' the main metric must be 0, but 'right' is 0.5. Failures count"),
    (ScoresNumbersOnly, r"outputs {'add': None, 'double': None}: `score` must not raise.*TypeError"),
    (
        ScoresWrongly,
        r"example 'one': the replies of `answers` must score 1 in 'right'.*{'add': 7, 'double': 14} score 0",
    ),
    (ScoresAtRandom, r"`score` must depend on its arguments only"),
    (FusesOne, r"`fusion_prompt` must show every reply, but it lacks 'two lanterns'"),
    (FusesNumbers, r"`fusion_prompt` must not raise, but it raised ValueError"),
    (SchemaOfSets, r"stage 'add': `schema` must be JSON, but Object of type set is not"),
    (SchemaOfUnknowns, r"stage 'add': `schema` must use the keywords that every engine knows"),
    (SameForAll, r"stage 'add', example 'two': `prompt` must hold what the answer depends on"),
]


@pytest.mark.parametrize(("pipeline", "message"), BROKEN)
def test_what_a_pipeline_breaks_is_named(pipeline: Callable[[], Pipeline], message: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check(pipeline(), gold_text=lambda example: str(example.total))
    assert re.search(message, str(raised.value)), raised.value
    assert len(str(raised.value)) < 900


def test_a_slow_parse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_rules, "_SECONDS", 0.05)
    with pytest.raises(
        AssertionError, match=r"`parse` must take time about linear in the text, but [0-9,]+ characters"
    ):
        check(Backtracks())


class HashOrder(Good):
    def prompt(self, stage: str, example: Sum, upstream: Mapping[str, Any]) -> Prompt | None:
        words = " ".join({"add", "double", "number", "result", "sum", example.id})
        return (Message("user", f"{words} {super().prompt(stage, example, upstream)}"),)


class HashVote(Good):
    def parse(self, stage: str, text: str, example: Sum, upstream: Mapping[str, Any]) -> Output:
        match = re.search(r"Result: (.{1,9})", text)
        return match and match[1]

    def vote(self, stage: str, outputs: Sequence[Any]) -> Output:
        return min(outputs, key=hash)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Holds(Good):
    file: Any = field(default_factory=lambda: open(__file__, "rb"))  # noqa: SIM115


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (HashOrder, r"stage 'add', example 'one': `prompt` must be the same in every process.*the order of a set"),
        (HashVote, r"stage 'add', vote over .*: `vote` must be the same in every process"),
        (Holds, r"it and its examples and outputs must be picklable.*cannot pickle"),
    ],
)
def test_what_depends_on_the_process_is_named(pipeline: Callable[[], Pipeline], message: str) -> None:
    broken = pipeline()
    with pytest.raises(AssertionError, match=message):
        check(broken, answers=None, elsewhere=True)
    if isinstance(broken, Holds):
        broken.file.close()


class Cheats(Good):
    """Takes up what another stage wrote into the example."""

    def prompt(self, stage: str, example: Any, upstream: Mapping[str, Any]) -> Prompt | None:
        example.notes.append(stage)
        return super().prompt(stage, example, upstream)


@dataclass(frozen=True)
class Mutable(Sum):
    notes: list[str] = field(default_factory=list, hash=False)


def test_examples_are_left_as_they_are() -> None:
    with pytest.raises(AssertionError, match=r"it must leave examples as they are.*frozen dataclasses"):
        check_task(task_of(Cheats()), [Mutable("one", (1, 2))], elsewhere=False)


def test_every_breakage_is_tried() -> None:
    elsewhere = {HashOrder, HashVote, Holds, Cheats, Backtracks}
    assert {pipeline for pipeline, _ in BROKEN} == {*Good.__subclasses__(), SkipsToAList} - elsewhere


def test_what_stages_lack_is_named() -> None:
    short_stage = replace(task_of(Good()).stages[0], max_tokens=1)
    short = task_of(Good(), stages=(short_stage, task_of(Good()).stages[1]))
    with pytest.raises(AssertionError, match=r"stage 'add'.*2 words do not fit into 1 tokens. Raise the stage's"):
        check_task(short, EXAMPLES, answers=answers, elsewhere=False)
    unfused = task_of(Unfused()).with_stages(fusions={"double": "llm"})
    with pytest.raises(AssertionError, match=r"stage 'double'.*`fusion_prompt` must be there.*'llm', but it is not"):
        check_task(unfused, EXAMPLES, elsewhere=False)
    with pytest.raises(AssertionError, match="task 'sums': it must have a pipeline"):
        check_task(replace(task_of(Good()), pipeline=None), EXAMPLES)
    with pytest.raises(AssertionError, match="task 'sums': there must be examples"):
        check_task(task_of(Good()))


class Unfused(Pipeline):
    prompt, parse, score = Good.prompt, Good.parse, Good.score


def needs_an_argument(models: str) -> Task:
    raise AssertionError


def has_no_type(*, models: str | None = None) -> Task:
    raise AssertionError


def has_another_name() -> Task:
    return task_of(Good(), name="other")


def returns_nothing() -> None:
    return None


def takes_nothing() -> tuple[Sum, ...]:
    return EXAMPLES


def loads_at_random(data: str | None = None, *, size: int = 0, seed: int = 0) -> tuple[Sum, ...]:
    return tuple(Sum(str(index), (random.randint(0, 10**9),)) for index in range(5))


def loads_a_list(data: str | None = None, *, size: int = 0, seed: int = 0) -> list[Sum]:
    return list(EXAMPLES)


def loads_ids_twice(data: str | None = None, *, size: int = 0, seed: int = 0) -> tuple[Sum, ...]:
    return tuple(replace(example, id="same") for example in EXAMPLES)


def loads_one_question(data: str | None = None, *, size: int = 0, seed: int = 0) -> tuple[Sum, ...]:
    return tuple(Sum(str(index), (1, 2)) for index in range(5))


def loads_numbers(data: str | None = None, *, size: int = 0, seed: int = 0) -> tuple[int, ...]:
    return (1, 2, 3)


@dataclass
class Unfrozen:
    id: str
    question: str


def loads_unfrozen(data: str | None = None, *, size: int = 0, seed: int = 0) -> tuple[Unfrozen, ...]:
    return (Unfrozen("a", "x"), Unfrozen("b", "y"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"builder": needs_an_argument},
            "builder: its parameters must be options with a default, but 'models' is none",
        ),
        ({"builder": has_no_type}, "builder: defaults must be JSON and not None, but 'models' has None"),
        ({"builder": has_another_name}, "builder: the task's name must be the entry's, but it is 'other'"),
        ({"builder": returns_nothing}, "builder: it must return a Task, but it returned None"),
        ({"loader": takes_nothing}, r"loader: it must take data, size and seed, and need nothing else, but \(\)"),
        ({"loader": loads_at_random}, "loader: the same arguments must load the same examples"),
        ({"loader": loads_a_list}, "loader: it must return a tuple of examples"),
        ({"loader": loads_ids_twice}, "loader: ids must be unique, but 'same' is there more than once"),
        ({"loader": loads_one_question}, "loader: at least half of the questions must differ"),
        ({"loader": loads_numbers}, "loader: every example must have a text `id`, but 1 has None"),
        ({"loader": loads_unfrozen}, "example 'a': examples must be hashable, but unhashable type: 'Unfrozen'"),
    ],
)
def test_what_an_entry_breaks_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_task(replace(ENTRY, **change), elsewhere=False)


def test_hostile_texts_are_built_from_labels_and_good_replies() -> None:
    texts = hostile_texts((Message("user", "Write Sum: and a number."),), ['{"a": [1, {"b": 2}]}', "Total: 12"])
    assert len(texts) == len(set(texts))
    assert {"Sum: ²", "Total: ²", "Total: ", "Total: 12\nTotal: 12", '{"a": null}', "{}"} <= set(texts)
    assert json.dumps({"a": [1, {"b": "\ud800"}]}) in texts


@pytest.mark.parametrize("variant", ["direct", "reason"])
def test_the_fictional_questions_keep_the_contract(variant: str) -> None:
    entry = get_entry("fictional-qa")

    def gold(stage: str, example: Any, upstream: Mapping[str, Any]) -> str:
        sentences = ", ".join(str(position + 1) for position in sorted(example.gold))
        return f"Sentences: {sentences}" if stage == "retrieve" else f"Answer: {example.answers[0]}"

    check_task(entry.build(variant=variant), entry.load()[:2], answers=gold, elsewhere=variant == "reason")
