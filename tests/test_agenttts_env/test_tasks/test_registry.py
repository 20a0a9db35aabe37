from __future__ import annotations

from dataclasses import replace

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks import TASKS, get_entry, register_task


def test_the_tasks_are_registered_under_their_names() -> None:
    gym_names = {name: entry.gym_name for name, entry in TASKS.items()}
    assert (
        gym_names.items()
        >= {
            "2wikimultihopqa": "2WikiMultiHopQA",
            "hotpotqa": "HotpotQA",
            "fictional-qa": "FictionalQA",
        }.items()
    )
    for name, entry in TASKS.items():
        assert entry.name == name == entry.build().name
        assert get_entry(name) is entry


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"the tasks are 2wikimultihopqa, .*fictional-qa.*, but got 'wiki'"):
        get_entry("wiki")


@pytest.mark.parametrize("change", [{"name": "other"}, {"gym_name": "Other"}])
def test_names_are_taken_once(change: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError, match="a task's names must be new"):
        register_task(replace(get_entry("hotpotqa"), **change))
    assert "other" not in TASKS
