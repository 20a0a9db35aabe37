"""Global random numbers, which Stable-Baselines3 seeds and draws from, left as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def global_random_numbers_kept() -> Iterator[None]:
    """Put back Python's, NumPy's and PyTorch's global random numbers at the end."""
    import torch

    python, numpy, pytorch = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.set_rng_state(pytorch)
