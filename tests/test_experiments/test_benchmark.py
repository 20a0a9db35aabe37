from __future__ import annotations

import re

import pytest

from agenttts_env.experiments.benchmark import main


def test_steps_are_timed_beside_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    main(["step", "--steps", "3"])
    line = re.search(r"cold (\d+), warm (\d+); CartPole-v1 (\d+)", capsys.readouterr().out)
    assert line is not None
    assert all(int(figure) > 0 for figure in line.groups())


def test_a_simulation_is_timed_beside_cartpole(capsys: pytest.CaptureFixture[str]) -> None:
    """The floors are a third of what docs/performance.md promises, so that a busy machine passes too."""
    main(["landscape", "--tasks", "2wikimultihopqa", "--rounds", "5", "--steps", "400", "--seeds", "32"])
    speeds, seconds = re.findall(r"^\| 2wikimultihopqa \| (.*) \|$", capsys.readouterr().out, flags=re.MULTILINE)
    ratios = [float(ratio) for ratio in re.findall(r"\(([\d.]+)\)", speeds)]
    assert len(ratios) == 4
    assert min(ratios) > 0.8 / 3
    small, large, data_sets, oracle, peak = map(float, seconds.split(" | "))
    assert max(small, large, data_sets) < 3 * 10
    assert oracle < 3 * 60
    assert 0.01 < peak < 3 * 1


@pytest.mark.slow
@pytest.mark.model
def test_the_engine_is_timed_beside_plain_generate(capsys: pytest.CaptureFixture[str]) -> None:
    main(["engine", "--prompts", "1"])
    line = re.search(r"ours (\d+), plain generate (\d+), ours (\d+); ratio (\d+\.\d)", capsys.readouterr().out)
    assert line is not None
    assert float(line[4]) > 0
