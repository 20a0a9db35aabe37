"""Reading an LLM's proposals: any text gives a list, in time linear in the text, and every rejection has its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem

Kind = Literal["new", "surplus", "duplicate", "over budget", "invalid"]

_LIST = re.compile(r'"candidates"\s*:\s*\[')
_BARE_LIST = re.compile(r"\[\s*\{")
_MOST_CHARACTERS = 200
_MOST_READ = 1000


@dataclass(frozen=True)
class Proposal:
    """One candidate of a reply.

    Attributes:
        kind: ``new`` (valid, within the budget, not tried yet), or why it is not used.
        allocation: what it says; None if ``invalid``.
        reason: why it is not used, in words; empty if ``new``.
        text: how it was written, shortened.
    """

    kind: Kind
    allocation: Allocation | None
    reason: str
    text: str


def proposal_schema(problem: Problem, batch: int) -> dict[str, Any]:
    """JSON schema of a reply with 1 to ``batch`` candidates."""
    levels = problem.levels
    samples: dict[str, Any] = {"type": "integer", "enum": list(levels)}
    if levels == tuple(range(levels[0], levels[-1] + 1)):
        samples = {"type": "integer", "minimum": levels[0], "maximum": levels[-1]}
    stages = {
        stage.name: _object(
            {"model": {"type": "string", "enum": [model.name for model in stage.models]}, "samples": samples}
        )
        for stage in problem.task.stages
    }
    return _object({"candidates": {"type": "array", "items": _object(stages), "minItems": 1, "maxItems": batch}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def proposal_json(problem: Problem, allocation: Allocation) -> dict[str, Any]:
    """A candidate as :func:`parse_proposals` reads it."""
    return {
        stage.name: {"model": choice.model, "samples": choice.samples}
        for stage, choice in zip(problem.task.stages, allocation.stages, strict=True)
    }


def parse_proposals(
    text: str, problem: Problem, tried: Collection[Allocation] = (), *, most: int | None = None
) -> list[Proposal]:
    """All candidates of a reply, in order.

    They are the elements of the last list named ``candidates``; without that name, of the first list of objects. What
    stands around it (prose, Markdown) is ignored, and where the reply was cut off, the candidates before the cut count.
    A flood of candidates is read up to the first thousand, and the rest is one invalid one.

    Args:
        text: any text.
        problem: what may be proposed.
        tried: what counts as a duplicate, besides earlier candidates of the same reply.
        most: how many candidates may be ``new``; those that follow are ``surplus``. None sets no limit.
    """
    start = max((match.end() for match in _LIST.finditer(text)), default=None)
    if start is None:
        bare = _BARE_LIST.search(text)
        if bare is None:
            return [Proposal("invalid", None, "the reply holds no list `candidates`", _short(text))]
        start = bare.start() + 1
    proposals: list[Proposal] = []
    seen = set(tried)
    new = 0
    for number, element in enumerate(_elements(text, start)):
        if number == _MOST_READ:
            reason = f"what follows the first {_MOST_READ} candidates is not read"
            proposals.append(Proposal("invalid", None, reason, _short(element)))
            break
        proposal = _read(element, problem, seen)
        if proposal.allocation is not None:
            seen.add(proposal.allocation)
        if proposal.kind == "new":
            new += 1
            if most is not None and new > most:
                proposal = replace(proposal, kind="surplus", reason=f"beyond the {most} that were asked for")
        proposals.append(proposal)
    return proposals or [Proposal("invalid", None, "the list `candidates` is empty", _short(text))]


def _elements(text: str, start: int) -> Iterator[str]:
    """The elements of the JSON list whose inside begins at ``start``, as text; the last one may be cut off."""
    depth, begin, end = 0, start, len(text)
    in_string = escaped = False
    for position in range(start, len(text)):
        character = text[position]
        if in_string:
            in_string = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth < 0:
                end = position
                break
        elif character == "," and depth == 0:
            yield text[begin:position]
            begin = position + 1
    if text[begin:end].strip():
        yield text[begin:end]


def _read(element: str, problem: Problem, seen: Collection[Allocation]) -> Proposal:
    shown = _short(element)
    try:
        allocation = _allocation(json.loads(element), problem)
    except json.JSONDecodeError:
        return Proposal("invalid", None, "not valid JSON", shown)
    except InvalidInputError as error:
        return Proposal("invalid", None, _short(str(error)), shown)
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits, brackets nested too deep
        return Proposal("invalid", None, f"not readable as JSON: {_short(str(error))}", shown)
    if allocation in seen:
        return Proposal("duplicate", allocation, f"{allocation} was tried or proposed before", shown)
    if not problem.is_feasible(allocation):
        cost = f"{problem.cost_of(allocation):.6g} {problem.cost.unit}"
        reason = f"{allocation} costs {cost}, over the budget of {problem.budget:.6g}"
        return Proposal("over budget", allocation, reason, shown)
    return Proposal("new", allocation, "", shown)


def _allocation(value: Any, problem: Problem) -> Allocation:
    """The allocation that a candidate states.

    Raises:
        InvalidInputError: it states none that is on offer.
    """
    stages = [stage.name for stage in problem.task.stages]
    _expect_keys("a candidate", value, stages)
    for name in stages:
        _expect_keys(f"stage {name!r}", value[name], ["model", "samples"])
    allocation = Allocation(tuple(StageAllocation(value[name]["model"], value[name]["samples"]) for name in stages))
    problem.validate(allocation)
    return allocation


def _expect_keys(what: str, value: Any, keys: list[str]) -> None:
    if not isinstance(value, dict) or set(value) != set(keys):
        found = f"the keys {_short(repr(list(value)))}" if isinstance(value, dict) else _short(repr(value))
        raise InvalidInputError(f"{what} must be an object with the keys {', '.join(map(repr, keys))}, but got {found}")


def _short(text: str) -> str:
    """On one line, no longer than a line of a log should be."""
    line = " ".join(text[: 2 * _MOST_CHARACTERS].split())
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"
