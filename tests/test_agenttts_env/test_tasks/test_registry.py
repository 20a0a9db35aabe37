from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks import TASKS, get_entry, register_task, registry


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


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a/b"])
@pytest.mark.parametrize("field", ["name", "gym_name"])
def test_names_hold_nothing_that_means_something_else(field: str, name: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"`{field}` must be letters, digits, .* but is {name!r}"):
        replace(get_entry("hotpotqa"), **{field: name})


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of a user, which registers a task; both are forgotten afterwards."""
    monkeypatch.setattr(registry, "_ENTRIES", dict(TASKS))
    monkeypatch.setitem(sys.modules, "a_users_module", None)  # so that what was there before, nothing, is put back
    del sys.modules["a_users_module"]
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a_users_module.py"
    file.write_text(
        "from dataclasses import replace\n"
        "from agenttts_env.tasks import get_entry, register_task\n"
        "register_task(replace(get_entry('hotpotqa'), name='mine', gym_name='Mine'))\n"
    )
    return file


@pytest.mark.usefixtures("module")
def test_a_module_is_imported_for_the_task_that_it_registers() -> None:
    assert get_entry("a_users_module:mine").name == "mine"
    assert get_entry("a_users_module:mine") is get_entry("mine")
    with pytest.raises(InvalidInputError, match=r"the tasks are .*mine, but got 'a_users_module:yours'"):
        get_entry("a_users_module:yours")


@pytest.mark.parametrize(
    "name", ["no_such_module", "a_users_module.no_such_part", "a_users_module.py", "./a_users_module"]
)
@pytest.mark.usefixtures("module")
def test_a_missing_module_is_named(name: str) -> None:
    with pytest.raises(
        InvalidInputError, match=rf"PYTHONPATH, and is named without .py, but there is no module '{name}'"
    ):
        get_entry(f"{name}:mine")


def test_what_a_module_itself_lacks_is_its_own_error(module: Path) -> None:
    module.write_text("import no_such_library")
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_library'"):
        get_entry("a_users_module:mine")
