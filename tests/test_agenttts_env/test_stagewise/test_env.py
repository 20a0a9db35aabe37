"""The single stagewise environment, on every backend."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import counting_task, live
from simulations import toy_env, toy_problem

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.evaluation import Evaluation
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import landscape_names, load_landscape
from agenttts_env.stagewise import LEVELS, StagewiseEnv
from agenttts_env.tasks import get_entry

SCRIPTED = {"backend": "live", "engine": "scripted", "models": ["smollm2-135m", "smollm2-360m"], "examples": 4}
SIMULATED_IDS = [f"AgentTTS/{get_entry(task).gym_name}-Stagewise-v0" for task in landscape_names()]


def make(name: str = "2WikiMultiHopQA", **options: Any) -> StagewiseEnv:
    env = gym.make(f"AgentTTS/{name}-Stagewise-v0", **options).unwrapped
    assert isinstance(env, StagewiseEnv)
    return env


def toy_stagewise(seeds: tuple[int, ...] = (0,), **options: Any) -> StagewiseEnv:
    problem = options.pop("problem", None) or toy_problem(levels=(1, 2, 5, 20))
    return StagewiseEnv(problem, [toy_env(problem, seed=seed).evaluator for seed in seeds], **options)


def named(env: StagewiseEnv, observation: np.ndarray) -> dict[str, float]:  # type: ignore[type-arg]
    return dict(zip(env.observation_names, observation.tolist(), strict=True))


def play(env: StagewiseEnv, allocation: Allocation, **reset: Any) -> tuple[list[Any], list[float], dict[str, Any]]:
    observations, rewards = [env.reset(**reset)[0]], []
    for stage, choice in enumerate(allocation.stages):
        observation, reward, done, truncated, info = env.step(np.int64(env.rules.encode(stage, choice)))
        assert (done, truncated) == (stage == len(allocation.stages) - 1, False)
        observations.append(observation)
        rewards.append(reward)
    return observations, rewards, info


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SIMULATED_IDS)
def test_gymnasiums_checker_is_content(name: str) -> None:
    env = gym.make(name, data_seeds=range(2)).unwrapped
    check_env(env, skip_render_check=True)


def test_every_task_has_one() -> None:
    from agenttts_env.tasks import TASKS

    assert {f"AgentTTS/{entry.gym_name}-Stagewise-v0" for entry in TASKS.values()} <= set(gym.registry)


@pytest.mark.parametrize("task", landscape_names())
def test_the_default_budgets_reach_from_the_first_choice_to_the_largest_published(task: str) -> None:
    env = make(get_entry(task).gym_name)
    problem = env.problem
    assert problem.levels == LEVELS
    ordered = np.unique(np.concatenate([table.ravel() - table.min() for table in problem.cost_tables]).round(9))
    assert env.budget_range.low == pytest.approx(problem.cheapest_cost + ordered[1])
    plain = gym.make(f"AgentTTS/{get_entry(task).gym_name}-v0").unwrapped.problem.budget
    assert env.budget_range.high == max(plain, *load_landscape(task).published_budgets)
    env.reset(seed=1)
    budgets = [env.reset()[1]["budget"] for _ in range(400)]
    assert len(set(budgets)) == 400
    middle = (env.budget_range.low * env.budget_range.high) ** 0.5
    assert 150 < sum(budget < middle for budget in budgets) < 250


def test_the_last_step_is_scored_as_a_trial_of_a_search_is() -> None:
    allocation = Allocation.of(("qwen2.5-72b", 1), ("llama-3.2-3b", 50))
    env, search = make(data_seeds=[7]), gym.make("AgentTTS/2WikiMultiHopQA-v0", data_seed=7, reward="score").unwrapped
    observations, rewards, info = play(env, allocation, seed=0, options={"budget": 900})
    search.reset()
    _, score, *_ = search.step(search.problem.encode(allocation))
    assert rewards == [0.0, score]
    assert env.trial == search.trials[0]
    assert env.trial is not None
    assert env.trial.ledger == search.trials[0].ledger
    assert env.problem.decode(info.pop("allocation")) == env.allocation == allocation
    assert info == {
        "backend": "simulated", "budget": 900.0, "dataset": 0, "replaced": False, "complete": True, "score": score,
        "cost": env.problem.cost_of(allocation), "expected": pytest.approx(env.oracle.value(allocation).score),
    }  # fmt: skip
    assert all(env.observation_space.contains(observation) for observation in observations)


def test_the_observation_says_what_its_names_say() -> None:
    env = make("TaskBench", data_seeds=3)
    big, small = "llama-3.1-70b", "llama-3.1-8b"
    seen = [
        named(env, o) for o in play(env, Allocation.of((small, 20), (big, 3), (small, 1)), options={"budget": 900})[0]
    ]
    metrics = env.trial.metrics  # type: ignore[union-attr]
    first, second, third, last = seen
    assert [[one[f"at {stage}"] for stage in ("decompose", "select", "fill")] for one in seen] == [
        [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]
    ]  # fmt: skip
    assert first["room share"] == 1
    assert first["room"] == first["budget"]
    assert first["budget"] > second["room"] > third["room"] >= 0
    for one in (first, second, third, last):
        assert one["budget"] == first["budget"]
    # What was chosen upstream, and what it scores: the numbers that the whole evaluation reports.
    assert [name for name, value in first.items() if name.startswith(("decompose", "select")) and value] == []
    assert second["decompose model"] == 0
    assert second["decompose level"] == pytest.approx(np.log(21) / np.log(101))
    assert second["decompose score"] == np.float32(metrics["step_rouge_l"])
    assert second["decompose measured"] == 1
    assert second["select measured"] == third["select score"] * 0
    assert third["select model"] == 1
    assert third["select score"] == np.float32(metrics["node_f1"])
    assert not any(name.startswith("fill") for name in env.observation_names)
    # Models: 70B at the last stage costs far beyond what 8B x20 and 70B x3 leave of 900.
    assert (third["model 0 available"], third["model 1 available"]) == (1, 0)
    assert (third["model 0 samples"] > 0, third["model 1 samples"]) == (True, 0)
    assert third["model 1 cost"] > 0 > third["model 0 cost"]
    left = 900 - sum(table[m, env.problem.levels.index(s)] for table, (m, s) in
                     zip(env.problem.cost_tables[:2], ((0, 20), (1, 3)), strict=True))  # fmt: skip
    assert third["completion share"] == pytest.approx(env.problem.cost_tables[2].min() / left)
    within = max(s for s, c in zip(env.problem.levels, env.problem.cost_tables[2][0], strict=True) if c <= left)
    assert third["model 0 samples"] == pytest.approx(np.log1p(within) / np.log(101))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), name=st.sampled_from(SIMULATED_IDS))
def test_a_random_masked_policy_never_ends_infeasible(seed: int, name: str) -> None:
    env = ENVS.setdefault(name, gym.make(name, data_seeds=range(2)).unwrapped)
    observation, info = env.reset(seed=seed)
    env.action_space.seed(seed)
    done = False
    while not done:
        assert env.observation_space.contains(observation)
        action = env.action_space.sample()
        assert env.action_masks()[action]
        observation, reward, done, _, after = env.step(action)
    problem = Problem(env.problem.task, env.problem.cost, info["budget"], env.problem.levels)
    assert problem.is_feasible(env.allocation)
    assert after["cost"] == problem.cost_of(env.allocation)
    assert 0 <= reward == after["score"] <= 1
    seen = named(env, observation)
    landscape = env.evaluators[0].landscape  # a stage's own metric was seen before the stages that follow were decided
    for metric, value in landscape.metrics.items():
        if f"{value.stage} score" in seen:
            assert seen[f"{value.stage} score"] == np.float32(env.trial.metrics[metric])


ENVS: dict[str, Any] = {}


def test_rollouts_are_deterministic_and_copies_go_on_alike() -> None:
    def rollout(env: StagewiseEnv, seed: int | None) -> list[Any]:
        env.action_space.seed(3)
        found: list[Any] = []
        for episode in range(6):
            observation, info = env.reset(seed=seed if episode == 0 else None)
            found += [observation.tolist(), info]
            done = False
            while not done:
                observation, reward, done, _, info = env.step(env.action_space.sample())
                found += [observation.tolist(), reward, {**info, "allocation": str(info.get("allocation"))}]
        return found

    one, two = (toy_stagewise((5, 6, 7)) for _ in range(2))
    first = rollout(one, 11)
    assert rollout(two, 11) == first
    assert rollout(one, 11) == first
    assert rollout(one, 12) != first
    rollout(two, 12)
    twin = pickle.loads(pickle.dumps(two))
    assert rollout(twin, None) == rollout(two, None)
    assert {info["dataset"] for info in first if isinstance(info, dict)} == {0, 1, 2}


def test_a_budget_stays_until_another_is_given() -> None:
    env = toy_stagewise()
    assert env.reset(seed=0, options={"budget": 700})[1]["budget"] == 700
    assert env.reset()[1]["budget"] == 700
    assert env.reset(options={"budget": np.float64(350.5)})[1]["budget"] == 350.5
    drawn = env.reset(seed=0, options={"budget": None})[1]["budget"]
    assert drawn == toy_stagewise().reset(seed=0)[1]["budget"]
    assert env.budget_range.low <= drawn <= env.budget_range.high
    assert env.reset(options={"budget": 1e9})[1]["budget"] == 1e9  # beyond the range, and beyond the dearest
    assert env.action_masks().all()
    assert toy_stagewise(budget=500.0).reset()[1]["budget"] == 500


@pytest.mark.parametrize(
    ("budget", "message"),
    [(1.0, "pay at least the cheapest .* but got 1"), (np.nan, "but got nan"), ([500.0, 600.0], "must be a number")],
)
def test_bad_reset_budgets_are_refused(budget: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        toy_stagewise().reset(options={"budget": budget})


def test_masked_and_bad_actions_are_refused() -> None:
    env = make("2WikiMultiHopQA", models={"answer": ["llama-3.2-3b"]})
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.int64(0))
    assert env.allocation is None
    assert env.trial is None
    env.reset(options={"budget": 300})
    for action, message in (
        (40, r"one that action_masks\(\) leaves, but at stage 'retrieve' .* got 40, which chooses qwen2.5-72b x1, "
         "which leaves no completion within the budget of 300 units"),
        (60, r"must lie in \[0, 60\), but .* got 60"),
        (-1, "but .* got -1"),
        (1.0, "must be 1 integers below 60, but got float64"),
        (np.array([1]), "must be 1 integers"),
    ):  # fmt: skip
        with pytest.raises(InvalidInputError, match=message):
            env.step(action)  # type: ignore[arg-type]
    env.step(np.int64(0))
    with pytest.raises(
        InvalidInputError, match=r"at stage 'answer' .* got 25, which names model 1, which the stage lacks"
    ):
        env.step(np.int64(25))
    env.step(np.int64(0))
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.int64(0))


def test_a_masked_action_is_replaced_where_that_is_wanted() -> None:
    env = make("2WikiMultiHopQA", models={"answer": ["llama-3.2-3b"]}, masked="replace")
    _, info = env.reset(options={"budget": 500})
    assert info["replaced"] is False
    large = StageAllocation("qwen2.5-72b", 1)
    assert env.action_masks()[[20, 21, 40]].tolist() == [True, True, False]  # 32B x1 and x2, 72B x1
    assert env.step(np.int64(env.rules.encode(0, large)))[4]["replaced"] is True
    *_, info = env.step(np.int64(59))  # of one that the stage lacks
    assert info["replaced"] is True
    assert env.allocation == Allocation.of(("qwen2.5-32b", 1), ("llama-3.2-3b", 100))
    assert env.trial is not None
    assert env.trial.requested == env.allocation  # the trial is of what was taken
    assert info["cost"] == env.problem.cost_of(env.allocation) <= 500
    assert env.reset()[1]["replaced"] is False
    assert env.step(np.int64(0))[4]["replaced"] is False
    with pytest.raises(InvalidInputError, match=r"must lie in \[0, 60\), but .* got 60"):
        env.step(np.int64(60))


def test_the_expected_reward_has_no_noise() -> None:
    allocation = Allocation.of(("qwen2.5-32b", 5), ("llama-3.2-3b", 20))
    env, noisy = make(reward="expected", data_seeds=range(8)), make(data_seeds=range(8))
    rewards = {play(env, allocation, options={"budget": 500})[1][-1] for _ in range(20)}
    assert rewards == {env.oracle.value(allocation).score}
    assert len({play(noisy, allocation, options={"budget": 500})[1][-1] for _ in range(20)}) > 2
    assert "reward=expected" in repr(env)
    assert "backend=simulated" in repr(env)


def test_the_recorded_table_answers_as_a_search_over_it_does() -> None:
    env = make("FictionalQA", backend="replay", budget=(3e11, 3e12), cost="flops")
    search = gym.make("AgentTTS/FictionalQA-v0", backend="replay", budget=3e12, cost="flops", reward="score").unwrapped
    assert env.problem.levels == search.problem.levels  # those that were recorded
    check_env(env, skip_render_check=True)
    env.action_space.seed(0)
    for _ in range(5):
        observation, _ = env.reset()
        search.reset()
        done = False
        while not done:
            observation, reward, done, _, info = env.step(env.action_space.sample())
        assert reward == search.step(info["allocation"])[1]
        assert env.trial == search.trials[0]
        assert info["backend"] == "replay"
        assert "expected" not in info
        assert not any(value for name, value in named(env, observation).items() if name.endswith("measured"))


def test_live_inference_keeps_its_samples(tmp_path: Path) -> None:
    env = make("FictionalQA", store=tmp_path / "s.sqlite", cost="flops", levels=(1, 2, 4), **SCRIPTED)
    check_env(env, skip_render_check=True)
    allocation = Allocation.of(("smollm2-135m", 4), ("smollm2-360m", 2))
    _, rewards, info = play(env, allocation, options={"budget": 1e15})
    assert env.trial is not None
    assert (info["backend"], info["score"]) == ("scripted", rewards[-1] if info["complete"] else None)
    play(env, allocation)
    assert env.trial.ledger.samples_computed == 0


def test_a_live_pipeline_of_three_stages() -> None:
    task = counting_task(3, "vote")
    env = StagewiseEnv(Problem.of(task, levels=(1, 2, 3), budget=1e5), [live(3)])
    allocation = Allocation.of(("small", 3), ("large", 1), ("small", 2))
    rewards = play(env, allocation, options={"budget": 9e4})[1]
    assert rewards[-1] == live(3).evaluate(allocation, "").mean("right")
    assert env.trial is not None
    assert env.trial.ledger.samples_computed > 0


def test_a_failed_trial_has_no_score() -> None:
    class Failing:
        backend = "live"

        def begin(self) -> None: ...

        def evaluate(self, allocation: Allocation, payer: str) -> Evaluation:
            raise EngineError("the server is gone")

        def recall(self, allocation: Allocation) -> None: ...

        def close(self) -> None:
            self.closed = True

    evaluator = Failing()
    env = StagewiseEnv(toy_problem(levels=(1, 2)), [evaluator])
    _, rewards, info = play(env, Allocation.of(("small", 1), ("small", 1), ("small", 1)))
    assert rewards == [0.0, 0.0, 0.0]
    assert "score" not in info
    assert not info["complete"]
    assert env.trial is not None
    assert (env.trial.state, env.trial.reason) == ("failed", "the server is gone")
    env.close()
    assert evaluator.closed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reward": "fame"}, "`reward` must be one of score, expected, but got 'fame'"),
        ({"budget": (500.0, 300.0)}, "a lowest and a highest one"),
        ({"budget": 3.0}, "`budget` must pay at least the cheapest allocation"),
        ({"budget": ()}, "a lowest and a highest one"),
        ({"data_seeds": []}, "`data_seeds` must name a seed"),
        ({"trials": 5}, "has no option `trials`"),
        ({"data_seed": 5}, "has no option `data_seed`"),
        ({"levels": (3, 2)}, "`levels` must be ascending"),
        ({"levels": (1, 101)}, "at most 100 samples"),
        ({"engine": "scripted"}, "`engine` needs backend='live'"),
        ({"backend": "replay", "budget": 1.0, "reward": "expected"}, "reward='expected' needs backend='simulated'"),
        ({"backend": "replay", "budget": 1.0, "data_seeds": (0, 1)}, "several `data_seeds` need backend='simulated'"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gym.make("AgentTTS/2WikiMultiHopQA-Stagewise-v0", **options)


def test_what_does_not_fit_together_is_refused() -> None:
    problem, other = toy_problem(levels=(1, 2)), toy_problem(levels=(1, 2))
    wiki = make().evaluators[0]
    toy = toy_env(other).evaluator
    for evaluators, message in (
        ([], "need an evaluator for each data set"),
        ([wiki], "of the problem's task"),
        ([toy, wiki], "may differ in seed and split only"),
        ([toy, live(3)], "must all be simulated"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            StagewiseEnv(problem, evaluators)
    with pytest.raises(InvalidInputError, match="expected scores need backend='simulated'"):
        _ = StagewiseEnv(Problem.of(counting_task(3, "vote"), levels=(1, 2)), [live(3)]).oracle
