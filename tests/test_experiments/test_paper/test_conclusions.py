"""Sentences follow the numbers: flip the numbers, and the sentences flip."""

from __future__ import annotations

from math import inf, nan

from agenttts_env.experiments.paper.conclusions import (
    Effect,
    GuidelineRun,
    ablation_sentences,
    budget_sentences,
    curve_sentences,
    explained_sentences,
    guideline_sentences,
    listed,
    price_sentences,
    size_sentences,
    temperature_sentences,
    trajectory_sentences,
)
from agenttts_env.experiments.paper.numbers import Number

UP, DOWN, FLAT = (0.02, 0.01, 0.03), (-0.02, -0.03, -0.01), (0.01, -0.01, 0.03)


def effect(name: str, sign: tuple[float, float, float]) -> Effect:
    return Effect(name, *sign)


def test_lists() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_effects_know_their_sign() -> None:
    assert [effect("x", sign).verdict for sign in (UP, DOWN, FLAT)] == [1, -1, 0]
    assert effect("x", DOWN).text == "-0.020 [-0.030, -0.010]"


def test_curves() -> None:
    good, _ = curve_sentences([0.1, 0.0], [])
    bad, _ = curve_sentences([0.1, -0.1], [])
    assert good.startswith("All 2 statements")
    assert "no evidence" in good
    assert bad.startswith("1 of 2 statements")
    assert "fit has to be made again" in bad
    assert (
        "raise the score of a and lower the score of b, of 3"
        in curve_sentences([0.1], [effect("a", UP), effect("b", DOWN), effect("c", FLAT)])[1]
    )
    assert curve_sentences([0.1], [effect("c", FLAT)])[1].startswith("On none of the 1 recorded")


def test_temperatures() -> None:
    steep, flat, high = [0.6, 0.8], [0.7, 0.7], [0.7, 0.9]
    cells = [Number("x1", "T 0.1", 0.7, 0.6, 0.8, published=0.75), Number("x1", "T 0.9", 0.7, 0.6, 0.8, published=0.9)]
    agreed = temperature_sentences({"T 0.1": flat, "T 0.9": steep}, {"T 0.1": flat, "T 0.9": high}, cells)
    assert agreed[0].startswith("1 of 2 printed scores")
    assert "give more at T 0.9 than at T 0.1 here (+0.200 against +0.000) and so they do in the paper" in agreed[1]
    opposed = temperature_sentences({"T 0.1": high, "T 0.9": flat}, {"T 0.1": flat, "T 0.9": high}, cells)
    assert "give not more at T 0.9 than at T 0.1 here" in opposed[1]
    assert "but more in the paper" in opposed[1]
    assert "is T 0.1 here and T 0.9 in the paper" in opposed[1]
    same = temperature_sentences({"T 0.1": flat, "T 0.9": high}, {"T 0.1": flat, "T 0.9": high}, cells)
    assert same[1].endswith("is T 0.9 here and in the paper.")


def test_trajectories() -> None:
    first, second = trajectory_sentences(
        "rules", [effect("a", UP), effect("b", DOWN)], [effect("a", FLAT), effect("b", UP)], {"a": 0.1, "b": 0.01}, 0.02
    )
    assert "above random search on 1 of 2 tasks" in first
    assert "below it on 1; above its own initial trials alone on 1 and below them on 0" in first
    assert "on 1 of 2 tasks (a): elsewhere" in second
    _, all_apart = trajectory_sentences("rules", [effect("a", UP)], [effect("a", UP)], {"a": 0.1}, 0.02)
    assert "even a single run" in all_apart
    _, none_apart = trajectory_sentences("rules", [effect("a", UP)], [effect("a", UP)], {"a": 0.03}, 0.02)
    assert "on 0 of 1 tasks: elsewhere" in none_apart


def test_sizes() -> None:
    first, second = size_sentences([effect("tpe", UP), effect("rules", FLAT)], "rules", (50, 100))
    assert "rises, beyond its 95% interval, for tpe (of 2 searchers)" in first
    assert "rules is stable" in second
    assert "1 of 1 others gain more" in second
    first, second = size_sentences([effect("tpe", DOWN), effect("rules", UP)], "rules", (50, 100))
    assert "for rules (of 2" in first
    assert "rules is not stable" in second
    assert "0 of 1 others gain more" in second
    first, second = size_sentences([effect("rules", DOWN)], "rules", (50, 100))
    assert "nobody's final expected score rises" in first
    assert "rules even loses" in second


