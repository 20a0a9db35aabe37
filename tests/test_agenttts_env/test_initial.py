from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import comparisons, initial_allocations
from agenttts_env.model import MODELS, Model
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task

QWEN = ("qwen2.5-7b", "qwen2.5-32b", "qwen2.5-72b")
LLAMA = ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b")
EIGHT_SEVENTY = ("llama-3.1-8b", "llama-3.1-70b")
THREE_SEVENTY = ("llama-3.2-3b", "llama-3.1-70b")


def task(*stages: tuple[tuple[str, ...], int, int]) -> Task:
    """From (models, prompt tokens, decode tokens); lengths as in the paper's Table 4."""
    specs = tuple(
        Stage(f"s{index}", tuple(MODELS[name] for name in names), prompt, decode, decode)
        for index, (names, prompt, decode) in enumerate(stages)
    )
    return Task("published", "", specs, ("score",))


WIKI = task((QWEN, 2048, 128), (LLAMA, 256, 64))
KGQA = task((("qwen2.5-7b", "qwen2.5-72b"), 1024, 64), (EIGHT_SEVENTY, 256, 64))
TASKBENCH = task((EIGHT_SEVENTY, 1024, 64), (EIGHT_SEVENTY, 1024, 256), (EIGHT_SEVENTY, 1024, 2048))
CHATDEV = task((THREE_SEVENTY, 1024, 1024), (THREE_SEVENTY, 1024, 512), (THREE_SEVENTY, 1024, 256))


def written(task: Task, budget: float | None, rule: str) -> list[str]:
    return [str(allocation) for allocation in initial_allocations(Problem.of(task, budget=budget), rule)]  # type: ignore[arg-type]


@pytest.mark.parametrize("budget", [929, 1000, 2000])
def test_released_trials_of_2wiki_with_room_for_the_largest_models(budget: float) -> None:
    assert written(WIKI, budget, "code_head") == [
        "qwen2.5-7b x60 + llama-3.1-70b x1",
        "qwen2.5-32b x22 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.2-3b x60",
        "qwen2.5-72b x1 + llama-3.1-8b x39",
    ]


@pytest.mark.parametrize("budget", [850, 900])
def test_released_trials_of_2wiki_with_too_little_for_the_largest_models(budget: float) -> None:
    assert written(WIKI, budget, "code_head") == [
        "qwen2.5-7b x60 + llama-3.2-3b x1",
        "qwen2.5-32b x22 + llama-3.2-3b x1",
        "qwen2.5-72b x1 + llama-3.2-3b x1",
        "qwen2.5-7b x1 + llama-3.2-3b x60",
        "qwen2.5-7b x1 + llama-3.1-8b x39",
        "qwen2.5-7b x1 + llama-3.1-70b x1",
    ]


def test_released_trials_of_2wiki_clip_the_comparison_to_the_budget() -> None:
    assert written(WIKI, 500, "code_head") == [
        "qwen2.5-7b x60 + llama-3.2-3b x1",
        "qwen2.5-32b x7 + llama-3.2-3b x1",
        "qwen2.5-7b x1 + llama-3.2-3b x60",
        "qwen2.5-7b x1 + llama-3.1-8b x39",
        "qwen2.5-7b x1 + llama-3.1-70b x1",
    ]


def test_released_trials_of_kgqa() -> None:
    assert written(KGQA, 550, "code_head") == [
        "qwen2.5-7b x60 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-8b x39",
    ]


@pytest.mark.parametrize(
    ("published", "small", "counts"),
    [(TASKBENCH, "llama-3.1-8b", (60, 39, 12)), (CHATDEV, "llama-3.2-3b", (45, 60, 60))],
)
def test_released_trials_of_three_stages(published: Task, small: str, counts: tuple[int, int, int]) -> None:
    large = "llama-3.1-70b x1"
    assert written(published, 2000, "code_head") == [
        f"{small} x{counts[0]} + {large} + {large}",
        f"{large} + {large} + {large}",
        f"{large} + {small} x{counts[1]} + {large}",
        f"{large} + {large} + {small} x{counts[2]}",
    ]


