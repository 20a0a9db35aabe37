"""What episodes draw: a function of seed and number, spread evenly."""

from __future__ import annotations

import numpy as np

from agenttts_env.mixture.draws import episode_words, picks, shares


def words(seeds: object, episodes: object) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(episode_words(np.array(seeds, dtype=np.uint64), np.array(episodes, dtype=np.uint64)))


def test_they_are_a_function_of_seed_and_episode() -> None:
    seeds, episodes = [0, 1, 2**64 - 1, 1, 2**32], [0, 0, 3, 2**32, 0]
    together = words(seeds, episodes)
    assert len({tuple(column) for column in together.T.tolist()}) == 5
    for number, (seed, episode) in enumerate(zip(seeds, episodes, strict=True)):
        assert (words([seed], [episode])[:, 0] == together[:, number]).all()


def test_the_first_is_the_published_known_answer() -> None:
    assert words([0], [0])[:, 0].tolist() == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def test_picks_and_shares_are_even() -> None:
    found = words(np.arange(7000), np.arange(7000) % 3)
    counts = np.bincount(picks(found[0], 7), minlength=7)
    assert counts.size == 7
    assert (abs(counts - 1000) < 5 * 1000**0.5).all()
    spread = shares(found[1])
    assert 0 <= spread.min() < spread.max() < 1
    assert abs(spread.mean() - 0.5) < 5 * (1 / 12 / 7000) ** 0.5
    assert picks(np.array([0, 2**32 - 1], dtype=np.uint64), 64).tolist() == [0, 63]
