"""Random problems, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task

PUBLISHED = ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b", "qwen2.5-7b", "qwen2.5-32b", "qwen2.5-72b")


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """One to three stages, any cost, any budget from the cheapest allocation to the dearest."""
    stages = tuple(
        Stage(
            f"s{index}",
            tuple(
                MODELS[name] for name in draw(st.lists(st.sampled_from(PUBLISHED), min_size=1, max_size=3, unique=True))
            ),
            draw(st.sampled_from([128, 1024])),
            draw(st.sampled_from([64, 512])),
            512,
            fusion=draw(st.sampled_from(["vote", "llm"])),
        )
        for index in range(draw(st.integers(1, 3)))
    )
    cost = draw(st.sampled_from(["paper", "flops", "usd"]))
    levels = draw(st.sampled_from([tuple(range(1, 101)), (1, 2, 4, 8, 16), (3,), (5, 60)]))
    task = Task("random", "", stages, ("score",))
    unbounded = Problem.of(task, cost=cost, budget=1e30, levels=levels)
    cheapest = unbounded.cheapest_cost
    dearest = sum(float(table.max()) for table in unbounded.cost_tables)
    budget = cheapest + draw(st.floats(0, 1)) ** 3 * (dearest - cheapest)
    return Problem.of(task, cost=cost, budget=budget + 1e-6 * abs(cheapest), levels=levels)
