from __future__ import annotations

import pytest
from agent_runs import PROBLEM, Run, script, small, written

from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import initial_allocations


def kinds(run: Run) -> list[str]:
    return [note["kind"] for note in run.notes]


def test_a_summary_after_every_trial() -> None:
    run = Run("agenthpo", script(written(4), written(5), written(6), text="it\nrose")).go(3)
    assert run.asked == [small(4), small(5), small(6)]
    assert kinds(run) == ["candidates", "summary", "candidates", "summary", "candidates"]
    first, second, third = run.prompts("candidates")
    assert "Trials so far" not in first
    assert "unexplored" not in first
    assert "unexplored" in second
    assert "Notes on these trials:\n- Trial 0: it rose\n" in second
    assert "- Trial 0: it rose\n- Trial 1: it rose\n" in third
    assert f"\n1. {small(5)} | cost " in third
    summary = run.prompts("summary")[1]
    assert f"Earlier trials (number, allocation, cost, metrics):\n0. {small(4)} |" in summary
    assert f"New trials (number, allocation, cost, metrics):\n1. {small(5)} |" in summary


def test_a_batch_is_summarised_together() -> None:
    run = Run("agenthpo", script(written(4, 5, 6), written(7)), {"batch": 3}).go(4)
    assert kinds(run) == ["candidates", "summary", "candidates"]
    assert "- Trials 0 to 2: some text" in run.prompts("candidates")[1]


def test_one_summary_covers_the_initial_trials() -> None:
    initial = initial_allocations(PROBLEM)
    run = Run("agenthpo", script(written(40)), {"init_rule": "paper"}).go(len(initial) + 1)
    assert kinds(run) == ["summary", "candidates"]
    assert f"- Trials 0 to {len(initial) - 1}: some text" in run.prompts("candidates")[0]


@pytest.mark.parametrize("shown", [0, 2, 9])
def test_the_last_summaries_are_shown(shown: int) -> None:
    run = Run("agenthpo", script(), {"summaries": shown}).go(5)
    last = run.prompts("candidates")[-1]
    assert [f"- Trial {number}: " in last for number in range(4)] == [number >= 4 - shown for number in range(4)]
    assert ("Notes on these trials" in last) == (shown > 0)


def test_history_can_be_cut() -> None:
    run = Run("agenthpo", script(), {"history": 2}).go(6)
    assert [f"\n{number}. {small(50 + number)} |" in run.prompts("candidates")[-1] for number in range(5)] == [
        False, False, False, True, True,
    ]  # fmt: skip
    assert [f"\n{number}. {small(50 + number)} |" in run.prompts("summary")[-1] for number in range(5)] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_no_insight_is_told() -> None:
    run = Run("agenthpo", script()).go(4)
    for prompt in run.prompts("candidates") + run.prompts("summary"):
        for hint in ("saturat", "large model has to", "gains to end", "balance"):
            assert hint not in prompt


def test_options_out_of_range() -> None:
    with pytest.raises(InvalidInputError, match="`summaries` must be >= 0, but got -1"):
        Run("agenthpo", script(), {"summaries": -1})
