from __future__ import annotations

from agent_runs import Run, script, small, written


def test_every_prompt_is_the_same_and_shows_no_trial() -> None:
    run = Run("zero-shot", script(written(4, 5), written(6, 7), written(8)), {"batch": 2}).go(5)
    assert run.asked == [small(count) for count in (4, 5, 6, 7, 8)]
    prompts = run.prompts("candidates")
    assert len(prompts) == 3
    assert len(set(prompts)) == 1
    assert "| cost " not in prompts[0]
    assert "2 allocations" in prompts[0]
    assert [note["attempt"] for note in run.of_kind("candidates")] == [0, 1, 2]


def test_repeats_are_dropped() -> None:
    run = Run("zero-shot", script(written(4, 4, 5), written(5, 4, 6)), {"batch": 3}).go(3)
    assert run.asked == [small(4), small(5), small(6)]
    assert [note["why"] for note in run.of_kind("rejected")] == ["duplicate"] * 3


def test_the_initial_trials_are_not_shown_either() -> None:
    run = Run("zero-shot", script(written(40)), {"init_rule": "paper"})
    while not run.of_kind("candidates"):
        run.go(1)
    assert run.prompts("candidates") == Run("zero-shot", script(written(40))).go(1).prompts("candidates")
