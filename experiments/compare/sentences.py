"""What a comparison says, in sentences made from its numbers."""

from __future__ import annotations

from math import isfinite

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.columns import interval
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.names import CONTROLS
from agenttts_env.experiments.compare.planner import planned
from agenttts_env.experiments.compare.results import ALPHA, Estimate, Result, Results
from agenttts_env.initial import SEEDED


def summary(found: Results, label: str) -> str:
    """Who has the lowest regret, who cannot be told apart from it, and what it gains over the controls; two sentences.

    Args:
        found: on one problem, or on all.
        label: where the scores come from.
    """
    best = found.best_first()[0]
    where = f"On {found.problem}" if found.problem else "Over all problems"
    first = (
        f"{where} ({label}), {best.searcher} has the lowest regret, {interval(best.regret)} (0 is the oracle, about 1 "
        f"is random search), {_alike(found, best)}."
    )
    gains = [
        _gain(control, Estimate(test.gain, test.low, test.high), test.adjusted)
        for control, test in best.gains.items()
        if test is not None
    ]
    missing = [control for control in CONTROLS if control not in found.searchers]
    second = "Paired by seed, it " + "; it ".join(gains) if gains else "No control is there to say more"
    if missing:
        second += f"; {' and '.join(missing)} took no part, so nothing is said of {'them' if missing[1:] else 'it'}"
    return f"{first} {second}."


def _alike(found: Results, best: Result) -> str:
    like, others = found.like(best.searcher), len(found.rows) - 1
    tests = f"signed-rank tests of all {len(found.tests)} pairs, Holm, {ALPHA:.0%}"
    if not like:
        return f"and is told apart from every other searcher ({tests})"
    if len(like) == others:
        return f"but cannot be told apart from any other searcher ({tests})"
    return f"but cannot be told apart from {_listed(like)} ({tests})"


def _gain(control: str, gain: Estimate, adjusted: float) -> str:
    if adjusted >= ALPHA:
        return f"is not told apart from {control} (mean gain {interval(gain, '+.2f')}, p = {adjusted:.2g})"
    if gain.value > 0:
        return f"saves {interval(gain)} of regret against {control} in the mean"
    return f"loses {interval(Estimate(-gain.value, -gain.high, -gain.low))} of regret against {control} in the mean"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def seeding(found: Results) -> str:
    """What the initial trials give the searchers that are there bare and seeded; empty where there is none."""
    gains = []
    for name in found.searchers:
        for test in found.tests:
            if {test.first, test.second} == {name, name + SEEDED}:
                sign = 1 if test.first == name + SEEDED else -1  # positive: the seeded one is better
                ends = sorted((sign * test.low, sign * test.high))
                star = "*" if test.adjusted < ALPHA else ""
                gains.append(f"{name} {interval(Estimate(sign * test.gain, *ends), '+.2f')}{star}")
    if not gains:
        return ""
    return (
        f"Seeded with the initial trials against bare, regret saved in the mean: {'; '.join(gains)} (* told apart by "
        f"the signed-rank tests of all {len(found.tests)} pairs, Holm, {ALPHA:.0%})."
    )


def told_difference(findings: Findings) -> str:
    """How small a difference this many seeds can tell, in a sentence."""
    try:
        plan = planned(findings)
    except InvalidInputError:
        return "All searchers are equal in every run, so that nothing is known of what a difference takes."
    pair, any_pair = plan.detectable(1), plan.detectable(plan.pairs)
    if not isfinite(pair):
        return f"{plan.seeds} seeds are too few for any difference to be significant."
    among = f"one of {any_pair:.2f}" if isfinite(any_pair) else "none, however large,"
    problems = f"{plan.problems} problem{'' if plan.problems == 1 else 's'}"
    return (
        f"With {plan.seeds} seeds on {problems}, a difference of {pair:.2f} in regret between two given searchers is "
        f"told with 80% power, and {among} if all {plan.pairs} pairs are tested (signed-rank, {ALPHA:.0%}; the paired "
        f"differences deviate by {plan.deviation:.2f}, the median over pairs)."
    )
