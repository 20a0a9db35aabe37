"""Counter-based random numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.simulation.draws import SPLITS, Purpose, normals, uniforms


@given(
    seed=st.integers(0, 2**64 - 1),
    split=st.sampled_from(SPLITS),
    purpose=st.sampled_from(Purpose),
    stage=st.integers(0, 5),
    model=st.integers(0, 5),
    row=st.integers(0, 60),
    width=st.integers(1, 101),
)
def test_any_row_can_be_had_alone(
    seed: int, split: str, purpose: Purpose, stage: int, model: int, row: int, width: int
) -> None:
    where = {"stage": stage, "model": model, "width": width}
    whole = uniforms(seed, split, purpose, 61, **where)
    assert whole.shape == (61, width)
    assert (uniforms(seed, split, purpose, 1, first=row, **where) == whole[row]).all()
    assert (uniforms(seed, split, purpose, row + 1, **where) == whole[: row + 1]).all()


def test_what_they_are_for_decides_them() -> None:
    assert (uniforms(0, "test", Purpose.TRAP, 9, task="a") != uniforms(0, "test", Purpose.TRAP, 9, task="b")).all()
    calls = [(0, "search", Purpose.SAMPLE, 0, 0), (1, "search", Purpose.SAMPLE, 0, 0)]
    calls += [(0, "test", Purpose.SAMPLE, 0, 0), (0, "search", Purpose.PICK, 0, 0)]
    calls += [(0, "search", Purpose.SAMPLE, 1, 0), (0, "search", Purpose.SAMPLE, 0, 1)]
    drawn = [uniforms(a, b, c, 200, stage=d, model=e, width=50).ravel() for a, b, c, d, e in calls]
    for i, one in enumerate(drawn):
        assert abs(one.mean() - 0.5) < 0.012  # four standard errors of 10,000 draws
        assert np.histogram(one, bins=10, range=(0, 1))[0] == pytest.approx(1000, abs=120)
        for other in drawn[:i]:
            assert abs(np.corrcoef(one, other)[0, 1]) < 0.04


def test_they_are_the_same_in_another_process() -> None:
    code = (
        "from agenttts_env.simulation.draws import *; "
        "print(uniforms(7, 'test', Purpose.TRAP, 3, stage=1, width=2).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(uniforms(7, "test", Purpose.TRAP, 3, stage=1, width=2).tolist())
    # and in another year: these are the published data sets
    assert uniforms(7, "test", Purpose.TRAP, 1, stage=1)[0, 0] == pytest.approx(EXPECTED, abs=1e-15)


EXPECTED = 0.45844897795598916


def test_normals_are_normal() -> None:
    drawn = normals(uniforms(0, "search", Purpose.DIFFICULTY, 20_000))
    assert abs(drawn.mean()) < 0.03
    assert drawn.std() == pytest.approx(1, abs=0.02)
    assert np.isfinite(normals(np.array([[0.0, 0.5, 1 - 2**-53]]))).all()


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_has_64_bits(seed: int) -> None:
    with pytest.raises(InvalidInputError, match=rf"`seed` must lie in \[0, 2\*\*64\), but got {seed}"):
        uniforms(seed, "search", Purpose.SAMPLE, 1)
