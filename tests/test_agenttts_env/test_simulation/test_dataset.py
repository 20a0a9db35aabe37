"""A data set: determinism, prefixes, and the same answers by plain code."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.simulation.bitboard import Bitboard
from agenttts_env.simulation.chances import fidelity
from agenttts_env.simulation.dataset import Dataset
from agenttts_env.simulation.draws import Purpose, uniforms
from agenttts_env.simulation.landscape import OUTCOMES, RIGHT, SCATTERED, SHARED, Landscape


def test_more_examples_change_nothing_for_the_first(landscape: Landscape) -> None:
    few, many = (Dataset(landscape, seed=4, examples=n) for n in (50, 100))
    for stage in range(3):
        for model in range(2):
            assert (few.samples(stage, model) == many.samples(stage, model)[:, :50]).all()
            assert (few.fused(stage, model) == many.fused(stage, model)[:, :50]).all()


def test_seeds_and_splits_are_different_data(landscape: Landscape) -> None:
    def codes(**what: object) -> np.ndarray:  # type: ignore[type-arg]
        return Dataset(landscape, examples=200, **what).samples(0, 0)[RIGHT]  # type: ignore[arg-type]

    base = codes(seed=0)
    assert (base == codes(seed=0)).all()
    renamed = Dataset(replace(landscape, task="other"), examples=200).samples(0, 0)[RIGHT]
    for other in (codes(seed=1), codes(seed=0, split="test"), renamed):
        assert 0.3 < (base == other).mean() < 0.8  # as often as chance has it


def test_the_landscape_lacks_what_other_models_do(landscape: Landscape) -> None:
    """A data set of fewer models or fewer stages is the same where it overlaps."""
    first = replace(landscape, stages=landscape.stages[:1], metrics={"reading": landscape.metrics["reading"]})
    assert (Dataset(first).fused(0, 1) == Dataset(landscape).fused(0, 1)).all()


def test_it_is_the_same_in_another_process_and_order(landscape: Landscape) -> None:
    code = (
        "import json, sys, zlib; from agenttts_env.simulation import Dataset, Landscape; "
        "d = Dataset(Landscape.from_json(json.load(sys.stdin)), seed=9); "
        "print([zlib.crc32(d.fused(s, m).tobytes()) for s in (2, 1, 0) for m in (1, 0)][::-1])"
    )
    import json
    import zlib

    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(landscape.to_json()), capture_output=True, text=True, check=True
    )
    here = Dataset(landscape, seed=9)
    assert done.stdout.strip() == str([zlib.crc32(here.fused(s, m).tobytes()) for s in (0, 1, 2) for m in (0, 1)])


def fused_plainly(data: Dataset, stage: int, model: int, upstream: int, example: int, samples: int) -> int:
    """The fused outcome from written-out answers, as a search over a live pipeline would count them."""
    codes = data.samples(stage, model)[upstream, example, :samples].tolist()
    answers = [{RIGHT: "right", SHARED: "shared"}.get(code, f"scattered {i}") for i, code in enumerate(codes)]
    where = {"task": "toy", "stage": stage, "model": model, "width": 100, "first": example}
    finds = uniforms(data.seed, data.split, Purpose.FUSION, 1, **where)[0, samples - 1]
    pick = uniforms(data.seed, data.split, Purpose.PICK, 1, **where)[0, samples - 1]
    counts = Counter(answers)
    largest = max(counts.values())
    spec = data.landscape.stages[stage]
    if finds < fidelity(spec, model, samples, fused_by_model=data.fused_by_model[stage]) and largest > 1:
        winners = [answer for answer in ("right", "shared") if counts[answer] == largest]
        answer = winners[0] if len(winners) == 1 or pick < 0.5 else winners[1]
    else:
        answer = answers[int(pick * samples)]
    return {"right": RIGHT, "shared": SHARED}.get(answer, SCATTERED)


@pytest.mark.parametrize("by_model", [True, False])
def test_fused_outcomes_are_what_plain_code_says(landscape: Landscape, by_model: bool) -> None:
    data = Dataset(landscape, seed=1, examples=12, fused_by_model=(by_model,) * 3)
    for stage, model in ((0, 0), (1, 1), (2, 0)):
        fused = data.fused(stage, model)
        for upstream in range(len(OUTCOMES)):
            for example in range(12):
                for samples in (1, 2, 3, 4, 7, 20, 63, 100):
                    expected = fused_plainly(data, stage, model, upstream, example, samples)
                    assert fused[upstream, example, samples - 1] == expected


@pytest.mark.parametrize("examples", [1, 50, 64, 65, 100, 500])
def test_bit_masks_say_what_following_each_example_says(landscape: Landscape, examples: int) -> None:
    data = Dataset(landscape, seed=2, examples=examples)
    board = Bitboard(data, [(0, 1), (1,), (0, 1)])
    rng = np.random.default_rng(0)
    for _ in range(10):
        models, samples = (int(rng.integers(2)), 0, int(rng.integers(2))), rng.integers(1, 101, 3).tolist()
        outcome = np.full(examples, RIGHT)
        outcomes = []
        for stage, model in enumerate((models[0], 1, models[2])):
            outcome = data.fused(stage, model)[outcome, np.arange(examples), samples[stage] - 1]
            outcomes.append(outcome)
        quality = np.array(landscape.metrics["quality"].values)[outcomes[2]].mean()
        reading = np.array(landscape.metrics["reading"].values)[outcomes[0]].mean()
        assert board.means(list(zip(models, samples, strict=True))) == [quality, reading]


def test_traps_only_where_there_is_a_trap(landscape: Landscape) -> None:
    free = replace(landscape, stages=tuple(replace(stage, trap=0.0) for stage in landscape.stages))
    assert (Dataset(free, examples=200).samples(0, 0) != SHARED).all()
    shared = (Dataset(landscape, examples=2000).samples(0, 0)[RIGHT] == SHARED).any(axis=1)
    assert shared.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": 0}, "`examples` must be >= 1, but got 0"),
        ({"temperatures": (0.5,)}, "need a temperature and a fusion for each of 3 stages"),
        ({"seed": -1}, "`seed` must lie in"),
    ],
)
def test_bad_options_are_refused(landscape: Landscape, options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Dataset(landscape, **options)  # type: ignore[arg-type]
