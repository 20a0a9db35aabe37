"""How fast learners are on our environments, beside CartPole-v1 in the same run.

Run ``python -m agenttts_env.experiments.benchmark_rl``. Stable-Baselines3's PPO, with the same network, hyperparameters
and number of sub-environments, learns in each, with the options that hyperparameters.yaml has for an environment;
masked actions are replaced by allowed ones, as PPO knows no masks. Where there are masks, sb3-contrib's MaskablePPO is
timed too: it is slower than PPO, whatever the environment. CartPole is stepped by Stable-Baselines3's own vector
environment.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

from agenttts_env.baselines.rl.algorithms import get_algorithm, read_hyperparameters
from agenttts_env.baselines.rl.problems import is_masked, make_envs, problem_kind
from agenttts_env.baselines.rl.vec_env import SB3VecEnv

CARTPOLE = "CartPole-v1"
ENVS = ("AgentTTS/CWQ-v0", "AgentTTS/CWQ-Stagewise-v0", "AgentTTS/CWQ-PerQuery-v0", "AgentTTS/Mixture-v0")


def learner(env: str, algorithm: str, num_envs: int, n_steps: int) -> Any:
    """A learner that has learnt from one update, so that everything is warm."""
    if env == CARTPOLE:
        from stable_baselines3.common.env_util import make_vec_env

        envs = make_vec_env(env, num_envs)
    else:
        kind = problem_kind(env)
        replaced = {"masked": "replace"} if algorithm == "PPO" and kind in ("stagewise", "per-query") else {}
        envs = SB3VecEnv(make_envs(env, num_envs, {**read_hyperparameters()[kind].get("env", {}), **replaced}))
    model = get_algorithm(algorithm).load()(
        "MlpPolicy", envs, n_steps=n_steps, batch_size=num_envs * n_steps // 4, n_epochs=4, seed=0, device="cpu",
        policy_kwargs={"net_arch": [64, 64]},
    )  # fmt: skip
    return model.learn(num_envs * n_steps)


def algorithms(env: str) -> tuple[str, ...]:
    """Those that are timed in one of our environments."""
    return ("PPO", "MaskablePPO") if is_masked(make_envs(env, 1, {})) else ("PPO",)


def race(runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of all in turn, round by round, so that a busy machine slows all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def main(argv: Sequence[str] | None = None) -> None:
    """Time the learners.

    Args:
        argv: the words after the program's name; those of this process if None.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", nargs="+", default=list(ENVS), metavar="ID", help="our environments")
    parser.add_argument("--num-envs", type=int, default=64, help="sub-environments [64]")
    parser.add_argument("--n-steps", type=int, default=64, help="steps of each in an update [64]")
    parser.add_argument("--rounds", type=int, default=5, help="rounds to time [5]")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch [1]")
    words = parser.parse_args(argv)
    import torch

    torch.set_num_threads(words.threads)
    steps = words.num_envs * words.n_steps
    pairs = [(CARTPOLE, "PPO"), *((env, name) for env in words.envs for name in algorithms(env))]
    runs: dict[str, Callable[[], Any]] = {
        f"{env} | {name}": partial(
            learner(env, name, words.num_envs, words.n_steps).learn, steps, reset_num_timesteps=False
        )
        for env, name in pairs
    }
    seconds = race(runs, words.rounds)
    reference = seconds[f"{CARTPOLE} | PPO"]
    print(f"{words.num_envs} sub-environments, {words.threads} threads, median of {words.rounds} rounds")
    print("| environment | learner | steps/s | times CartPole-v1's |\n|---|---|---|---|")
    for name, times in seconds.items():
        ratio = median(theirs / ours for theirs, ours in zip(reference, times, strict=True))
        print(f"| {name} | {steps / median(times):,.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