def test_released_rule_needs_strictly_more_than_the_largest_models_elsewhere() -> None:
    # The default budget leaves exactly their cost.
    assert all(text.endswith("llama-3.2-3b x1") for text in written(WIKI, None, "code_head")[:3])


def test_paper_rule_at_the_default_budget_has_no_cap_but_the_levels() -> None:
    assert written(WIKI, None, "paper") == [
        "qwen2.5-7b x100 + llama-3.1-70b x1",
        "qwen2.5-32b x22 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.2-3b x100",
        "qwen2.5-72b x1 + llama-3.1-8b x39",
    ]


def test_paper_rule_steps_the_other_stages_down_one_size_at_a_time() -> None:
    # At 900, 72B x1 leaves room for 8B, and 70B x1 leaves room for 32B.
    assert written(WIKI, 900, "paper") == [
        "qwen2.5-7b x100 + llama-3.1-8b x1",
        "qwen2.5-32b x22 + llama-3.1-8b x1",
        "qwen2.5-72b x1 + llama-3.1-8b x1",
        "qwen2.5-32b x1 + llama-3.2-3b x100",
        "qwen2.5-32b x1 + llama-3.1-8b x39",
        "qwen2.5-32b x1 + llama-3.1-70b x1",
    ]


def test_paper_rule_steps_the_compared_stage_down() -> None:
    # At 500, 72B leaves nothing: 32B is the largest available, and 70B fits beside it.
    groups = comparisons(Problem.of(WIKI, budget=500), "paper")
    assert str(groups[0][-1]) == "qwen2.5-32b x1 + llama-3.1-70b x1"
    assert len(groups[0]) == 2


def test_a_model_that_is_larger_but_cheaper_ends_the_ladder() -> None:
    # In dollars the largest model here is the cheapest: it is what all others can afford beside them.
    stage = Stage("s", (Model("small", 1e9, price=2.0), Model("large", 2e9, price=1.0)), 100, 10, 10)
    other = Stage("t", (Model("only", 1e9, price=1.0),), 100, 10, 10)
    problem = Problem.of(Task("dollars", "", (stage, other), ("score",)), cost="usd", budget=2.2e-4)
    for rule in ("paper", "code_head"):
        assert [str(a) for a in initial_allocations(problem, rule)] == ["large x1 + only x1"]


def named(name: str, like: Task) -> Task:
    return Task(name, "", like.stages, like.metrics)


@pytest.mark.parametrize("name", ["2wikimultihopqa", "hotpotqa"])
def test_first_commit_splits_the_budget_by_fixed_shares(name: str) -> None:
    # Shares of 850 and 150: 72B x1 costs 814 and 70B x1 114.7, so that both are the other stage's model.
    assert written(named(name, WIKI), 1000, "code_first") == [
        "qwen2.5-7b x100 + llama-3.1-70b x1",  # 850 pay 166 samples
        "qwen2.5-32b x23 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.2-3b x100",  # 150 pay 148
        "qwen2.5-72b x1 + llama-3.1-8b x53",
        "qwen2.5-72b x1 + llama-3.1-70b x2",
    ]


def test_first_commit_takes_the_second_largest_model_where_a_share_pays_no_largest() -> None:
    # Shares of 425 and 75. One sample of 72B (814) is over the whole budget, one of 70B (114.7) over its share only.
    assert written(named("2wikimultihopqa", WIKI), 500, "code_first") == [
        "qwen2.5-7b x75 + llama-3.1-8b x1",
        "qwen2.5-32b x4 + llama-3.1-8b x1",
        "qwen2.5-32b x1 + llama-3.2-3b x73",
        "qwen2.5-32b x1 + llama-3.1-8b x24",
        "qwen2.5-32b x1 + llama-3.1-70b x1",
    ]


