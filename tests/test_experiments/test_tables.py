"""What the terminal shows."""

from __future__ import annotations

from rich.console import Console

from agenttts_env.experiments.labels import Labels
from agenttts_env.experiments.tables import best_panel, ledger_table, tasks_table, trials_table
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.tasks import TASKS
from agenttts_env.trial import Trial


def printed(what: object, width: int = 120) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def row(text: str, first: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.strip().startswith(first)]
    return line.removeprefix(f" {first}").split()


def test_labels_survive_json(labels: Labels) -> None:
    assert Labels.from_json(labels.to_json()) == labels
    assert labels.models_text() == "small, large"


def test_the_table_of_trials_hides_nothing_that_was_asked_for(labels: Labels, trials: list[Trial]) -> None:
    text = printed(trials_table(labels, trials))
    for number, words in enumerate(
        ("small x1 + small x1", "infeasible", "2 *", "failed: the LLM wrote garbage", "0.500 ± 0.100", "1,200")
    ):
        assert words in text, number
    assert "not shown" not in text


def test_a_limited_table_keeps_the_best_trial(labels: Labels, trials: list[Trial]) -> None:
    text = printed(trials_table(labels, trials, limit=2))
    assert "2 *" in text
    assert "3 earlier trials are not shown" in text


def test_a_projected_trial_says_so(labels: Labels, trials: list[Trial]) -> None:
    projected = Trial(0, trials[1].requested, trials[0].allocation, "complete", 1.0, 0.5, 0.1, reason="…; projected")
    assert "complete (projected)" in printed(trials_table(labels, [projected]))


def test_a_backend_that_is_not_live_is_labelled(problem: Problem, trials: list[Trial]) -> None:
    simulated = Labels.of(problem, searcher="random", engine="none", backend="simulated", trials=6)
    assert "SIMULATED" in printed(trials_table(simulated, trials))


def test_the_best_panel_keeps_the_test_split_sealed_until_it_is_known(labels: Labels, trials: list[Trial]) -> None:
    text = printed(best_panel(labels, trials))
    assert "small x5 + small x1 (trial 2)" in text
    assert "6 of 6 (4 complete, 1 infeasible, 1 failed)" in text
    assert "sealed" in text
    assert "0.625 ± 0.050" in printed(best_panel(labels, trials, {"test_score": 0.625, "test_standard_error": 0.05}))
    assert "the LLM wrote garbage" in printed(best_panel(labels, [trials[3]]))


def test_the_ledger_adds_up(trials: list[Trial]) -> None:
    text = printed(ledger_table(trials, Ledger(prompt_tokens_computed=100, seconds=4000.0)))
    assert row(text, "trials")[:4] == ["4,800", "1,200", "6,000", "20%"]
    assert row(text, "searcher's LLM")[:4] == ["240", "0", "240", "0%"]
    assert row(text, "test split")[-4:] == ["1", "h", "06", "min"]
    assert row(text, "total")[:4] == ["5,140", "1,200", "6,340", "19%"]


def test_a_narrow_terminal_shows_all_numbers(labels: Labels, trials: list[Trial]) -> None:
    text = printed(trials_table(labels, trials), 80) + printed(ledger_table(trials), 80)
    assert "…" not in text
    assert "0.750 ± 0.100" in text


def test_the_table_of_tasks_shows_stages_and_budget(problem: Problem) -> None:
    text = printed(tasks_table([problem.task]))
    for words in ("toy", "read: small, large", "right, read", f"{problem.budget:.4g} units", "Read a digit"):
        assert words in text
    assert "simulated" not in text
    assert "published" not in text


def test_the_table_of_tasks_shows_what_can_be_simulated_and_the_published_budgets() -> None:
    text = printed(tasks_table([TASKS["2wikimultihopqa"].build()]))
    for words in ("(simulated too)", "928.7 units", "published: 1000,", "500, 850, 900,", "2000"):
        assert words in text
