"""A searcher's standing numbers by name: the columns of ``summary.csv``, and what a tracker is given."""

from __future__ import annotations

from math import nan

from agenttts_env.experiments.compare.results import Estimate, Result


def standing(row: Result) -> dict[str, float]:
    """All of them; NaN where there is none, infinite where a run never gets there.

    The names are the same for every searcher, but that only a trained one has ``training_…``.
    """
    numbers = {**_estimate("regret", row.regret)}
    for axis, area in row.areas.items():
        numbers |= _estimate(f"area_{axis}", area)
    for within, close in row.close.items():
        numbers |= {
            f"reached_{within:g}": close.ever,
            f"ended_within_{within:g}": close.at_end,
            f"ert_trials_{within:g}": close.trials,
            f"ert_total_tokens_{within:g}": close.total_tokens,
            f"ert_ratio_{within:g}": close.ratio,
            f"ert_ratio_problems_{within:g}": close.problems,
        }
    for control, test in row.gains.items():
        name = "gain_" + control.replace("-", "_").replace("+", "_")
        gain = None if test is None else Estimate(test.gain, test.low, test.high)
        numbers |= _estimate(name, gain) | {f"{name}_holm": nan if test is None else test.adjusted}
    numbers |= _estimate("improvement_on_random", row.improvement) | _estimate("explained_share", row.explained)
    return numbers | {
        **_estimate("curse", row.curse),
        "rank": row.rank,
        "failed_trials": row.failed,
        "infeasible_trials": row.infeasible,
        "own_tokens": row.own_tokens,
        **{f"training_{name}": value for name, value in (row.training or {}).items()},
    }


def _estimate(name: str, estimate: Estimate | None) -> dict[str, float]:
    value, low, high = (nan, nan, nan) if estimate is None else (estimate.value, estimate.low, estimate.high)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
