"""Random numbers of many episodes at once: each is a function of an episode's key and number, in arrays.

The generator is Philox4x32-10 (Salmon et al., 2011: "Parallel random numbers: as easy as 1, 2, 3"). numpy offers its
sibling for one key at a time only; a thousand sub-environments have a thousand keys.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

_ROUNDS = 10
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[Words, Words]) -> tuple[Words, Words, Words, Words]:
    """Four 32-bit random numbers for every counter and key; all are 32-bit numbers in 64-bit words, of one shape."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for round_ in range(_ROUNDS):
        if round_:
            k0, k1 = k0 + np.uint64(_WEYL[0]) & _LOW, k1 + np.uint64(_WEYL[1]) & _LOW
        one, two = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2  # 32 x 32 bits: nothing overflows
        c0, c1, c2, c3 = (two >> _HALF) ^ c1 ^ k0, two & _LOW, (one >> _HALF) ^ c3 ^ k1, one & _LOW
    return c0, c1, c2, c3


def uniform_pairs(keys: Words, numbers: Words) -> tuple[Floats, Floats]:
    """Two uniform numbers in [0, 1) for every episode.

    Args:
        keys: of the sub-environments, any 64 bits; shape (n,).
        numbers: of their episodes; shape (n,).
    """
    zero = np.zeros_like(keys)
    a, b, c, d = philox((numbers & _LOW, numbers >> _HALF, zero, zero), (keys & _LOW, keys >> _HALF))
    return _unit(a, b), _unit(c, d)


def _unit(high: Words, low: Words) -> Floats:
    uniform: Floats = ((high << _HALF | low) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform
