"""Recording: everything once, stored before use, refused before it explodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from recordings import LEVELS, SEARCH, TEST, SlowEngine, counting_task, make_sampler, recorded, reply

from agenttts_env.engines.base import Request
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.provenance import Provenance
from agenttts_env.recording import StagePlan, Watch, record, worst_case
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore


def test_every_sample_is_drawn_once_and_watched(tmp_path: Path) -> None:
    engines: dict[str, SlowEngine] = {}
    sampler = Sampler(
        SampleStore(tmp_path / "s.sqlite"), lambda model: engines.setdefault(model.name, SlowEngine(model, reply))
    )
    plans: list[StagePlan] = []
    drawn: list[int] = []
    table = record(
        counting_task(3, "llm"), SEARCH, TEST, sampler, LEVELS, Provenance("toy"),
        watch=Watch(plans.append, drawn.append),
    )  # fmt: skip
    pools = [pools for stage in table.stages for pools in (stage.samples, stage.fusing)]
    assert sum(drawn) == sum(engine.samples for engine in engines.values()) == sum(p.seconds.size for p in pools)
    assert [plan.stage for plan in plans] == ["read", "mend", "add"]
    assert [plan.contexts for plan in plans] == [len(stage.children) for stage in table.stages]
    assert plans[0].samples == 8 * 2 * (5 + 3)  # examples, models, samples and fusing calls
    assert plans[1].samples == int((table.stages[1].pools >= 0).sum()) * 5  # not where there is nothing to do
    assert sum(drawn) <= sum(plan.samples for plan in plans) <= worst_case(table.task, 8, LEVELS)
    assert table.digest == recorded(3, "llm").digest
    assert table.provenance.identities == {"small": "scripted", "large": "scripted"}
    drawn.clear()
    again = record(
        counting_task(3, "llm"), SEARCH, TEST, sampler, LEVELS, Provenance("toy"), watch=Watch(on_samples=drawn.append)
    )
    assert not drawn
    assert again.digest == table.digest
    assert again.provenance == table.provenance


def test_a_recording_that_failed_goes_on_where_it_was() -> None:
    left = 40

    def failing(request: Request, index: int) -> str:
        nonlocal left
        left -= 1
        if left == 0:
            raise EngineError("the plug was pulled")
        return reply(request, index)

    store = SampleStore(":memory:")
    engines = [SlowEngine(model, failing) for model in counting_task(2, "vote").stages[0].models]
    sampler = Sampler(store, lambda model: next(engine for engine in engines if engine.model == model))
    with pytest.raises(EngineError, match="the plug was pulled"):
        record(counting_task(2, "vote"), SEARCH, TEST, sampler, LEVELS, Provenance("toy"))
    kept = store.count()
    drawn: list[int] = []
    table = record(
        counting_task(2, "vote"), SEARCH, TEST, sampler, LEVELS, Provenance("toy"), watch=Watch(on_samples=drawn.append)
    )
    assert kept > 0
    assert sum(drawn) == store.count() - kept
    assert table.digest == recorded(2, "vote").digest


def test_what_needs_too_much_is_refused_before_it_is_drawn() -> None:
    sampler = make_sampler()
    with pytest.raises(
        InvalidInputError, match=r"at most 79 samples, but with stage 'read' it needs 80 \(8 contexts\)"
    ):
        record(counting_task(2, "vote"), SEARCH, TEST, sampler, LEVELS, Provenance("toy"), most=79)
    assert sampler.store.count() == 0
    with pytest.raises(InvalidInputError, match="at most 80 samples, but with stage 'add' it needs"):
        record(counting_task(2, "vote"), SEARCH, TEST, sampler, LEVELS, Provenance("toy"), most=80)
    assert 0 < sampler.store.count() <= 80  # examples that are alike share their samples


@pytest.mark.parametrize("levels", [(), (0, 1), (2, 1), (1, 1)])
def test_levels_must_ascend(levels: Sequence[int]) -> None:
    with pytest.raises(InvalidInputError, match="`levels` must be ascending integers >= 1"):
        record(counting_task(2, "vote"), SEARCH, TEST, make_sampler(), levels, Provenance("toy"))


def test_without_pipeline_or_examples_there_is_nothing_to_record() -> None:
    task = counting_task(2, "vote")
    with pytest.raises(InvalidInputError, match="needs a pipeline"):
        record(dataclasses.replace(task, pipeline=None), SEARCH, (), make_sampler(), LEVELS, Provenance("toy"))
    sampler = make_sampler()
    with pytest.raises(InvalidInputError, match="at least one example to search on"):
        record(task, (), TEST, sampler, LEVELS, Provenance("toy"))
    assert sampler.store.count() == 0


def test_the_prompts_hash_tells_recordings_of_other_prompts_apart() -> None:
    task = counting_task(2, "vote")
    hashes = {
        record(task, search, (), make_sampler(), levels, Provenance("toy")).provenance.prompts
        for search, levels in [((1, 2), (1, 2)), ((1, 2), (1, 2)), ((1, 3), (1, 2))]
    }
    assert len(hashes) == 2
    assert len(recorded().provenance.prompts) == 64
    assert recorded().examples == {"search": ("0", "1", "2", "3", "4", "5"), "test": ("6", "7")}  # never their text
