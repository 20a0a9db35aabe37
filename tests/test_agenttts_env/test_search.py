"""The search loop: the same way as env.step, resumable after every trial."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.errors import EngineError, ProposalError, RunLogError
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.runfolder import RunFolder
from agenttts_env.search import search
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial, best_trial


class ScriptedSearcher(Searcher):
    """Random over the whole space, at times without a proposal; learns from trials by drawing again after bad ones."""

    name = "scripted"

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        self.problem = problem
        self.rng = np.random.default_rng(seed)
        self.asked = 0

    def ask(self) -> Allocation:
        self.asked += 1
        if self.asked % 5 == 0:
            raise ProposalError("no idea")
        return self.problem.decode(self.rng.integers(0, [2, 6, 2, 6]))

    def tell(self, trial: Trial) -> None:
        if (trial.score or 0) < 0.5:
            self.rng.random()

    @property
    def overhead(self) -> Ledger:
        return Ledger(samples_computed=self.asked, decode_tokens_computed=10 * self.asked)

    def notes(self) -> list[dict[str, object]]:
        return [{"kind": "count", "asked": self.asked}]


def rows(trials: list[Trial]) -> list[str]:
    return [json.dumps(trial.to_json()) for trial in trials]


def test_nothing_that_was_asked_for_vanishes(toy: Callable) -> None:  # type: ignore[type-arg]
    seen: list[Trial] = []
    notes: list[dict[str, object]] = []
    trials = search(toy(trials=12).env, ScriptedSearcher(), seed=1, on_trial=seen.append, on_note=notes.append)
    assert rows(seen) == rows(trials)
    assert [trial.number for trial in trials] == list(range(12))
    assert {trial.state for trial in trials} == {"complete", "infeasible", "failed"}
    assert [trial.reason for trial in trials if trial.requested is None] == ["no idea"] * 2
    assert all(trial.overhead.decode_tokens_computed == 10 for trial in trials)
    assert [note["trial"] for note in notes] == list(range(12))
    best = best_trial(trials)
    assert best is not None
    assert best.score == max(trial.score for trial in trials if trial.score is not None)


def test_resume_after_any_trial_gives_the_same_log_at_no_extra_inference(toy: Callable, tmp_path: Path) -> None:  # type: ignore[type-arg]
    undisturbed = search(toy(trials=10, run="r", store=tmp_path / "whole.sqlite").env, ScriptedSearcher(), seed=3)
    for done in range(11):
        store = tmp_path / f"{done}.sqlite"
        first = toy(trials=10, run="r", store=store)
        logged: list[Trial] = []

        def log(trial: Trial, logged: list[Trial] = logged, done: int = done) -> None:
            logged.append(trial)
            if len(logged) > done:
                raise KeyboardInterrupt

        if done < 10:
            with pytest.raises(KeyboardInterrupt):
                search(first.env, ScriptedSearcher(), seed=3, on_trial=log)
        else:
            search(first.env, ScriptedSearcher(), seed=3, on_trial=log)
        second = toy(trials=10, run="r", store=store)
        resumed = search(second.env, ScriptedSearcher(), seed=3, resume=logged[:done])
        assert rows(resumed) == rows(undisturbed)
        assert first.samples_computed + second.samples_computed == second.sampler.store.count()


def test_a_log_of_another_search_is_refused(toy: Callable) -> None:  # type: ignore[type-arg]
    trials = search(toy(trials=5).env, ScriptedSearcher(), seed=3)
    with pytest.raises(RunLogError, match="the log's trial 0 asked for"):
        search(toy(trials=5).env, ScriptedSearcher(), seed=4, resume=trials)


class Unreachable(ScriptedSearcher):
    def ask(self) -> Allocation:
        raise EngineError("no LLM")


def test_a_searcher_without_its_llm_stops_the_search(toy: Callable) -> None:  # type: ignore[type-arg]
    with pytest.raises(EngineError, match="no LLM"):
        search(toy(trials=5).env, Unreachable())


def test_trials_survive_json(toy: Callable) -> None:  # type: ignore[type-arg]
    trials = search(toy(trials=8).env, ScriptedSearcher(), seed=1)
    again = [Trial.from_json(json.loads(row)) for row in rows(trials)]
    assert again == trials
    assert rows(again) == rows(trials)


def test_the_best_trial_is_the_highest_then_the_cheapest_then_the_first() -> None:
    def trial(number: int, score: float | None, cost: float) -> Trial:
        return Trial(number, None, None, "failed" if score is None else "complete", cost=cost, score=score)

    assert best_trial([]) is None
    assert best_trial([trial(0, None, 1.0)]) is None
    trials = [trial(0, 0.5, 9), trial(1, 0.7, 5), trial(2, 0.7, 4), trial(3, 0.7, 4), trial(4, 0.0, 1)]
    assert best_trial(trials) == trials[2]
    assert best_trial([trial(0, 0.0, -3.0)]) is not None


def test_a_run_folder_resumes_the_same_settings_only(tmp_path: Path, toy: Callable) -> None:  # type: ignore[type-arg]
    settings = {"seed": 1, "levels": (1, 2)}
    with closing(RunFolder(tmp_path / "run")) as folder:
        assert folder.open(settings) == []
        run = folder.run
        trials = search(toy(trials=3).env, ScriptedSearcher(), seed=1, on_trial=folder.append_trial)
        with pytest.raises(RunLogError, match="another process is running a search in"):
            RunFolder(tmp_path / "run").open(settings)
    with closing(RunFolder(tmp_path / "run")) as folder:
        assert folder.run == run
        assert rows(folder.open({"levels": [1, 2], "seed": 1})) == rows(trials)
        with pytest.raises(RunLogError, match="holds a run with seed = 1, but this one has 2"):
            folder.open({"seed": 2, "levels": (1, 2)})
        with pytest.raises(RunLogError, match="holds a run with extra = None, but this one has 0"):
            folder.open({**settings, "extra": 0})


def test_a_torn_line_is_dropped_and_a_bad_one_is_refused(tmp_path: Path, toy: Callable) -> None:  # type: ignore[type-arg]
    with closing(RunFolder(tmp_path)) as folder:
        folder.open({})
        trials = search(toy(trials=3).env, ScriptedSearcher(), seed=1, on_trial=folder.append_trial)
        log = folder.file("trials.jsonl")
        whole = log.read_bytes()
        for cut in (1, 10, len(whole.splitlines(keepends=True)[-1])):
            log.write_bytes(whole[:-cut])
            assert rows(folder.trials()) == rows(trials[:2])
            assert rows(folder.open({})) == rows(trials[:2])
            assert log.read_bytes() == b"".join(whole.splitlines(keepends=True)[:2])
        log.write_bytes(whole + b'{"number": 3}\n')
        with pytest.raises(RunLogError, match="line 4: not a trial"):
            folder.trials()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunLogError, match="holds no run"):
        _ = RunFolder(tmp_path).settings
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(RunLogError, match="must hold a JSON object, but holds a list"):
        _ = RunFolder(tmp_path).settings
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunLogError, match="is not JSON"):
        _ = RunFolder(tmp_path).settings
