"""Task automation: decompose a request into steps, select tools, fill in their parameters.

Every stage sees the request and the whole tool list. Outputs: ``decompose`` gives the steps (texts), ``select`` the
names of tools in the order of the steps, ``fill`` the calls. Where no sample of a stage could be parsed, the next one
goes by the request alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from agenttts_env.engines.base import Message, Prompt
from agenttts_env.errors import InvalidInputError
from agenttts_env.metrics import set_scores
from agenttts_env.pipeline import Output, Pipeline
from agenttts_env.tasks.automation_demos import MOST, demonstrations
from agenttts_env.tasks.automation_example import AutomationExample
from agenttts_env.tasks.automation_scores import p_f1, t_f1, v_f1
from agenttts_env.tasks.json_replies import as_line, last_list
from agenttts_env.tasks.replies import one_line
from agenttts_env.tasks.rouge import rouge_l
from agenttts_env.tasks.toolbox import Argument, Call, Toolbox, read_arguments

METRICS = ("p_f1", "node_f1", "step_rouge_l", "t_f1", "v_f1")
"""Joint F1 of tools, parameter names and values (main), F1 of tool names, ROUGE-L of the steps, and TaskBench's own F1
of parameter names and of names with values."""

_T = TypeVar("_T", bound=Hashable)


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list(items: dict[str, Any], least: int, most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


# The longest requests of TaskBench take 10 calls. A small model that repeats itself would not come to an end by itself.
_CALLS = (1, 12)
_TEXT = {"type": "string"}
_KEYS = {"decompose": "steps", "select": "tools", "fill": "calls"}
_SCHEMAS = {
    "decompose": _object(steps=_list(_TEXT, *_CALLS)),
    "select": _object(tools=_list(_TEXT, *_CALLS)),
    "fill": _object(calls=_list(_object(tool=_TEXT, arguments=_list(_object(name=_TEXT, value=_TEXT), 0, 8)), *_CALLS)),
}

_SYSTEM = (
    "You plan how the requests of a user are carried out with the tools listed here, and with no others. You reply "
    "with one JSON object and nothing else.\n\nTools:\n"
)

# The format stands at the end of the request: behind a long list of tools, small models forget what came before it.
_FORMAT = {
    "decompose": (
        "Split the request into steps, in the order in which they have to be done. Each step calls one tool; say "
        'which, and what it is called with. Reply as {"steps": ["Step 1: ...", ...]}.'
    ),
    "select": (
        "Select the tool of each step, in the order of the steps, by its exact name in the list of tools. Reply as "
        '{"tools": ["name of the tool", ...]}.'
    ),
    "fill": (
        "Fill in what each of the tools is called with, as the request says it; write dates as YYYY-MM-DD. Reply as "
        '{"calls": [{"tool": "name of the tool", "arguments": [{"name": "name of the parameter", "value": "..."}, '
        "...]}, ...]}."
    ),
}
_RESOURCES = " A value is a text or a file that the request names, or <node-j> for what call number j gives, from 0."


@dataclass(frozen=True)
class TaskAutomation(Pipeline):
    """Prompts, parsing, fusing and scoring of task automation.

    Attributes:
        demonstrations: how many worked examples (invented requests over the real tools) each prompt begins with, at
            most 3. Where the tools are of none of TaskBench's domains, there are none.

    Raises:
        InvalidInputError: ``demonstrations`` is out of range.
    """

    demonstrations: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.demonstrations <= MOST:
            raise InvalidInputError(f"`demonstrations` must lie in 0 to {MOST}, but is {self.demonstrations}")

    def prompt(self, stage: str, example: AutomationExample, upstream: Mapping[str, Output]) -> Prompt:
        """The tools (the same text for all stages), the worked examples, then the request and what is known so far."""
        toolbox = example.toolbox
        turns = [Message("system", _SYSTEM + toolbox.text)]
        for shown in demonstrations(toolbox)[: self.demonstrations]:
            tools = [call.tool for call in shown.calls]
            turns.append(Message("user", _request(stage, toolbox, shown.question, shown.steps, tools)))
            turns.append(Message("assistant", _reply(stage, shown.steps, shown.calls)))
        steps = cast("tuple[str, ...] | None", upstream.get("decompose")) or ()
        tools = list(cast("tuple[str, ...] | None", upstream.get("select")) or ())
        return (*turns, Message("user", _request(stage, toolbox, example.question, steps, tools)))

    def schema(self, stage: str) -> Mapping[str, Any]:
        """An object with one list: of texts (``steps``, ``tools``), or of ``calls`` with names and values."""
        return _SCHEMAS[stage]

    def parse(self, stage: str, text: str, example: AutomationExample, upstream: Mapping[str, Output]) -> Output:
        """What the last such list in the text holds, see :func:`agenttts_env.tasks.json_replies.last_list`.

        What is not of the right type is passed over; if nothing is left, nothing was stated. Tools get the spelling of
        the toolbox, and those that it lacks are kept.
        """
        items = last_list(text, _KEYS[stage])
        if stage == "fill":
            return tuple(_calls(items, example.toolbox)) or None
        texts = (as_line(item) for item in items if isinstance(item, str))
        stated = tuple(line for line in texts if line)
        return (tuple(map(example.toolbox.spelling, stated)) if stage == "select" else stated) or None

    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        """The majority; the first seen of equals wins.

        For ``decompose``, whose texts are hardly ever equal: the first sample with as many steps as most samples have.
        For ``select``: as many tools as most samples name, and those that most samples name, in the order in which
        they were first seen; a tool that a sample names twice is two tools. For ``fill``: the calls of the tools that
        are so selected, each with the arguments (in whatever order) that it has in most samples that call it.
        """
        if stage == "decompose":
            plans = cast("Sequence[tuple[str, ...]]", outputs)
            count = _most_frequent(map(len, plans))
            return next(plan for plan in plans if len(plan) == count)
        if stage == "select":
            chosen = _elected([_numbered(names) for names in cast("Sequence[tuple[str, ...]]", outputs)])
            return tuple(name for name, _ in chosen)
        plans_of_calls = cast("Sequence[tuple[Call, ...]]", outputs)
        numbered = [_numbered(call.tool for call in calls) for calls in plans_of_calls]
        ballots: dict[tuple[str, int], list[tuple[Argument, ...]]] = {}
        for names, calls in zip(numbered, plans_of_calls, strict=True):
            for name, call in zip(names, calls, strict=True):
                ballots.setdefault(name, []).append(call.arguments)
        return tuple(Call(name[0], _majority(ballots[name])) for name in _elected(numbered))

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        """The stage's own prompt with the samples' texts below it: the model sees nothing that a sample did not."""
        replies = "\n".join(f"Reply {number}: {one_line(text)}" for number, text in enumerate(texts, 1))
        request = (
            f"{prompt[-1].content}\n\nHere are {len(texts)} replies that others gave to this; some may be wrong:\n"
            f'{replies}\n\nCompare them and give one final reply, as {{"{_KEYS[stage]}": [...]}}.'
        )
        return (*prompt[:-1], Message("user", request))

    def score(self, example: AutomationExample, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        """The metrics of :data:`METRICS`; an output that is missing or None scores 0.

        ``step_rouge_l`` goes by the steps, ``node_f1`` by the *selected* tools (as sets, see
        :func:`agenttts_env.metrics.set_scores`), all others by the calls.
        """
        steps, tools, calls = (outputs.get(stage) for stage in ("decompose", "select", "fill"))
        scores = dict.fromkeys(METRICS, 0.0)
        if steps is not None:
            scores["step_rouge_l"] = rouge_l("\n".join(cast("tuple[str, ...]", steps)), "\n".join(example.steps))
        if tools is not None:
            gold = [call.tool for call in example.calls]
            scores["node_f1"] = set_scores(cast("tuple[str, ...]", tools), gold).f1
        if calls is not None:
            made = cast("tuple[Call, ...]", calls)
            for metric, function in (("p_f1", p_f1), ("t_f1", t_f1), ("v_f1", v_f1)):
                scores[metric] = function(made, example.calls, example.toolbox)
        return scores


def _request(stage: str, toolbox: Toolbox, question: str, steps: Sequence[str], tools: Sequence[str]) -> str:
    parts = [f"Request: {question}"]
    if stage != "decompose":
        listed = "\n".join(steps) or "(no steps)"
        parts.append(f"Steps:\n{listed}")
    if stage == "fill":
        parts.append(
            "Selected tools:\n" + ("\n".join(_signature(toolbox, *tool) for tool in enumerate(tools)) or "(none)")
        )
    hint = _RESOURCES if stage == "fill" and toolbox.resources else ""
    return "\n\n".join(parts) + f"\n\n{_FORMAT[stage]}{hint}"


def _signature(toolbox: Toolbox, number: int, name: str) -> str:
    """A selected tool with all that is known of its parameters."""
    tool = toolbox.find(name)
    parameters = () if tool is None else tool.parameters
    if toolbox.resources:
        return f"{number}. {name}({', '.join(parameter.name for parameter in parameters)})"
    told = "; ".join(f"{parameter.name} ({parameter.type}): {parameter.description}" for parameter in parameters)
    return f"{number}. {name}: {told or 'no parameters are known'}"


def _reply(stage: str, steps: Sequence[str], calls: Sequence[Call]) -> str:
    """A right reply."""
    listed: dict[str, list[Any]] = {
        "decompose": list(steps),
        "select": [call.tool for call in calls],
        "fill": [
            {"tool": call.tool, "arguments": [argument._asdict() for argument in call.arguments]} for call in calls
        ],
    }
    return json.dumps({_KEYS[stage]: listed[stage]}, ensure_ascii=False)


def _calls(items: Iterable[object], toolbox: Toolbox) -> Iterator[Call]:
    for item in items:
        if isinstance(item, Mapping) and isinstance(item.get("tool"), str):
            name = as_line(item["tool"])
            if name:
                yield Call(toolbox.spelling(name), read_arguments(item.get("arguments")))


def _numbered(names: Iterable[str]) -> list[tuple[str, int]]:
    """Each name with how often it came before."""
    before: Counter[str] = Counter()
    numbered = []
    for name in names:
        numbered.append((name, before[name]))
        before[name] += 1
    return numbered


def _elected(ballots: Sequence[Sequence[_T]]) -> list[_T]:
    """As many as most ballots name, and those that most ballots name, in the order in which they were first seen."""
    votes = Counter(name for ballot in ballots for name in ballot)
    elected = {name for name, _ in votes.most_common(_most_frequent(map(len, ballots)))}
    return [name for name in votes if name in elected]


def _majority(ballots: Sequence[tuple[Argument, ...]]) -> tuple[Argument, ...]:
    best = _most_frequent(tuple(sorted(arguments)) for arguments in ballots)
    return next(arguments for arguments in ballots if tuple(sorted(arguments)) == best)


def _most_frequent(values: Iterable[_T]) -> _T:
    return Counter(values).most_common(1)[0][0]
