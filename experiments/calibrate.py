"""Fit the landscapes of the simulated tasks to what the paper reports.

``python -m agenttts_env.experiments.calibrate`` prints published against simulated figures; with ``--fit`` it fits
first, and writes the landscapes into the package. The figures are in :mod:`agenttts_env.experiments.published`, what is
assumed is in :mod:`agenttts_env.experiments.starts`.

Fitted, for each stage: skills, spread, reliance and half_loss, capacity and decline, and share and strength of traps.
Residuals: the reported scores; by how much a statement fails (that scores are within .03, that the neighbourhood of a
reported optimum is close to the best that its budget allows, and for 2WikiMultiHopQA what the paper says about
retrieval and about where curves peak and decline); and a weak pull to the start, which decides what nothing else does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.figures import Figures
from agenttts_env.experiments.published import PUBLISHED
from agenttts_env.experiments.starts import START
from agenttts_env.simulation.landscape import Landscape, StageLandscape, load_landscape

Array = npt.NDArray[np.float64]

FOLDER = Path(__file__).resolve().parent.parent / "agenttts_env" / "simulation" / "landscapes"

# What a residual of 1 is.
TEST_ERROR = 0.1
TRAINING_ERROR = 0.2
STATEMENT_ERROR = 0.001
START_ERROR = 5.0

# What a statement should hold by, as the fit looks coarsely: for three stages at some numbers of samples only.
TWO_STAGE_SLACK = 0.0005
THREE_STAGE_SLACK = 0.003


def vector_of(landscape: Landscape) -> Array:
    """The fitted parameters, as an unbounded vector."""
    return np.concatenate([_vector(stage, index > 0) for index, stage in enumerate(landscape.stages)])


def landscape_of(start: Landscape, vector: Array) -> Landscape:
    """The inverse of :func:`vector_of`; what is not fitted comes from ``start``."""
    stages, used = [], 0
    for index, stage in enumerate(start.stages):
        size = len(_vector(stage, index > 0))
        stages.append(_stage(stage, vector[used : used + size], index > 0))
        used += size
    return replace(start, stages=tuple(stages))


def _vector(stage: StageLandscape, relies: bool) -> Array:
    skills, capacity, reliance = np.array(stage.skills), np.array(stage.capacity), np.array(stage.reliance)
    parts = [
        np.log(np.array([stage.spread, stage.decline])),
        _logit(np.array([stage.trap, stage.trap_share])),
        np.array([skills[0], *np.log(np.maximum(np.diff(skills), 1e-3))]),
        np.log(np.array([capacity[0], *np.maximum(capacity[1:] / capacity[:-1] - 1, 1e-3)])),
    ]
    if relies:
        half_loss = _logit(np.array([stage.half_loss]))
        parts.append(np.array([np.log(reliance[0]), *_logit(reliance[1:] / reliance[:-1]), *half_loss]))
    return np.concatenate(parts)


def _stage(stage: StageLandscape, vector: Array, relies: bool) -> StageLandscape:
    models = len(stage.models)
    shares = _logistic(vector[2:4])
    skills, capacity, reliance = np.split(vector[4:], [models, 2 * models])
    fitted: dict[str, float | Sequence[float]] = {
        "spread": float(np.exp(vector[0])),
        "decline": float(np.exp(vector[1])),
        "trap": float(shares[0]),
        "trap_share": float(shares[1]),
        "skills": np.cumsum([skills[0], *np.exp(skills[1:])]).tolist(),
        "capacity": np.cumprod([np.exp(capacity[0]), *(1 + np.exp(capacity[1:]))]).tolist(),
    }
    if relies:
        fitted["reliance"] = np.cumprod([np.exp(reliance[0]), *_logistic(reliance[1:-1])]).tolist()
        fitted["half_loss"] = float(_logistic(reliance[-1:])[0])
    return replace(stage, **fitted)  # type: ignore[arg-type]


def _logit(share: Array) -> Array:
    bounded = np.clip(share, 1e-3, 1 - 1e-3)
    odds: Array = np.log(bounded / (1 - bounded))
    return odds


def _logistic(odds: Array) -> Array:
    share: Array = 1 / (1 + np.exp(-odds))
    return share


def residuals(landscape: Landscape, start: Landscape) -> Array:
    """What the fit makes small: misfits in units of their errors."""
    figures, published = Figures(landscape, exact=False), PUBLISHED[landscape.task]
    found = [(figures.score(score.allocation) - score.value) / TEST_ERROR for score in published.tests]
    found += [(figures.score(score.allocation) - score.value) / TRAINING_ERROR for score in published.training]
    found += [max(0.0, -statement.margin) / STATEMENT_ERROR for statement in figures.statements()]
    found += ((vector_of(landscape) - vector_of(start)) / START_ERROR).tolist()
    return np.array(found)


def fit(start: Landscape, *, evaluations: int = 40, polishing: int = 40) -> Landscape:
    """The landscape that fits best: least squares first, then :func:`polish`.

    Args:
        start: where to start, and what is not fitted.
        evaluations: of the residuals' derivatives, at most.
        polishing: steps, at most.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    try:
        from scipy.optimize import least_squares
    except ImportError:
        raise MissingExtraError("scipy", "baselines") from None
    found = least_squares(
        lambda vector: residuals(landscape_of(start, vector), start),
        vector_of(start),
        diff_step=1e-3,
        max_nfev=evaluations,
    )
    return _rounded(landscape_of(start, polish(start, found.x, polishing)))


