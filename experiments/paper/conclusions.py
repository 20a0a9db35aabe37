"""Sentences that depend on the numbers: two for each page, and none that the numbers could contradict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from agenttts_env.experiments.paper.numbers import Number, number_text

Sentences = tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """A difference with its interval.

    Attributes:
        name: whose.
        value: positive is better.
        low: lower end of its 95% interval.
        high: upper end.
    """

    name: str
    value: float
    low: float
    high: float

    @property
    def verdict(self) -> int:
        """1 where the interval is above zero, -1 where it is below, else 0."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0

    @property
    def text(self) -> str:
        """For example ``+0.012 [0.003, 0.021]``."""
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; ``none`` of nothing."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))) if names else "none"


def curve_sentences(margins: Sequence[float], recorded: Sequence[Effect]) -> Sentences:
    """Figure 1: by how much each statement about the curves holds, and what more samples gave a real model."""
    held = sum(margin >= 0 for margin in margins)
    which = "All" if held == len(margins) else f"{held} of"
    first = (
        f"{which} {len(margins)} statements about the paper's curves hold on the landscape, which was fitted to them: "
        "that "
        + (
            "is no evidence for them."
            if held == len(margins)
            else "so many fail means that the fit has to be made again."
        )
    )
    up, down = ([effect.name for effect in recorded if effect.verdict == sign] for sign in (1, -1))
    if up or down:
        parts = [f"raise the score of {listed(up)}"] * bool(up) + [f"lower the score of {listed(down)}"] * bool(down)
        second = (
            f"On the recorded curves of the real model more samples {' and '.join(parts)}, of {len(recorded)} curves."
        )
    else:
        second = (
            f"On none of the {len(recorded)} recorded curves of the real model is a gain of more samples larger than "
            "its noise."
        )
    return first, second


def temperature_sentences(
    ours: Mapping[str, Sequence[float]], printed: Mapping[str, Sequence[float]], cells: Sequence[Number]
) -> Sentences:
    """Table 2: scores by temperature, lowest first, of rising numbers of samples, ours and the printed ones."""
    inside = sum(cell.low <= cell.published <= cell.high for cell in cells)
    first = (
        f"{inside} of {len(cells)} printed scores lie within one standard error (50 examples) of ours, where about two "
        "thirds would if ours were true and the scores independent, which those of one set of examples are not."
    )
    lowest, *_, highest = ours
    more = [_gain(columns[highest]) > _gain(columns[lowest]) for columns in (ours, printed)]
    words = {True: "more", False: "not more"}
    gains = [f"{_gain(columns[highest]):+.3f} against {_gain(columns[lowest]):+.3f}" for columns in (ours, printed)]
    best, theirs = (max(columns, key=lambda name: sum(columns[name])) for columns in (ours, printed))
    second = (
        f"More samples give {words[more[0]]} at {highest} than at {lowest} here ({gains[0]}) "
        + ("and so they do in the paper" if more[0] == more[1] else f"but {words[more[1]]} in the paper")
        + f" ({gains[1]}); the best temperature over all numbers of samples is {best} here "
        + (
            "and in the paper."
            if best == theirs
            else f"and {theirs} in the paper, so that levels at other temperatures than the fitted one mean little."
        )
    )
    return first, second


def _gain(column: Sequence[float]) -> float:
    return sum(column[1:]) / len(column[1:]) - column[0]


