"""Comparisons made of random numbers."""

from __future__ import annotations

import numpy as np

from agenttts_env.experiments.statistics import Comparison, Reference

ORACLE = 1.0


def random_comparison(
    searchers: tuple[str, ...] = ("random", "tpe", "agent"),
    *,
    tasks: int = 3,
    seeds: int = 4,
    trials: int = 6,
    seed: int = 0,
) -> Comparison:
    """Each cell's numbers follow from its own name, so that other searchers do not change them."""
    shape = (tasks, seeds, trials)
    search, test, tokens, overhead = (np.empty((tasks, len(searchers), seeds, trials)) for _ in range(4))
    for column, searcher in enumerate(searchers):
        rng = np.random.default_rng([seed, *searcher.encode()])
        score = np.where(rng.random(shape) < 0.2, np.nan, rng.uniform(0.1, 0.9, shape))
        search[:, column] = score
        best = np.fmax.accumulate(score, axis=-1)
        test[:, column] = np.clip(best + 0.05 * rng.standard_normal(shape), 0.0, ORACLE)
        tokens[:, column] = rng.integers(1, 100, shape)
        overhead[:, column] = 10.0 * column
    names = tuple(f"task {task}" for task in range(tasks))
    spending = {"tokens": tokens, "total_tokens": tokens + overhead}
    return Comparison(names, searchers, tuple(range(seeds)), search, test, spending)


def reference_of(comparison: Comparison) -> Reference:
    return Reference.of(comparison, dict.fromkeys(comparison.tasks, ORACLE))


LOSSES = np.array(
    [
        [
            [0.521, 0.84, 5.279, 1.933, 0.194, 0.995, 0.536, 1.16],
            [0.2, 1.274, 1.265, 4.834, 1.373, 1.666, 0.225, 9.514],
        ],
        [
            [0.147, 3.01, 0.719, 0.415, 0.519, 0.511, 1.463, 0.896],
            [4.404, 0.16, 0.997, 0.41, 2.172, 0.12, 0.709, 1.234],
        ],
        [
            [0.227, 2.678, 1.196, 2.737, 2.61, 0.375, 0.45, 0.816],
            [2.113, 2.342, 0.492, 0.545, 0.45, 0.558, 0.788, 0.877],
        ],
    ]
)
"""Three tasks, two searchers, eight seeds: what rliable was run on, once, for the numbers in the tests."""
