"""Replay is live, exactly."""

from __future__ import annotations

import dataclasses
import pickle
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import LEVELS, SEARCH, TEST, counting_task, live, make_sampler, recorded

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.building import build_sampler, build_splits, build_task
from agenttts_env.engines.base import Completion, Request
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.base import QuickEvaluator
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.evaluators.replay import ReplayEvaluator, replay_sampler
from agenttts_env.model import Model
from agenttts_env.problem import Problem
from agenttts_env.provenance import Provenance
from agenttts_env.recording import record
from agenttts_env.sampler import Sampler
from agenttts_env.search import search
from agenttts_env.store import SampleStore

KINDS = [(2, "vote"), (2, "llm"), (3, "vote"), (3, "llm")]


def allocations(stages: int) -> st.SearchStrategy[Allocation]:
    choice = st.tuples(st.sampled_from(["small", "large"]), st.sampled_from(LEVELS))
    return st.lists(choice, min_size=stages, max_size=stages).map(lambda choices: Allocation.of(*choices))


@pytest.mark.parametrize(("stages", "fusion"), KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_replay_is_live_in_any_order_from_an_empty_store(stages: int, fusion: str, data: st.DataObject) -> None:
    asked = data.draw(st.lists(st.tuples(allocations(stages), st.sampled_from("pqr")), min_size=1, max_size=8))
    real, replayed = live(stages, fusion), ReplayEvaluator(recorded(stages, fusion))
    for allocation, payer in asked:  # equal payers are one trial that was asked again
        want, got = real.evaluate(allocation, payer), replayed.evaluate(allocation, payer)
        assert got == want  # scores of every metric and example, ledgers (seconds too), parse failures, samples


@pytest.mark.parametrize(("stages", "fusion"), KINDS)
def test_every_allocation_is_recorded_and_the_toys_are_not_trivial(stages: int, fusion: str) -> None:
    table = recorded(stages, fusion)
    problem = Problem.of(table.task, budget=1e9, levels=table.levels)
    real, replayed = live(stages, fusion), ReplayEvaluator(table)
    means = set()
    for number in range(0, problem.count(), 1 if stages == 2 else 7):
        action = [number // 8**stage % 8 for stage in range(stages)]
        allocation = problem.decode([index for pair in action for index in divmod(pair, len(LEVELS))])
        want, got = real.evaluate(allocation, f"{number}"), replayed.evaluate(allocation, f"{number}")
        assert got == want
        means.add(got.mean("near"))
        choices = [
            (stage.models.index(stage.model(c.model)), c.samples)
            for stage, c in zip(table.task.stages, allocation.stages, strict=True)
        ]
        assert replayed.means(choices) == [want.mean(metric) for metric in table.task.metrics]
    assert len(means) > 20
    if stages == 3:
        assert (table.stages[1].pools < 0).any()
        assert (table.stages[1].pools >= 0).any()
    for stage in table.stages:
        assert (stage.outputs < 0).any()
        assert len(stage.samples.prompt_tokens) <= stage.pools.size
    assert len(table.stages[-1].samples.prompt_tokens) < (table.stages[-1].pools >= 0).sum()  # pools are shared


def test_the_test_split_draws_from_the_account_of_the_search_split() -> None:
    task, table, sampler = counting_task(2, "vote"), recorded(2, "vote"), make_sampler()
    shared = replay_sampler(table)
    pairs = [
        (LiveEvaluator(task, examples, sampler), ReplayEvaluator(table, split, sampler=shared))
        for split, examples in (("search", SEARCH), ("test", TEST))
    ]
    best = Allocation.of(("small", 3), ("large", 5))
    for real, replayed in pairs:
        evaluation = replayed.evaluate(best, f"t{len(real.examples)}")
        assert evaluation == real.evaluate(best, f"t{len(real.examples)}")
    assert evaluation.ledger.samples_reused > 0  # an example of the test split is like one of the search split


def test_fewer_examples_are_the_first_ones() -> None:
    allocation = Allocation.of(("large", 5), ("small", 2))
    want = live(examples=SEARCH[:3]).evaluate(allocation, "t")
    assert ReplayEvaluator(recorded(), examples=3).evaluate(allocation, "t") == want


def test_a_search_over_replay_is_the_search_over_live(tmp_path: Path) -> None:
    task, table = counting_task(3, "llm"), recorded(3, "llm")
    problem = Problem.of(task, levels=LEVELS)
    replayed_problem = Problem.of(table.task, levels=table.levels)
    assert replayed_problem == problem
    sampler = replay_sampler(table, tmp_path / "samples.sqlite")
    env = AllocationEnv(replayed_problem, ReplayEvaluator(table, sampler=sampler), trials=25, run="r")
    assert isinstance(env.evaluator, QuickEvaluator)
    real = search(AllocationEnv(problem, live(3, "llm"), trials=25, run="r"), RandomSearcher(), seed=1)
    replayed = search(env, RandomSearcher(), seed=1)
    assert replayed == real
    assert [trial.ledger for trial in replayed] == [trial.ledger for trial in real]
    assert {trial.state for trial in real} == {"complete"}
    env.close()
    # A search that was killed after trial 9 goes on with the same account.
    again = ReplayEvaluator(table, sampler=replay_sampler(table, tmp_path / "samples.sqlite"))
    env = AllocationEnv(replayed_problem, again, trials=25, run="r")
    resumed = search(env, RandomSearcher(), seed=1, resume=real[:10])
    assert resumed == real
    assert [trial.ledger for trial in resumed] == [trial.ledger for trial in real]


def test_a_copy_of_an_environment_starts_an_account_of_its_own() -> None:
    evaluator = ReplayEvaluator(recorded())
    allocation = Allocation.of(("small", 5), ("small", 2))
    first = evaluator.evaluate(allocation, "t")
    evaluator.close()
    copy = pickle.loads(pickle.dumps(ReplayEvaluator(recorded())))
    assert copy.evaluate(allocation, "t") == first


def test_gymnasium_accepts_the_environment() -> None:
    table = recorded()
    check_env(
        AllocationEnv(Problem.of(table.task, levels=table.levels), ReplayEvaluator(table)), skip_render_check=True
    )


def test_restricted_to_some_models_it_is_live_with_these() -> None:
    table = recorded(3, "llm").with_models({"read": ["large"], "add": ["small"]})
    task = counting_task(3, "llm").with_stages(models={"read": (Model("large", 70e9, 8, 128, 1.0),)})
    assert [[model.name for model in stage.models] for stage in table.task.stages] == [
        ["large"], ["small", "large"], ["small"],
    ]  # fmt: skip
    allocation = Allocation.of(("large", 3), ("small", 2), ("small", 5))
    want = LiveEvaluator(task, SEARCH, make_sampler()).evaluate(allocation, "t")
    assert ReplayEvaluator(table).evaluate(allocation, "t") == want
    with pytest.raises(InvalidInputError, match="'read' was recorded with the model large, but got 'small'"):
        ReplayEvaluator(table).evaluate(Allocation.of(("small", 3), ("small", 2), ("small", 5)), "t")


@pytest.mark.parametrize(
    ("allocation", "message"),
    [
        (("small", 4, "small", 1), "stage 'read' was recorded with the number of samples 1, 2, 3, 5, but got 4"),
        (("small", 1, "small", 6), "stage 'add' was recorded with the number of samples 1, 2, 3, 5, but got 6"),
        (("small", 1, "huge", 1), "stage 'add' was recorded with the model small, large, but got 'huge'"),
        (("small", 1), "the table has 2 stages, but got the allocation small x1"),
    ],
)
def test_what_was_not_recorded_is_named_before_anything_is_counted(
    allocation: Sequence[str | int], message: str
) -> None:
    evaluator = ReplayEvaluator(recorded())
    asked = Allocation.of(*zip(allocation[::2], allocation[1::2], strict=True))  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=message):
        evaluator.evaluate(asked, "t")
    assert evaluator.sampler.store.count() == 0


def test_examples_must_have_been_recorded() -> None:
    for count in (-1, 7):
        with pytest.raises(InvalidInputError, match=f"6 examples in the search split, but got {count}"):
            ReplayEvaluator(recorded(), examples=count)
    with pytest.raises(InvalidInputError, match="at least one example, but got none of the test split"):
        ReplayEvaluator(recorded(), "test", examples=0)


def test_what_no_model_wrote_does_not_look_as_if_one_had() -> None:
    assert ReplayEvaluator(recorded()).backend == "replay"
    scripted = dataclasses.replace(recorded(), provenance=Provenance("scripted"))
    assert ReplayEvaluator(scripted).backend == "scripted replay"


class Again:
    """Gives the samples of a store again, by the seed that every pool has: a model that takes as long as it took."""

    def __init__(self, engine_identity: str, store: SampleStore, keys: Sequence[bytes]) -> None:
        self.identity = engine_identity
        self._pools = {int.from_bytes(key[:7], "big"): pool for key, pool in store.get(keys).items()}

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for position, request in enumerate(requests):
            pool = self._pools[request.seed]
            yield (
                position,
                [
                    Completion(n, pool[n].text, pool[n].prompt_tokens, pool[n].decode_tokens, "stop", pool[n].seconds)
                    for n in range(request.first, request.first + request.count)
                ],
            )

    def close(self) -> None: ...


@pytest.mark.model
def test_replay_of_a_real_model_is_live_with_the_same_samples(tmp_path: Path) -> None:
    task = build_task(
        "fictional-qa", models={"*": ["smollm2-135m"]}, temperatures={"*": 0.7}, fusions={"answer": "llm"}
    )
    split, test = build_splits("fictional-qa", search=3, test=1)
    sampler = build_sampler("transformers", tmp_path / "samples.sqlite")
    table = record(task, split, test, sampler, (1, 2, 3, 4), Provenance("transformers"))
    identity = sampler.engine(task.stages[0].models[0]).identity
    sampler.close()
    connection = sqlite3.connect(tmp_path / "samples.sqlite")
    keys = [key for (key,) in connection.execute("SELECT DISTINCT key FROM samples")]
    connection.close()
    store = SampleStore(tmp_path / "samples.sqlite")
    again = Sampler(SampleStore(":memory:"), lambda model: Again(identity, store, keys))
    real, replayed = LiveEvaluator(task, split, again), ReplayEvaluator(table)
    for number in range(16):  # all of them, in an order that reuses some
        first, second = divmod(number * 7 % 16, 4)
        allocation = Allocation.of(("smollm2-135m", first + 1), ("smollm2-135m", second + 1))
        evaluation = replayed.evaluate(allocation, f"t{number}")
        assert evaluation == real.evaluate(allocation, f"t{number}")
    assert evaluation.ledgers["retrieve"].decode_tokens_reused > 0
    store.close()
    # The recording's own store serves a live search too, which then reuses everything.
    served = LiveEvaluator(task, split, build_sampler("transformers", tmp_path / "samples.sqlite"))
    evaluation_again = served.evaluate(allocation, "u")
    assert evaluation_again.scores == evaluation.scores
    assert evaluation_again.ledger == evaluation.ledger.as_reused()
