from __future__ import annotations

import re

import pytest

from agenttts_env.experiments.benchmark import main


def test_steps_are_timed_beside_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    main(["step", "--steps", "3"])
    line = re.search(r"cold (\d+), warm (\d+); CartPole-v1 (\d+)", capsys.readouterr().out)
    assert line is not None
    assert all(int(figure) > 0 for figure in line.groups())


@pytest.mark.slow
@pytest.mark.model
def test_the_engine_is_timed_beside_plain_generate(capsys: pytest.CaptureFixture[str]) -> None:
    main(["engine", "--prompts", "1"])
    line = re.search(r"ours (\d+), plain generate (\d+), ours (\d+); ratio (\d+\.\d)", capsys.readouterr().out)
    assert line is not None
    assert float(line[4]) > 0
