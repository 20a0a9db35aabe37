"""Bit masks against the outcomes that they stand for, one example at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import toy_landscape

from agenttts_env.errors import InvalidInputError
from agenttts_env.simulation.bitboard import Bitboard, words
from agenttts_env.simulation.bitboards import Bitboards
from agenttts_env.simulation.dataset import Dataset
from agenttts_env.simulation.landscape import OUTCOMES, RIGHT, SCATTERED, SHARED

MODELS = [[0, 1], [1], [1, 0]]
SAMPLES = st.integers(1, 100)
CHOICES = st.tuples(
    st.tuples(st.integers(0, 1), SAMPLES), st.tuples(st.just(0), SAMPLES), st.tuples(st.integers(0, 1), SAMPLES)
)


def outcomes(dataset: Dataset, choices: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """For each stage the outcome of every example, by following each through the fused outcomes."""
    upstream = [RIGHT] * dataset.examples
    found = []
    for stage, (model, samples) in enumerate(choices):
        fused = dataset.fused(stage, MODELS[stage][model])
        upstream = [int(fused[before, example, samples - 1]) for example, before in enumerate(upstream)]
        found.append(upstream)
    return found


@settings(max_examples=40)
@given(seed=st.integers(0, 2**64 - 1), examples=st.integers(1, 130), choices=CHOICES)
def test_masks_and_means_are_those_of_the_outcomes(
    seed: int, examples: int, choices: tuple[tuple[int, int], ...]
) -> None:
    dataset = Dataset(toy_landscape(), seed=seed, examples=examples)
    board, expected = Bitboard(dataset, MODELS), outcomes(dataset, choices)
    for (right, shared), stage in zip(board.masks(choices), expected, strict=True):
        assert [right >> example & 1 for example in range(examples)] == [int(one == RIGHT) for one in stage]
        assert [shared >> example & 1 for example in range(examples)] == [int(one == SHARED) for one in stage]
        assert max(right, shared) < 1 << examples
    quality = sum((0.0, 0.25, 1.0)[one] for one in expected[2]) / examples
    reading = sum((0.125, 0.5, 0.75)[one] for one in expected[0]) / examples
    assert board.means(choices) == [quality, reading]


@settings(max_examples=40)
@given(
    seeds=st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
    examples=st.integers(1, 130),
    levels=st.sets(SAMPLES, min_size=1, max_size=4).map(sorted),
    count=st.integers(0, 5),
    rng=st.integers(0, 2**32 - 1).map(np.random.default_rng),
)
def test_many_boards_at_once_are_the_same_to_the_last_bit(
    seeds: list[int], examples: int, levels: list[int], count: int, rng: np.random.Generator
) -> None:
    datasets = [Dataset(toy_landscape(), seed=seed, examples=examples) for seed in seeds]
    boards = Bitboards(datasets, MODELS, levels)
    which = rng.integers(len(seeds), size=count)
    models = np.array([rng.integers(len(offered), size=count) for offered in MODELS])
    level = rng.integers(len(levels), size=(len(MODELS), count))
    means = boards.means(boards.offsets(which) + models * len(levels) + level)
    singles = [Bitboard(dataset, MODELS) for dataset in datasets]
    assert means.shape == (2, count)
    for column in range(count):
        choices = [(int(m), levels[n]) for m, n in zip(models[:, column], level[:, column], strict=True)]
        assert means[:, column].tolist() == singles[which[column]].means(choices)


@pytest.mark.parametrize("examples", [1, 63, 64, 65, 128])
def test_bits_beyond_the_examples_are_zero(examples: int) -> None:
    table = words(Dataset(toy_landscape(), examples=examples), 1, [0, 1])
    assert table.shape == (2, 100, len(OUTCOMES), 2, -(-examples // 64))
    used = np.unpackbits(table.astype("<u8").view(np.uint8), axis=-1, bitorder="little")
    assert not used[..., examples:].any()
    assert not (table[:, :, SCATTERED, 0] & table[:, :, SCATTERED, 1]).any()  # no example is both


def test_levels_that_are_not_simulated_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="at most 100 samples, but got 101"):
        Bitboards([Dataset(toy_landscape())], MODELS, (1, 101))
