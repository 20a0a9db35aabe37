"""Samples are a prefix, stored before use, and never computed twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenttts_env.cost import decode_flops, prefill_flops
from agenttts_env.engines.base import Completion, Message, Prompt, Request, Sampling
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.model import Model
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore

MODEL = Model("m", 1e9, layers=2, width=8, price=3.0)
SAMPLING = Sampling(temperature=0.9, max_tokens=8)


def prompt(text: str) -> Prompt:
    return (Message("user", text),)


def over(engine: object, store: SampleStore | None = None, seed: int = 0) -> Sampler:
    return Sampler(SampleStore(":memory:") if store is None else store, lambda model: engine, seed=seed)  # type: ignore[arg-type, return-value]


def computed(engine: ScriptedEngine) -> int:
    return sum(request.count for request in engine.calls)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 20)), min_size=1, max_size=12))
def test_samples_do_not_depend_on_what_was_asked_before(asked: list[tuple[int, int]]) -> None:
    engine, fresh = ScriptedEngine(MODEL), ScriptedEngine(MODEL)
    sampler = over(engine)
    most: dict[int, int] = {}
    for which, samples in asked:
        drawn, ledger = sampler.draw("p", MODEL, [prompt(f"word number {which}")], samples, SAMPLING, f"t{len(most)}")
        alone, _ = over(fresh).draw("p", MODEL, [prompt(f"word number {which}")], samples, SAMPLING, "t")
        assert [s.text for s in drawn[0]] == [s.text for s in alone[0]]
        assert ledger.samples_computed + ledger.samples_reused == samples
        most[which] = max(samples, most.get(which, 0))
        assert computed(engine) == sum(most.values())


def test_the_ledger_counts_a_prompt_once_and_tells_computed_from_reused() -> None:
    engine = ScriptedEngine(MODEL, lambda request, index: "one two three")
    sampler = over(engine)
    _, first = sampler.draw("p", MODEL, [prompt("a b c d")], 2, SAMPLING, "t0")
    shape = {"layers": 2, "width": 8}
    assert (first.prompt_tokens_computed, first.prompt_tokens_reused) == (4, 0)
    assert (first.decode_tokens_computed, first.decode_tokens_reused) == (6, 0)
    assert first.flops == pytest.approx(prefill_flops(1e9, 4, **shape) + 2 * decode_flops(1e9, 4, 3, **shape))
    assert first.dollars == pytest.approx(3e-6 * (4 + 6))
    _, second = sampler.draw("p", MODEL, [prompt("a b c d")], 5, SAMPLING, "t1")
    assert (second.samples_computed, second.samples_reused) == (3, 2)
    assert (second.decode_tokens_computed, second.decode_tokens_reused) == (9, 6)
    _, third = sampler.draw("p", MODEL, [prompt("a b c d")], 5, SAMPLING, "t2")
    assert third.tokens_computed == 0
    assert third.tokens_reused == 4 + 15
    assert third == second.as_reused()


def test_equal_prompts_in_a_batch_are_computed_once() -> None:
    engine = ScriptedEngine(MODEL, lambda request, index: "x")
    drawn, ledger = over(engine).draw("p", MODEL, [prompt("a"), prompt("b"), prompt("a")], 3, SAMPLING, "t")
    assert computed(engine) == 6
    assert drawn[0] == drawn[2]
    assert (ledger.samples_computed, ledger.samples_reused) == (6, 3)
    assert (ledger.prompt_tokens_computed, ledger.prompt_tokens_reused) == (2, 1)


def test_everything_that_decides_a_sample_is_in_its_key() -> None:
    sampler = over(ScriptedEngine(MODEL))
    keys = {
        key
        for other, purpose, model, messages, sampling in [
            (sampler, "p", MODEL, prompt("a"), SAMPLING),
            (sampler, "q", MODEL, prompt("a"), SAMPLING),
            (sampler, "p", MODEL, prompt("b"), SAMPLING),
            (sampler, "p", MODEL, (Message("system", "a"),), SAMPLING),
            (sampler, "p", MODEL, prompt("a"), Sampling(0.8, 8)),
            (sampler, "p", MODEL, prompt("a"), Sampling(0.9, 9)),
            (sampler, "p", MODEL, prompt("a"), Sampling(0.9, 8, schema="{}")),
            (sampler, "p", Model("m", 1e9, source="elsewhere"), prompt("a"), SAMPLING),
            (over(ScriptedEngine(MODEL), seed=1), "p", MODEL, prompt("a"), SAMPLING),
            (over(Dying(0)), "p", MODEL, prompt("a"), SAMPLING),
        ]
        for key in other.keys(purpose, model, [messages], sampling)
    }
    assert len(keys) == 10


def test_equal_prompts_of_different_purposes_or_temperatures_are_drawn_independently() -> None:
    engine = ScriptedEngine(MODEL, lambda request, index: f"{request.seed}")
    sampler = over(engine)
    texts = {
        sampler.draw(purpose, MODEL, [prompt("a")], 1, Sampling(temperature, 8), "t")[0][0][0].text
        for purpose in ("p", "q")
        for temperature in (0.5, 0.9)
    }
    assert len(texts) == 4


class Dying:
    """An engine double that fails after some completions."""

    identity = "dying"

    def __init__(self, survivors: int) -> None:
        self.survivors = survivors

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for position, request in enumerate(requests):
            for index in range(request.first, request.first + request.count):
                if self.survivors == 0:
                    raise EngineError("the plug was pulled")
                self.survivors -= 1
                yield position, [Completion(index, f"{index}", 1, 1, "stop", 0.0)]

    def close(self) -> None: ...


def test_what_was_paid_for_before_a_failure_is_kept(tmp_path: Path) -> None:
    store = SampleStore(tmp_path / "s.sqlite")
    with pytest.raises(EngineError, match="the plug was pulled"):
        over(Dying(5), store).draw("p", MODEL, [prompt("a"), prompt("b")], 4, SAMPLING, "t0")
    assert store.count() == 5
    engine = ScriptedEngine(MODEL, lambda request, index: f"{index}")
    engine.identity = "dying"  # the same engine, mended
    drawn, ledger = over(engine, SampleStore(tmp_path / "s.sqlite")).draw(
        "p", MODEL, [prompt("a"), prompt("b")], 4, SAMPLING, "t0"
    )
    assert computed(engine) == 3
    assert [s.text for s in drawn[1]] == ["0", "1", "2", "3"]
    assert ledger.samples_computed == 8  # the same payer goes on: its log is as if nothing had happened


class Lazy:
    """An engine double that ends early without saying so."""

    identity = "scripted"

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        return iter(())

    def close(self) -> None: ...


def test_an_engine_that_gives_too_little_is_an_error() -> None:
    with pytest.raises(EngineError, match="samples are missing"):
        over(Lazy()).draw("p", MODEL, [prompt("a")], 1, SAMPLING, "t")


def test_no_samples_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="`samples` must be >= 1, but got 0"):
        over(Lazy()).draw("p", MODEL, [prompt("a")], 0, SAMPLING, "t")
