"""What was published of the tasks."""

from __future__ import annotations

import pytest

from agenttts_env.building import build_simulated
from agenttts_env.experiments.published import PUBLISHED
from agenttts_env.experiments.reported import reported_scores
from agenttts_env.problem import Problem


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_task_offers_all_that_was_published_and_the_chosen_one_comes_first(name: str) -> None:
    published = PUBLISHED[name]
    reported = reported_scores(Problem.of(build_simulated(name)[0]))
    assert len(reported) == len(published.tests) + len(published.optima)
    assert reported[0].allocation == published.optimum
    assert reported[0].value == published.tests[0].value
    assert {score.allocation for score in reported if score.value is None} == set(published.optima.values())


def test_what_a_problem_does_not_offer_is_left_out(problem: Problem) -> None:
    assert reported_scores(problem) == ()  # another task
    task, _ = build_simulated("2wikimultihopqa", models={"retrieve": ("qwen2.5-72b",)})
    small = Problem.of(task, levels=(1, 20, 50))
    assert {str(score.allocation) for score in reported_scores(small)} == {
        "qwen2.5-72b x1 + llama-3.2-3b x50",
        "qwen2.5-72b x1 + llama-3.2-3b x1",
    }