@pytest.mark.parametrize("name", ["cwq", "webqsp"])
def test_first_commit_of_kgqa(name: str) -> None:
    assert written(named(name, KGQA), 550, "code_first") == [
        "qwen2.5-7b x100 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-70b x1",
        "qwen2.5-72b x1 + llama-3.1-8b x42",
    ]


@pytest.mark.parametrize(
    ("published", "name", "small", "counts"),
    [
        (TASKBENCH, "taskbench", "llama-3.1-8b", (100, 41, 12)),
        (CHATDEV, "chatdev", "llama-3.2-3b", (51, 78, 100)),
    ],
)
def test_first_commit_of_three_stages(published: Task, name: str, small: str, counts: tuple[int, int, int]) -> None:
    large = "llama-3.1-70b x1"
    assert written(named(name, published), 2000, "code_first") == [
        f"{small} x{counts[0]} + {large} + {large}",
        f"{large} + {large} + {large}",
        f"{large} + {small} x{counts[1]} + {large}",
        f"{large} + {large} + {small} x{counts[2]}",
    ]


@settings(deadline=None)
@given(st.sampled_from([("2wikimultihopqa", WIKI), ("cwq", KGQA), ("taskbench", TASKBENCH)]), st.floats(0, 1.5))
def test_first_commits_trials_fit_any_budget(chosen: tuple[str, Task], share: float) -> None:
    spec = named(*chosen)
    dearest = Problem.of(spec).budget
    cheapest = Problem.of(spec).cheapest_cost
    problem = Problem.of(spec, budget=cheapest + share * (dearest - cheapest))
    groups = comparisons(problem, "code_first")
    assert len(groups) == len(spec.stages)
    assert all(groups)
    assert all(problem.is_feasible(allocation) for group in groups for allocation in group)


def test_first_commit_has_no_shares_for_other_tasks() -> None:
    with pytest.raises(InvalidInputError, match=r"code_first has shares of the budget for .*'published'"):
        initial_allocations(Problem.of(WIKI), "code_first")
    with pytest.raises(InvalidInputError, match="but got task 'cwq' with 3 stages"):
        initial_allocations(Problem.of(named("cwq", TASKBENCH)), "code_first")


def test_unknown_rule() -> None:
    with pytest.raises(InvalidInputError, match=r"`init_rule` must be one of .*'first'"):
        initial_allocations(Problem.of(WIKI), "first")  # type: ignore[arg-type]


stages = st.builds(
    lambda sizes, prompt, decode: (tuple(sizes), prompt, decode),
    st.lists(st.sampled_from([1, 3, 8, 32, 70]), min_size=1, max_size=3, unique=True),
    st.sampled_from([64, 256, 2048]),
    st.sampled_from([16, 64, 512]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(stages, min_size=1, max_size=3),
    st.sampled_from(["paper", "flops"]),
    st.floats(0, 2),
    st.sampled_from([tuple(range(1, 101)), (1, 2, 5, 10, 50), (4, 8, 16)]),
    st.sampled_from(["paper", "code_head"]),
)
def test_all_are_feasible_on_offer_and_different(
    shapes: list[tuple[tuple[int, ...], int, int]], cost: str, share: float, levels: tuple[int, ...], rule: str
) -> None:
    specs = tuple(
        Stage(f"s{i}", tuple(Model(f"{size}b", size * 1e9) for size in sizes), prompt, decode, decode)
        for i, (sizes, prompt, decode) in enumerate(shapes)
    )
    problem = Problem.of(Task("random", "", specs, ("score",)), cost=cost, budget=1e18, levels=levels)
    cheapest = problem.cheapest_cost
    dearest = sum(float(table[-1, 0]) for table in problem.cost_tables)
    problem = Problem.of(
        problem.task, cost=cost, budget=cheapest + share * (dearest - cheapest) + 1e-6 * abs(cheapest), levels=levels
    )
    found = initial_allocations(problem, rule)  # type: ignore[arg-type]
    assert found
    assert len(set(found)) == len(found)
    assert all(problem.is_feasible(allocation) for allocation in found)