def test_ablations() -> None:
    losses = [effect("insight_1", UP), effect("insight_2", FLAT), effect("insight_3", DOWN)]
    trials = {"rules": 20, "insight_1": inf, "insight_2": 19, "insight_3": 30}
    first, second = ablation_sentences("rules", losses, trials, {"insight_1": inf, "insight_2": 29})
    assert first == "rules ends lower, beyond the 95% interval, without insight_1, and higher without insight_3."
    assert "it takes 20 trials" in second
    assert "insight_1 never, insight_2 19, insight_3 30; the paper's single runs took: insight_1 never" in second
    assert second.endswith("insight_2 29.")
    first, second = ablation_sentences("rules", [effect("insight_1", FLAT)], {"rules": inf, "insight_1": 10}, {})
    assert first == "No insight that rules goes without lowers its final score beyond the 95% interval."
    assert "it takes never trials" not in second
    assert "it is never so near" in second


def test_guidelines() -> None:
    better, worse = GuidelineRun(2, 9, 10, 0.7, 0.8), GuidelineRun(1, 5, 10, 0.7, 0.6)
    first, second = guideline_sentences([better, worse], "LLM x")
    assert (
        first
        == "In 2 runs LLM x wrote 3 guidelines, and 14 of the 20 trials that followed the initial ones could be run."
    )
    assert "In 1 of 2 runs" in second
    assert "+0.100" in second
    assert "brought nothing" in guideline_sentences([worse], "LLM x")[1]
    assert "brought nothing" in guideline_sentences([GuidelineRun(1, 0, 10, 0.7, float("nan"))], "LLM x")[1]


def test_budgets() -> None:
    effects = {"500": effect("500", UP), "900": effect("900", DOWN), "2000": effect("2000", FLAT)}
    first, second = budget_sentences(effects, {"500": 0.9, "900": 0.8, "2000": 0.99}, "rules", "tpe")
    assert first.startswith("rules is better than tpe at 500 and worse at 900, beyond")
    assert second.endswith("90.0%, 80.0%, 99.0% of the oracle's, lowest at 900.")
    first, _ = budget_sentences({"500": effect("500", DOWN)}, {"500": 0.9}, "rules", "tpe")
    assert first.startswith("rules is worse than tpe at 500, beyond")
    first, _ = budget_sentences({"500": effect("500", FLAT)}, {"500": 0.9}, "rules", "tpe")
    assert first == "At no budget of 500 can rules and tpe be told apart."


def test_prices() -> None:
    small, large = [(0.3, True), (0.5, True), (1.0, False)], [(0.3, False), (0.5, False), (1.0, True)]
    first, second = price_sentences(small, large, 0.5, {"a": 0.9, "b": 0.1})
    assert "at 2 of 2 budgets if fusing is not charged" in first
    assert "at 0 of 2 if it is" in first
    assert "only where fusing is free" in first
    assert "Of 2 searchers 1 ends on" in second
    assert "only where fusing has its price" in price_sentences(large, small, 0.5, {"a": 0.9})[0]
    assert "small models are preferred at low budgets, either way" in price_sentences(small, small, 0.5, {"a": 0.9})[0]
    assert "small models are not preferred" in price_sentences(large, large, 0.5, {"a": 0.9})[0]


def test_what_the_initial_trials_explain() -> None:
    share = Number("all tasks", "explained share", 0.8, 0.5, 1.25)
    (sentence,) = explained_sentences(["cwq", "webqsp"], share)
    assert (
        "(95%) on cwq and webqsp; over all tasks the initial trials of Insight 1 alone have 80% [50%, 125%]" in sentence
    )
    (sentence,) = explained_sentences([], Number("all tasks", "explained share", nan))
    assert sentence.endswith("what random search finds (95%) on no task.")
    (sentence,) = explained_sentences([], Number("all tasks", "explained share", 0.8))
    assert "alone have 80% of that advantage" in sentence
