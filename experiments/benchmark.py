"""How fast a step, an engine and a simulation are, each beside a reference in the same run.

Run ``python -m agenttts_env.experiments.benchmark step``, ``engine`` or ``landscape``.
The figures go into ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np

from agenttts_env.building import build_simulated
from agenttts_env.engines import make_engine
from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.model import MODELS
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env
from agenttts_env.simulation.bitboard import Bitboard
from agenttts_env.simulation.dataset import Dataset
from agenttts_env.simulation.landscape import landscape_names, load_landscape
from agenttts_env.tasks import get_entry

MODEL = MODELS["smollm2-135m"]


def steps_per_second(env: gym.Env, steps: int) -> float:
    """Steps of random actions a second; resets are not counted."""
    env.action_space.seed(0)
    env.reset(seed=0)
    seconds = 0.0
    for _ in range(steps):
        action = env.action_space.sample()
        start = time.perf_counter()
        _, _, terminated, truncated, _ = env.step(action)
        seconds += time.perf_counter() - start
        if terminated or truncated:
            env.reset()
    return steps / seconds


def benchmark_step(steps: int) -> None:
    """A step of fictional-qa with the scripted engine, over a cold and a warm store, beside CartPole."""
    with tempfile.TemporaryDirectory() as folder:
        env = make_env("fictional-qa", engine="scripted", store=Path(folder) / "samples.sqlite", infeasible="project")
        cold = steps_per_second(env, steps)
        warm = steps_per_second(env, steps)
        reference = steps_per_second(gym.make("CartPole-v1"), 20_000)
        env.close()
    print(f"steps/s, 50 examples, levels 1 to 100: cold {cold:.0f}, warm {warm:.0f}; CartPole-v1 {reference:.0f}")


def tokens_per_second(draw: Callable[[], int]) -> float:
    """Tokens a second of one call, after a small one that loads and warms up."""
    draw()
    start = time.perf_counter()
    return draw() / (time.perf_counter() - start)


def benchmark_engine(count: int) -> None:
    """The transformers engine beside plain ``generate``: prompts of about 300 tokens, 8 samples of 16 tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from agenttts_env.engines.chat import prompt_token_ids
    from agenttts_env.engines.smollm2 import resolve_source

    prompts = [(Message("user", f"Question {i}. " + "The river flows past the old mill. " * 33),) for i in range(count)]
    engine = make_engine("transformers", MODEL)
    sampling = Sampling(temperature=0.9, max_tokens=16)
    seeds = iter(range(100))

    def ours() -> int:
        seed = next(seeds)
        requests = [Request(prompt, 0, 8, sampling, seed) for prompt in prompts]
        return sum(c.decode_tokens for _, completions in engine.generate(requests) for c in completions)

    source = resolve_source(MODEL.source)
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16)
    rows = [prompt_token_ids(tokenizer, prompt) for prompt in prompts]
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])

    def plain() -> int:
        out = model.generate(
            ids, attention_mask=mask, do_sample=True, temperature=0.9, max_new_tokens=16, num_return_sequences=8,
            pad_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
        return int((out[:, width:] != tokenizer.eos_token_id).sum())

    speeds = [tokens_per_second(ours), tokens_per_second(plain), tokens_per_second(ours)]
    print(
        f"tokens/s, {count} prompts of {width} tokens, 8 samples of 16: ours {speeds[0]:.0f}, plain generate "
        f"{speeds[1]:.0f}, ours {speeds[2]:.0f}; ratio {(speeds[0] + speeds[2]) / 2 / speeds[1]:.1f}"
    )


def seconds_of(step: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def race(rounds: int, ours: Iterable[Callable[[], None]], reference: Callable[[], None]) -> list[tuple[float, float]]:
    """Time all in turn, round by round, so that a busy machine slows all of them.

    Returns:
        For each of ``ours`` the seconds of its fastest round, and the median over rounds of how much faster than the
        reference it was.
    """
    ours = list(ours)
    seconds: list[list[float]] = [[] for _ in ours]
    ratios: list[list[float]] = [[] for _ in ours]
    for _ in range(rounds):
        for times, ratio, run in zip(seconds, ratios, ours, strict=True):
            times.append(seconds_of(run))
            ratio.append(seconds_of(reference) / times[-1])
    return [(min(times), median(ratio)) for times, ratio in zip(seconds, ratios, strict=True)]


def walk(env: gym.Env[Any, Any], actions: Sequence[Any]) -> None:
    """Step a single environment, and reset it where an episode ends."""
    env.reset(seed=0)
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()


def walk_all(envs: gym.vector.VectorEnv[Any, Any, Any], batches: Sequence[Any], steps: int) -> None:
    """Step a vector environment, which resets itself."""
    envs.reset(seed=0)
    for actions in islice(cycle(batches), steps):
        envs.step(actions)


def feasible_actions(problem: Problem, count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Uniformly random feasible actions; shape (count, 2 * stages)."""
    rng = np.random.default_rng(0)
    return np.array([problem.encode(problem.sample(rng)) for _ in range(count)])


def single_speeds(task: str, rounds: int, steps: int) -> list[tuple[float, float]]:
    """Of random and of random feasible actions: steps a second through ``gymnasium.make``, and ratio to CartPole's."""
    cartpole, env = gym.make("CartPole-v1"), gym.make(f"AgentTTS/{get_entry(task).gym_name}-v0")
    cartpole_actions = [cartpole.action_space.sample() for _ in range(steps)]
    random = [env.action_space.sample() for _ in range(steps)]
    feasible = list(feasible_actions(env.get_wrapper_attr("problem"), steps))
    walk(env, feasible[:1])  # makes the tables
    ours = [partial(walk, env, actions) for actions in (random, feasible)]
    return [(steps / best, ratio) for best, ratio in race(rounds, ours, partial(walk, cartpole, cartpole_actions))]


def vector_speeds(task: str, rounds: int, steps: int, num_envs: int) -> list[tuple[float, float]]:
    """The same of the vector environments, all sub-environments counted."""
    cartpole, envs = (
        gym.make_vec(name, num_envs, vectorization_mode="vector_entry_point")
        for name in ("CartPole-v1", f"AgentTTS/{get_entry(task).gym_name}-v0")
    )
    cartpole_batches, random = ([each.action_space.sample() for _ in range(8)] for each in (cartpole, envs))
    problem = make_env(task).problem
    feasible = list(feasible_actions(problem, 8 * num_envs).reshape(8, num_envs, -1))
    ours = [partial(walk_all, envs, batches, steps) for batches in (random, feasible)]
    reference = partial(walk_all, cartpole, cartpole_batches, steps)
    return [(num_envs * steps / best, ratio) for best, ratio in race(rounds, ours, reference)]


def table_seconds(task: str, seeds: int) -> tuple[float, float, float]:
    """Seconds to make the tables of 50 examples, of 500, and of a vector environment of so many seeds."""
    landscape = load_landscape(task)
    models = [range(len(stage.models)) for stage in landscape.stages]
    name = f"AgentTTS/{get_entry(task).gym_name}-v0"
    small, large = (
        seconds_of(lambda examples=examples: Bitboard(Dataset(landscape, examples=examples), models))  # type: ignore[misc]
        for examples in (50, 500)
    )
    many = seconds_of(
        lambda: gym.make_vec(name, seeds, vectorization_mode="vector_entry_point", data_seed=range(seeds))
    )
    return small, large, many


def oracle_seconds(task: str) -> float:
    """Seconds to find the best allocation and the Pareto front."""

    def find() -> None:
        spec, landscape = build_simulated(task)
        oracle = Oracle(Problem.of(spec), landscape)
        oracle.best()
        oracle.pareto()

    return seconds_of(find)


def _with_peak(part: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, float]:
    import resource

    return part(*arguments), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # which Linux counts in KiB


def apart(part: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """What a part returns in a process of its own, and the most memory that the process had, in GiB."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_with_peak, part, arguments).result()


def benchmark_landscape(tasks: Sequence[str], rounds: int, steps: int, num_envs: int, seeds: int) -> None:
    """The simulated environments beside Gymnasium's CartPole; their tables; the oracle; and memory."""
    peaks = {}
    print(f"steps/s (times CartPole-v1's), median of {rounds} rounds; vector: {num_envs} sub-environments")
    print("| task | single, random | single, feasible | vector, random | vector, feasible |\n|---|---|---|---|---|")
    for task in tasks:
        single, peak = apart(single_speeds, task, rounds, steps)
        vector, vector_peak = apart(vector_speeds, task, rounds, max(1, steps // 20), num_envs)
        peaks[task] = max(peak, vector_peak)
        speeds = " | ".join(f"{speed:,.0f} ({ratio:.2f})" for speed, ratio in [*single, *vector])
        print(f"| {task} | {speeds} |")
    print(f"seconds to make the tables of 50 examples, of 500, and of {seeds} data sets of 50; seconds of the oracle")
    print("| task | 50 | 500 | data sets | oracle | peak memory, GiB |\n|---|---|---|---|---|---|")
    for task in tasks:
        (small, large, many), peak = apart(table_seconds, task, seeds)
        oracle, oracle_peak = apart(oracle_seconds, task)
        peak = max(peak, oracle_peak, peaks[task])
        print(f"| {task} | {small:.2f} | {large:.2f} | {many:.2f} | {oracle:.2f} | {peak:.2f} |")


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is named.

    Args:
        argv: the words after the program's name; those of this process if None.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    step = commands.add_parser("step", help="fictional-qa over a cold and a warm store")
    step.add_argument("--steps", type=int, default=500, help="steps to time [500]")
    engine = commands.add_parser("engine", help="the transformers engine beside plain generate")
    engine.add_argument("--prompts", type=int, default=16, help="prompts to draw samples of [16]")
    landscape = commands.add_parser("landscape", help="the simulated environments beside CartPole")
    landscape.add_argument("--tasks", nargs="+", choices=landscape_names(), default=landscape_names(), metavar="TASK")
    landscape.add_argument("--rounds", type=int, default=15, help="rounds to time [15]")
    landscape.add_argument("--steps", type=int, default=5000, help="steps of a round; a vector's are a 20th [5000]")
    landscape.add_argument("--envs", type=int, default=1024, help="sub-environments of a vector environment [1024]")
    landscape.add_argument("--seeds", type=int, default=1024, help="data sets to make tables of [1024]")
    options = parser.parse_args(argv)
    if options.what == "step":
        benchmark_step(options.steps)
    elif options.what == "engine":
        benchmark_engine(options.prompts)
    else:
        benchmark_landscape(options.tasks, options.rounds, options.steps, options.envs, options.seeds)


if __name__ == "__main__":
    main()
