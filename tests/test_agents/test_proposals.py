from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agenttts_env.agents.proposals import Proposal, parse_proposals, proposal_json, proposal_schema
from agenttts_env.allocation import Allocation
from agenttts_env.engines.random_json import random_json
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
STAGES = (Stage("read", (SMALL, LARGE), 256, 64, 64), Stage("add", (SMALL, LARGE), 128, 64, 64))
PROBLEM = Problem.of(Task("two", "", STAGES, ("score",)))
GOOD = Allocation.of((SMALL.name, 7), (LARGE.name, 1))


def candidate(model: object = SMALL.name, samples: object = 7, **changes: object) -> dict[str, object]:
    return {"read": {"model": model, "samples": samples}, "add": {"model": LARGE.name, "samples": 1}, **changes}


def parse_one(value: object) -> Proposal:
    (proposal,) = parse_proposals(json.dumps({"candidates": [value]}), PROBLEM)
    return proposal


def usable(text: str) -> list[Allocation | None]:
    return [proposal.allocation for proposal in parse_proposals(text, PROBLEM) if proposal.kind == "new"]


WRITTEN = json.dumps({"candidates": [candidate()]})


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN,
        json.dumps({"candidates": [candidate()]}, indent=4),
        f"```json\n{WRITTEN}\n```",
        f"Let us see {{what}} [fits]: \n\n{WRITTEN}\nThis stays [well] within {{budget}}.",
        f"A draft: {json.dumps({'candidates': [candidate(samples=1)]})}. Better: {WRITTEN}",
        json.dumps([candidate()]),
        f"```\n{json.dumps([candidate()])}\n```",
        json.dumps({"thoughts": ["a", {"b": 1}], "candidates": [candidate()], "end": 1}),
        WRITTEN[:-1],
        WRITTEN[:-2],
        WRITTEN[:-2] + ', {"read": {"mod',
        WRITTEN[:-2] + ', "cut',
        WRITTEN[:-2] + ",]}",
        WRITTEN.replace(":", " \n : "),
    ],
)
def test_the_candidate_is_found(text: str) -> None:
    assert usable(text) == [GOOD]


@pytest.mark.parametrize("text", ["", "no", "{}", "[]", "[1, 2]", '{"candidates": {}}', "{" * 99, '"candidates": 3'])
def test_no_list(text: str) -> None:
    (proposal,) = parse_proposals(text, PROBLEM)
    assert proposal.kind == "invalid"
    assert proposal.reason == "the reply holds no list `candidates`"


@pytest.mark.parametrize("text", ['{"candidates": []}', '{"candidates": [', '"candidates":[\n'])
def test_empty_list(text: str) -> None:
    (proposal,) = parse_proposals(text, PROBLEM)
    assert proposal.reason == "the list `candidates` is empty"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("text", "a candidate must be an object with the keys 'read', 'add', but got 'text'"),
        (None, "a candidate must be an object"),
        ([candidate()], "a candidate must be an object"),
        ({}, "but got the keys []"),
        ({"read": {"model": SMALL.name, "samples": 1}}, "with the keys 'read', 'add', but got the keys ['read']"),
        (candidate(more=1), "but got the keys ['read', 'add', 'more']"),
        (candidate(read=[SMALL.name, 1]), "stage 'read' must be an object with the keys 'model', 'samples', but got ["),
        (candidate(add={"model": SMALL.name}), "stage 'add' must be an object"),
        (candidate(model="gpt"), "stage 'read' offers the models llama-3.2-3b, llama-3.1-70b, but got 'gpt'"),
        (candidate(model=3), "`model` must be a non-empty string, but got 3"),
        (candidate(model=["a"]), "`model` must be a non-empty string"),
        (candidate(samples="7"), "`samples` must be an int, but model 'llama-3.2-3b' got '7'"),
        (candidate(samples=7.0), "`samples` must be an int"),
        (candidate(samples=True), "`samples` must be an int"),
        (candidate(samples=None), "`samples` must be an int"),
        (candidate(samples=float("nan")), "`samples` must be an int"),
        (candidate(samples=float("inf")), "`samples` must be an int"),
        (candidate(samples=0), "`samples` must be >= 1"),
        (candidate(samples=-3), "`samples` must be >= 1"),
        (candidate(samples=101), "`samples` must be one of the levels 1 to 100"),
        (candidate(samples=10**4000), "`samples` must be one of the levels 1 to 100"),
    ],
)
def test_rejections_state_their_reason(value: object, reason: str) -> None:
    proposal = parse_one(value)
    assert proposal.kind == "invalid"
    assert proposal.allocation is None
    assert reason in proposal.reason


