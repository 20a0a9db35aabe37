"""The pictures of a landscape: that each shows what it is given, and says that it is simulated."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from landscapes import toy_landscape
from recordings import LEVELS, recorded

from agenttts_env.allocation import Allocation
from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments import landscape_plots
from agenttts_env.experiments.landscape_plots import main, write_plots
from agenttts_env.experiments.reported import Reported
from agenttts_env.model import Model
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.replay_oracle import ReplayOracle
from agenttts_env.stage import Stage
from agenttts_env.task import Task

SMALL, LARGE = Model("small", 3e9, 4, 64, 0.1), Model("large", 70e9, 8, 128, 1.0)


def toy_oracle(
    stages: int = 3, *, budget: float = 1000.0, cost: str = "paper", levels: tuple[int, ...] = (1, 2, 5, 20)
) -> Oracle:
    landscape = toy_landscape()
    if stages == 2:
        landscape = replace(landscape, stages=landscape.stages[1:], metrics={"quality": landscape.metrics["quality"]})
    specs = tuple(Stage(stage.name, (SMALL, LARGE), 256, 64, 8, fusion="llm") for stage in landscape.stages)
    problem = Problem.of(Task("toy", "", specs, tuple(landscape.metrics)), cost=cost, budget=budget, levels=levels)
    return Oracle(problem, landscape, nodes=9, inner_nodes=33)


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The words in every picture that is saved, by the file's name."""
    found: dict[str, list[str]] = {}
    save = landscape_plots._save

    def spy(canvas: Any, path: Path) -> None:
        from matplotlib.text import Text

        found[path.name] = [text.get_text() for text in canvas.figure.findobj(Text) if text.get_text()]
        save(canvas, path)

    monkeypatch.setattr(landscape_plots, "_save", spy)
    return found


def picture(path: Path) -> npt.NDArray[np.float32]:
    from matplotlib.image import imread

    image: npt.NDArray[np.float32] = imread(path)
    return image


def test_three_stages_are_drawn_from_all_sides(tmp_path: Path, texts: dict[str, list[str]]) -> None:
    oracle = toy_oracle()
    other = Allocation.of(
        *((("small", 5), ("large", 1))[choice.model == "small"] for choice in oracle.best().allocation.stages)
    )
    reported = [Reported("somebody", other, 0.5), Reported("an optimum", other, None)]
    paths = write_plots(oracle, tmp_path, reported)
    assert [path.name for path in paths] == ["toy-samples.png", "toy-around.png", "toy-costs.png"]
    for path in paths:
        assert path.stat().st_size > 5_000
        assert any("toy · SIMULATED" in text for text in texts[path.name])
    samples, around, costs = texts.values()
    assert samples.count("samples S") == 5  # read; plan and write after the large models and after the small ones
    assert {"reading", "share right", "quality", "small", "large"} <= set(samples)
    assert any(text.startswith("write\nafter large x1\n+ large x1\n(share right 0.") for text in samples)
    assert sum(text.startswith("oracle: ") for text in around) == 3
    assert sum(text.startswith("somebody: ") for text in around) == 3
    assert f"somebody: {other}" in costs
    assert f"oracle: {oracle.best().allocation}" in costs
    assert not any("an optimum" in text for text in costs)


def test_a_recorded_table_is_drawn_too(tmp_path: Path, texts: dict[str, list[str]]) -> None:
    table = recorded()
    oracle = ReplayOracle(Problem.of(table.task, budget=60.0, levels=LEVELS), table)
    assert [path.name for path in write_plots(oracle, tmp_path)] == ["counting-around.png", "counting-costs.png"]
    assert all(any("REPLAY" in text for text in words) for words in texts.values())
    assert any("standard error of 6 examples" in text for text in texts["counting-costs.png"])


@pytest.mark.parametrize(("cost", "levels"), [("flops", (1,)), ("usd", (3, 4))])
def test_any_cost_and_any_number_of_levels_can_be_drawn(cost: str, levels: tuple[int, ...], tmp_path: Path) -> None:
    assert len(write_plots(toy_oracle(2, cost=cost, budget=1e30, levels=levels), tmp_path)) == 3


def test_the_budget_moves_the_line(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("small", "large")]
    for folder, budget in zip(folders, (100.0, 3000.0), strict=True):
        folder.mkdir()
        write_plots(toy_oracle(2, budget=budget), folder)
    for name in ("around", "costs"):
        small, large = (picture(folder / f"toy-{name}.png") for folder in folders)
        assert small.shape != large.shape or (small != large).any(axis=2).mean() > 0.01
    assert (folders[0] / "toy-samples.png").read_bytes() == (folders[1] / "toy-samples.png").read_bytes()


def test_the_script_draws_small_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--task", "webqsp", "--out", str(tmp_path / "new")])
    files = sorted((tmp_path / "new").iterdir())
    assert [file.name for file in files] == ["webqsp-around.png", "webqsp-costs.png", "webqsp-samples.png"]
    assert all(file.stat().st_size < 80_000 for file in files)  # 18 of them are to stay below 1.5 MB
    assert capsys.readouterr().out.count("webqsp-") == 3


def test_a_missing_matplotlib_names_the_pip_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[plot\]'"):
        write_plots(toy_oracle(), tmp_path)