def trajectory_sentences(
    leader: str, over_random: Sequence[Effect], over_init: Sequence[Effect], spreads: Mapping[str, float], noise: float
) -> Sentences:
    """Figure 3 and Table 1.

    Args:
        leader: the searcher that stands for the paper's method.
        over_random: its gain over random search, by problem.
        over_init: its gain over the initial trials alone, by problem.
        spreads: by problem the best minus the worst final score of all searchers but random search.
        noise: standard error of a test score of the paper.
    """
    better, worse = (sum(effect.verdict == sign for effect in over_random) for sign in (1, -1))
    better_init, worse_init = (sum(effect.verdict == sign for effect in over_init) for sign in (1, -1))
    count = len(over_random)
    first = (
        f"{leader} ends above random search on {better} of {count} tasks (95% interval of the paired difference) and "
        f"below it on {worse}; above its own initial trials alone on {better_init} and below them on {worse_init}."
    )
    large = [problem for problem, spread in spreads.items() if spread > 2 * noise]
    second = (
        "Between the best and the worst of the other searchers there is more than two standard errors "
        f"({2 * noise:.3f}) of a test score of 500 examples on {len(large)} of {count} tasks"
        + (f" ({listed(large)})" if large else "")
        + (
            ": elsewhere a single run, as Table 1 has it, cannot tell them apart."
            if len(large) < count
            else ", so that even a single run could tell those two apart."
        )
    )
    return first, second


def explained_sentences(ahead: Sequence[str], share: Number) -> Sentences:
    """What the initial trials alone explain of the published allocations' advantage over random search.

    Args:
        ahead: the tasks on which there is an advantage beyond its 95% interval.
        share: what they explain over all tasks; NaN without an advantage.
    """
    where = f"on {listed(ahead)}" if ahead else "on no task"
    first = f"What AgentTTS is published to have chosen scores more here than what random search finds (95%) {where}"
    if isnan(share.value):
        return (first + ".",)
    told = f"{share.value:.0%}"
    if not isnan(share.low):
        told += f" [{share.low:.0%}, {share.high:.0%}]"
    return (f"{first}; over all tasks the initial trials of Insight 1 alone have {told} of that advantage.",)


def size_sentences(changes: Sequence[Effect], leader: str, sizes: tuple[int, int]) -> Sentences:
    """Figure 4a-c: what the larger training set gives each searcher."""
    small, large = sizes
    helped = [change.name for change in changes if change.verdict > 0]
    own = next(change for change in changes if change.name == leader)
    first = (
        f"From {small} to {large} examples the final expected score rises, beyond its 95% interval, for "
        f"{listed(helped)}"
        if helped
        else f"From {small} to {large} examples nobody's final expected score rises beyond its 95% interval"
    ) + f" (of {len(changes)} searchers)."
    stable = {
        1: f"{leader} is not stable in the paper's sense: it gains {own.text} too",
        0: f"{leader} is stable in the paper's sense: its change, {own.text}, cannot be told from none",
        -1: f"{leader} even loses, {own.text}",
    }[own.verdict]
    others = [change for change in changes if change.name != leader]
    more = sum(change.value > own.value for change in others)
    return first, f"{stable}; {more} of {len(others)} others gain more in the mean."


def ablation_sentences(
    whole: str, losses: Sequence[Effect], trials: Mapping[str, float], printed: Mapping[str, float]
) -> Sentences:
    """Figure 4d.

    Args:
        whole: the searcher with all its insights.
        losses: by insight what the searcher loses without it, positive where it helps.
        trials: expected trials to come near the oracle, of the whole one and without each insight.
        printed: the paper's trials without each insight.
    """
    helps, harms = ([loss.name for loss in losses if loss.verdict == sign] for sign in (1, -1))
    first = (
        f"{whole} ends lower, beyond the 95% interval, without {listed(helps)}"
        if helps
        else f"No insight that {whole} goes without lowers its final score beyond the 95% interval"
    ) + (f", and higher without {listed(harms)}." if harms else ".")
    found = {name: number_text(value, 0) for name, value in trials.items()}
    ours, theirs = (
        ", ".join(f"{name} {text}" for name, text in some.items())
        for some in (
            {name: text for name, text in found.items() if name != whole},
            {name: number_text(value, 0) for name, value in printed.items()},
        )
    )
    if found[whole] == "never":
        takes = "it is never so near"
    else:
        takes = f"it takes {found[whole]} trials in expectation, restarts counted"
    second = (
        f"To come within 1% of the oracle {takes}, and without one insight: {ours}; "
        f"the paper's single runs took: {theirs}."
    )
    return first, second


