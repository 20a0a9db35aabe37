"""The picture of a search."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.labels import Labels
from agenttts_env.experiments.plots import plot_search
from agenttts_env.trial import Trial


def picture(path: Path) -> npt.NDArray[np.float32]:
    from matplotlib.image import imread

    image: npt.NDArray[np.float32] = imread(path)
    return image


def test_a_plot_shows_trials_and_test_score(labels: Labels, trials: list[Trial], tmp_path: Path) -> None:
    empty, search, tested = (tmp_path / f"{name}.png" for name in ("empty", "search", "tested"))
    plot_search(labels, [], empty)
    plot_search(labels, trials, search)
    plot_search(labels, trials, tested, test_score=0.6)
    images = [picture(path) for path in (empty, search, tested)]
    assert images[0].shape == (630, 1650, 4)
    assert (images[0] != images[1]).any(axis=2).mean() > 0.01
    assert (images[1] != images[2]).any(axis=2).mean() > 0.001


def test_a_search_without_a_score_can_be_drawn(labels: Labels, trials: list[Trial], tmp_path: Path) -> None:
    plot_search(labels, [trials[1], trials[3]], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_a_missing_matplotlib_names_the_pip_command(
    labels: Labels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[plot\]'"):
        plot_search(labels, [], tmp_path / "plot.png")