def margins(landscape: Landscape) -> Array:
    """By how much each part of each statement holds, no more than is asked for."""
    slack = TWO_STAGE_SLACK if len(landscape.stages) < 3 else THREE_STAGE_SLACK
    statements = Figures(landscape, exact=False).statements()
    found: Array = np.minimum([part for statement in statements for part in statement.parts], slack)
    return found


def polish(start: Landscape, vector: Array, steps: int) -> Array:
    """Make the smallest margin of a statement as large as is asked for, or as it gets.

    Squares balance failures; a statement holds or does not. Each step linearises the margins and solves a linear
    program within a radius that grows while steps succeed.
    """
    from scipy.optimize import linprog

    radius, size = 0.05, 1e-3
    now = margins(landscape_of(start, vector))
    for _ in range(steps):
        if now.min() == now.max():  # all hold with what is asked for
            break
        slopes = np.column_stack(
            [(margins(landscape_of(start, vector + size * unit)) - now) / size for unit in np.eye(len(vector))]
        )
        while radius > 1e-4:
            # Maximise t subject to now + slopes @ step >= t.
            program = linprog(
                np.append(np.zeros(len(vector)), -1.0),
                A_ub=np.column_stack([-slopes, np.ones(len(now))]),
                b_ub=now,
                bounds=[(-radius, radius)] * len(vector) + [(None, float(now.max()))],
            )
            moved = vector + program.x[:-1]
            then = margins(landscape_of(start, moved))
            if then.min() > now.min():
                vector, now, radius = moved, then, 1.5 * radius
                break
            radius /= 2
        else:
            break
    return vector


def _rounded(landscape: Landscape) -> Landscape:
    """Five significant digits, so that the files can be read."""

    def short(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.5g}")
        return tuple(map(short, value)) if isinstance(value, tuple) else value

    stages = (
        StageLandscape(**{name: short(value) for name, value in vars(stage).items()})  # type: ignore[arg-type]
        for stage in landscape.stages
    )
    return replace(landscape, stages=tuple(stages))


PROVENANCE = {
    "source": "fitted by agenttts_env.experiments.calibrate to figures of AgentTTS (arXiv 2508.00890) and of the "
    "comments in its public code; they are listed in agenttts_env.experiments.published",
    "assumed": "common; the values of metrics; whatever no figure decides stays near agenttts_env.experiments.starts",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--task", choices=sorted(START), action="append", help="repeatable; all by default")
    parser.add_argument("--fit", action="store_true", help="fit, and write the landscapes into the package")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to write them")
    options = parser.parse_args(argv)
    for task in options.task or START:
        if options.fit:
            landscape = replace(fit(START[task]), provenance=PROVENANCE)
            options.out.mkdir(parents=True, exist_ok=True)
            text = json.dumps(landscape.to_json(), indent=1) + "\n"
            (options.out / f"{task}.json").write_text(text, encoding="utf-8")
        else:
            landscape = load_landscape(task)
        print(Figures(landscape).table())


if __name__ == "__main__":
    main()
