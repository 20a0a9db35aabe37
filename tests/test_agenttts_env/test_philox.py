"""The random numbers of episodes."""

from __future__ import annotations

import numpy as np
import pytest

from agenttts_env.philox import philox, uniform_pairs


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # the known answers that are published with the generator
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_the_published_answers(counter: list[int], key: list[int], expected: list[int]) -> None:
    c = [np.full(3, word, dtype=np.uint64) for word in counter]
    k = [np.full(3, word, dtype=np.uint64) for word in key]
    found = philox((c[0], c[1], c[2], c[3]), (k[0], k[1]))
    assert [word.tolist() for word in found] == [[word] * 3 for word in expected]


def test_pairs_are_uniform_and_each_depends_on_its_own_key_and_number_only() -> None:
    keys = np.array([5, 2**63 + 5, 2**64 - 1] * 20000, dtype=np.uint64)
    numbers = np.arange(60000, dtype=np.uint64) + np.uint64(2**32 - 30000)
    one, two = uniform_pairs(keys, numbers)
    for uniform in (one, two):
        assert uniform.min() >= 0
        assert uniform.max() < 1
        counts = np.histogram(uniform, bins=20, range=(0, 1))[0]
        assert (((counts - 3000) ** 2) / 3000).sum() < 43.8  # chi-squared, 19 degrees of freedom: p = 0.001
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.02
    assert len(set(one.tolist())) == 60000
    alone = uniform_pairs(keys[777:778], numbers[777:778])
    assert (alone[0][0], alone[1][0]) == (one[777], two[777])