@dataclass(frozen=True)
class GuidelineRun:
    """What came of a run's guidelines.

    Attributes:
        guidelines: how many.
        usable: trials after the initial ones that were complete.
        asked: trials after the initial ones.
        initial: best search score of the initial trials.
        later: best search score of those after them; NaN without one.
    """

    guidelines: int
    usable: int
    asked: int
    initial: float
    later: float


def guideline_sentences(runs: Sequence[GuidelineRun], llm: str) -> Sentences:
    """Figure 5: what the LLM, by its name, wrote, and whether anything came of it."""
    asked, usable = sum(run.asked for run in runs), sum(run.usable for run in runs)
    first = (
        f"In {len(runs)} runs {llm} wrote {sum(run.guidelines for run in runs)} guidelines, and {usable} of the "
        f"{asked} trials that followed the initial ones could be run."
    )
    better = [run for run in runs if run.later > run.initial]
    if not better:
        return (
            first,
            "None of them scored above the best initial trial of its run: the guidelines have brought nothing.",
        )
    gains = ", ".join(f"{run.later - run.initial:+.3f}" for run in better)
    second = (
        f"In {len(better)} of {len(runs)} runs the best of them scored above the best initial trial ({gains} on 50 "
        "examples, the highest of several noisy scores): so few runs cannot say whether the guidelines or luck did it."
    )
    return first, second


def budget_sentences(
    effects: Mapping[str, Effect], shares: Mapping[str, float], leader: str, baseline: str
) -> Sentences:
    """Figure 6.

    Args:
        effects: by budget the leader's gain over the baseline.
        shares: by budget the leader's final score as a share of the oracle's.
        leader: a searcher.
        baseline: another.
    """
    better, worse = ([f"at {name}" for name, effect in effects.items() if effect.verdict == sign] for sign in (1, -1))
    parts = [f"better than {baseline} {listed(better)}"] * bool(better) + [f"worse {listed(worse)}"] * bool(worse)
    if worse and not better:
        parts = [f"worse than {baseline} {listed(worse)}"]
    first = (
        f"{leader} is {' and '.join(parts)}, beyond the 95% interval (budgets: {', '.join(effects)})."
        if parts
        else f"At no budget of {', '.join(effects)} can {leader} and {baseline} be told apart."
    )
    lowest = min(shares, key=lambda name: shares[name])
    each = ", ".join(f"{share:.1%}" for share in shares.values())
    second = f"Its final score is {each} of the oracle's, lowest at {lowest}."
    return first, second


def price_sentences(
    uncharged: Sequence[tuple[float, bool]],
    charged: Sequence[tuple[float, bool]],
    low: float,
    final: Mapping[str, float],
) -> Sentences:
    """Figure 7.

    Args:
        uncharged: by rising budget (as a share of the price of the largest models, one sample each) whether the best
            allocation has none of the largest models; fusing calls are not charged, as in the paper.
        charged: the same where they are.
        low: up to which share a budget counts as low.
        final: by searcher the share of runs that end on such an allocation at the lowest budget that was searched.
    """
    cheap, dear = (
        [small for share, small in uncharged if share <= low],
        [small for share, small in charged if share <= low],
    )
    preferred = [sum(some) * 2 > len(some) for some in (cheap, dear)]
    verdicts = {
        (True, True): "preferred at low budgets, either way",
        (True, False): "preferred at low budgets only where fusing is free",
        (False, True): "preferred at low budgets only where fusing has its price",
        (False, False): "not preferred at low budgets",
    }
    first = (
        f"Up to {low:.0%} of the price of one sample of each largest model, the best allocation has none of the "
        f"largest models at {sum(cheap)} of {len(cheap)} budgets if fusing is not charged, as in the paper, and at "
        f"{sum(dear)} of {len(dear)} if it is: by price, small models are {verdicts[preferred[0], preferred[1]]}."
    )
    most = [name for name, share in final.items() if share > 0.5]
    each = ", ".join(f"{name} {share:.0%}" for name, share in final.items())
    second = (
        f"Of {len(final)} searchers {len(most)} end{'s' if len(most) == 1 else ''} on such an allocation in most runs "
        f"at the lowest budget searched, fusing charged ({each})."
    )
    return first, second
