"""Landscapes as data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from landscapes import toy_stage

from agenttts_env.building import build_task
from agenttts_env.errors import InvalidInputError
from agenttts_env.simulation.landscape import Landscape, Metric, landscape_names, load_landscape


def test_all_six_tasks_are_there_and_say_where_they_come_from() -> None:
    assert landscape_names() == ("2wikimultihopqa", "chatdev", "cwq", "hotpotqa", "taskbench", "webqsp")
    for name in landscape_names():
        landscape = load_landscape(name)
        assert {"source", "assumed"} <= set(landscape.provenance)
        task = landscape.simulated(build_task(name))
        assert task.pipeline is None
        assert task.metrics[0] == build_task(name).main_metric
        assert landscape.published_budgets


def test_json_is_lossless(landscape: Landscape) -> None:
    assert Landscape.from_json(json.loads(json.dumps(landscape.to_json()))) == landscape


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skills": (1.0,)}, "`skills` must have a value for each of 2 models, but stage 'read' has"),
        ({"skills": (1.0, 0.5)}, "`skills` must rise with the model's size"),
        ({"reliance": (1.0, 1.5)}, "`reliance` must fall with the model's size"),
        ({"capacity": (9.0, 3.0)}, "`capacity` must rise"),
        ({"trap": 1.5}, r"`trap` must lie in \[0, 1\], but stage 'read' has 1.5"),
        ({"common": 1.0}, "need common < 1"),
        ({"spread": 0.0}, "spread > 0"),
    ],
)
def test_bad_parameters_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        replace(toy_stage("read"), **changes)  # type: ignore[arg-type]


def test_bad_metrics_are_refused(landscape: Landscape) -> None:
    with pytest.raises(InvalidInputError, match="multiples of 1/256"):
        Metric("read", (0.0, 0.1, 1.0))
    with pytest.raises(InvalidInputError, match="must name one of the stages"):
        replace(landscape, metrics={"quality": Metric("sing", (0.0, 0.5, 1.0))})
    with pytest.raises(InvalidInputError, match="must belong to its last stage"):
        replace(landscape, metrics={"reading": landscape.metrics["reading"]})


def test_a_task_must_fit_its_landscape() -> None:
    landscape = load_landscape("cwq")
    with pytest.raises(InvalidInputError, match=r"is simulated for the models qwen2.5-7b, qwen2.5-72b, but got"):
        landscape.simulated(build_task("cwq", models={"retrieve": ["qwen2.5-7b", "smollm2-135m"]}))
    with pytest.raises(InvalidInputError, match="has the stages"):
        landscape.simulated(build_task("taskbench"))
    with pytest.raises(InvalidInputError, match=r"the tasks that can be simulated are .* but got 'fictional-qa'"):
        load_landscape("fictional-qa")
