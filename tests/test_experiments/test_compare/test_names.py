from __future__ import annotations

import pytest

from agenttts_env.experiments.compare.names import bare, controls_of, is_seeded, shown
from agenttts_env.experiments.compare.plots.style import styles
from agenttts_env.experiments.searchers import SEARCHERS


@pytest.mark.parametrize(
    ("name", "seeded"),
    [
        ("random", False),
        ("tpe+init", True),
        ("tpe+init:init_rule=code_head", True),
        ("init-only", True),
        ("agenttts", True),
        ("agenttts:insight_1=false", False),
        ("agenttts:insight_1=off:evolve=on", False),
        ("insight-rules:insight_2=false", True),
        ("agenthpo", False),
        ("policy:runs/a+init/best.zip", False),
    ],
)
def test_who_begins_with_the_initial_trials(name: str, seeded: bool) -> None:
    assert is_seeded(name) == seeded


def test_bare_names() -> None:
    assert bare("tpe+init") == bare("tpe") == "tpe"
    assert bare("tpe+init:init_rule=code_head") == "tpe:init_rule=code_head"
    assert bare("policy:a+init") == "policy:a+init"


def test_controls_have_the_searchers_rule() -> None:
    plain = {"random": "random", "init-only": "init-only", "random+init": "random+init"}
    assert controls_of("tpe+init") == controls_of("evolution:steps=log") == plain
    assert controls_of("tpe+init:init_rule=code_head") == {
        "random": "random",
        "init-only": "init-only:init_rule=code_head",
        "random+init": "random+init:init_rule=code_head",
    }
    assert controls_of("tpe+init:init_rule=paper") == plain  # which is the default


def test_long_names_are_cut_in_the_middle() -> None:
    assert shown("evolution+init") == "evolution+init"
    cut = shown("policy:" + "x" * 50 + "/best.zip")
    assert len(cut) == 30
    assert cut.startswith("policy:xxx…")
    assert cut.endswith("/best.zip")


def test_every_searcher_looks_different() -> None:
    found = styles(
        [*SEARCHERS, "evolution:steps=log", "tpe+init:init_rule=code_head", *(f"policy:{n}" for n in range(9))]
    )
    assert len(set(found.values())) == len(found)
    assert found["tpe"].colour == found["tpe+init"].colour
    assert (found["tpe"].line, found["tpe+init"].line) == ("-", "--")