@pytest.mark.parametrize(
    "element",
    ["[" * 100_000, "[" * 5_000 + "]" * 5_000, '{"a":' * 50_000, "1" * 5_000, '{"read": ', "'single'", "\ud800", "\0"],
)
def test_what_json_cannot_read(element: str) -> None:
    proposals = parse_proposals('{"candidates": [' + element, PROBLEM)
    assert [proposal.kind for proposal in proposals] == ["invalid"]
    assert len(proposals[0].reason) < 300
    assert len(proposals[0].text) <= 200


def test_good_ones_beside_bad_ones() -> None:
    text = json.dumps({"candidates": [candidate(samples=0), candidate(), candidate(samples=8), "x"]})
    assert [proposal.kind for proposal in parse_proposals(text, PROBLEM)] == ["invalid", "new", "new", "invalid"]


def test_duplicates_surplus_and_over_budget() -> None:
    over = candidate(model=LARGE.name, samples=100)
    values = [candidate(samples=count) for count in (1, 2, 2, 3, 4)]
    text = json.dumps({"candidates": [over, over, *values]})
    tried = {Allocation.of((SMALL.name, 1), (LARGE.name, 1))}
    proposals = parse_proposals(text, PROBLEM, tried, most=2)
    assert [proposal.kind for proposal in proposals] == [
        "over budget", "duplicate", "duplicate", "new", "duplicate", "new", "surplus",
    ]  # fmt: skip
    assert "over the budget of" in proposals[0].reason
    assert proposals[1].allocation == proposals[0].allocation
    assert all(bool(proposal.reason) == (proposal.kind != "new") for proposal in proposals)


def test_json_of_an_allocation_is_read_back() -> None:
    assert usable(json.dumps({"candidates": [proposal_json(PROBLEM, GOOD)]})) == [GOOD]


@pytest.mark.parametrize("levels", [None, (1, 2, 4, 8)])
def test_whatever_follows_the_schema_is_well_formed(levels: tuple[int, ...] | None) -> None:
    problem = Problem.of(PROBLEM.task, levels=levels)
    schema = proposal_schema(problem, 5)
    assert list(schema["properties"]["candidates"]["items"]["properties"]) == ["read", "add"]
    rng = np.random.default_rng(0)
    for _ in range(50):
        proposals = parse_proposals(json.dumps(random_json(schema, ["word"], rng)), problem)
        assert 1 <= len(proposals) <= 5
        assert all(proposal.kind != "invalid" for proposal in proposals)


def test_a_flood_is_read_up_to_a_thousand() -> None:
    text = '{"candidates": [' + "0," * 1_000_000
    proposals = parse_proposals(text, PROBLEM)
    assert len(proposals) == 1001
    assert proposals[-1].kind == "invalid"
    assert proposals[-1].reason == "what follows the first 1000 candidates is not read"
    assert len(parse_proposals('{"candidates": [' + "0," * 999 + "0]}", PROBLEM)) == 1000


PIECES = [
    '{"candidates": [', '"candidates"', "[", "]", "{", "}", ",", ":", '"', "\\", '"read"', '"add"', '"model"',
    '"samples"', f'"{SMALL.name}"', "1", "NaN", "-Infinity", "9" * 30, "1e400", "```", "\n", "\ud800", "\0", "null",
    json.dumps(candidate()),
]  # fmt: skip


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=200),
        st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
        st.tuples(st.integers(0, 400), st.integers(0, 400), st.sampled_from(PIECES)).map(
            lambda cut: (WRITTEN * 3)[: cut[0]] + cut[2] + (WRITTEN * 3)[cut[1] :]
        ),
    )
)
def test_any_text_gives_a_list(text: str) -> None:
    proposals = parse_proposals(text, PROBLEM, most=10)
    assert proposals
    for proposal in proposals:
        assert (proposal.allocation is None) == (proposal.kind == "invalid")
        assert (proposal.reason == "") == (proposal.kind == "new")
        if proposal.allocation is not None:
            PROBLEM.validate(proposal.allocation)
        if proposal.kind == "new":
            assert PROBLEM.is_feasible(proposal.allocation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "piece", ['{"candidates": [', '"candidates"   ', "[", "{", '{"a":', '"', '\\"', "[ ", ",", WRITTEN, "1", " ", "[{"]
)
def test_time_is_linear_in_the_text(piece: str) -> None:
    # A quadratic scan of so long a text would take hours, not seconds.
    text = '{"candidates": [' + piece * (400_000 // len(piece))
    started = time.perf_counter()
    parse_proposals(text, PROBLEM)
    parse_proposals(text[16:], PROBLEM)
    assert time.perf_counter() - started < 60
