"""Equality to the last bit, of what environments return."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_same(one: Any, two: Any) -> None:
    """Equal keys, types, shapes and bits."""
    if isinstance(two, dict):
        assert one.keys() == two.keys()
        for key in two:
            assert_same(one[key], two[key])
    elif isinstance(two, tuple):
        for left, right in zip(one, two, strict=True):
            assert_same(left, right)
    elif two is None:
        assert one is None
    else:
        assert (one.dtype, one.shape) == (two.dtype, two.shape)
        if two.dtype == object and any(isinstance(entry, np.ndarray) for entry in two):
            assert_same(tuple(one), tuple(two))
        else:
            assert one.tolist() == two.tolist()
