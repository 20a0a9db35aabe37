"""The live evaluator against the toy task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.task import Task


def right(request: Request, index: int) -> str:
    stage, example, read = request.prompt[0].content.split()
    return example if stage == "read" else str(int(read) + 1)


def nothing(request: Request, index: int) -> str:
    return "nothing"


ALLOCATION = Allocation.of(("small", 4), ("large", 3))


def test_right_answers_score_one_and_nothing_scores_zero(toy: Callable) -> None:  # type: ignore[type-arg]
    good = toy(reply=right).env.evaluator.evaluate(ALLOCATION, "t")
    assert good.mean("right") == good.mean("read") == 1.0
    assert set(good.parse_failures.values()) == {0}
    assert good.samples == {"read": 32, "add": 24}
    bad = toy(reply=nothing, store=":memory:").env.evaluator.evaluate(ALLOCATION, "t")
    assert bad.mean("right") == 0.0
    assert len(bad.scores["right"]) == 8  # nobody is dropped from the mean
    assert bad.parse_failures == {"read": 32, "add": 24}


def test_votes_are_over_the_first_samples(toy: Callable) -> None:  # type: ignore[type-arg]
    def reply(request: Request, index: int) -> str:
        return right(request, index) if index >= 2 else "0"

    evaluator = toy(reply=reply).env.evaluator
    means = [evaluator.evaluate(Allocation.of(("small", 5), ("small", s)), f"{s}").mean("right") for s in (1, 2, 4, 5)]
    assert means == [0.0, 0.0, 0.0, 1.0]  # a tie goes to the earliest


def test_order_of_evaluations_does_not_matter(toy: Callable) -> None:  # type: ignore[type-arg]
    allocations = [Allocation.of((m, s), (n, t)) for m, s, n, t in (("small", 1, "large", 9), ("small", 6, "small", 2))]
    there = toy(store=":memory:").env.evaluator
    back = toy(store=":memory:").env.evaluator
    forward = [there.evaluate(a, "t").scores for a in allocations]
    backward = [back.evaluate(a, "t").scores for a in reversed(allocations)]
    assert forward == backward[::-1]


def test_a_repeated_allocation_computes_nothing(toy: Callable) -> None:  # type: ignore[type-arg]
    first = toy()
    one = first.env.evaluator.evaluate(ALLOCATION, "t0")
    two = first.env.evaluator.evaluate(ALLOCATION, "t1")
    computed = first.samples_computed
    assert two.scores == one.scores
    assert two.ledger == one.ledger.as_reused()
    again = toy()
    three = again.env.evaluator.evaluate(ALLOCATION, "t2")
    assert again.samples_computed == 0
    assert three.ledger == two.ledger
    assert first.samples_computed == computed == one.ledger.samples_computed


def test_llm_fusion_is_one_more_call_of_the_stages_own_model(toy: Callable, toy_task: Task) -> None:  # type: ignore[type-arg]
    task = toy_task.with_stages(fusions={"read": "llm"})
    toys = toy(task=task, reply=right)
    evaluation = toys.env.evaluator.evaluate(Allocation.of(("small", 3), ("large", 1)), "t")
    fusions = [r for r in toys.engines["small"].calls if r.prompt[-1].content.startswith("fuse")]
    assert len(fusions) == 8
    assert all(r.sampling.temperature == 0.3 and r.count == 1 for r in fusions)
    assert evaluation.samples["read"] == 8  # the fused replies are what is parsed
    assert evaluation.mean("right") == 1.0
    single = toys.env.evaluator.evaluate(Allocation.of(("small", 1), ("large", 1)), "u")
    assert single.ledger.samples_computed == 0  # one sample is not fused


def test_bad_set_ups_are_refused(toy: Callable, toy_task: Task) -> None:  # type: ignore[type-arg]
    sampler = toy().sampler
    with pytest.raises(InvalidInputError, match="at least one example"):
        LiveEvaluator(toy_task, [], sampler)
    with pytest.raises(InvalidInputError, match="needs a pipeline, but task 'toy' has none"):
        LiveEvaluator(dataclasses.replace(toy_task, pipeline=None), [1], sampler)
