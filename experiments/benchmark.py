"""How fast a step and an engine are, each beside a reference in the same run.

Run ``python -m agenttts_env.experiments.benchmark step`` or ``engine``.
The figures go into ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import gymnasium as gym

from agenttts_env.engines import make_engine
from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.model import MODELS
from agenttts_env.registration import make_env

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


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is named.

    Args:
        argv: the words after the program's name; those of this process if None.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("step", "engine"))
    parser.add_argument("--steps", type=int, default=500, help="steps to time [500]")
    parser.add_argument("--prompts", type=int, default=16, help="prompts to draw samples of [16]")
    options = parser.parse_args(argv)
    if options.what == "step":
        benchmark_step(options.steps)
    else:
        benchmark_engine(options.prompts)


if __name__ == "__main__":
    main()
