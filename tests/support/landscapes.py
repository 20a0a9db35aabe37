"""A made-up landscape, so that no test of the machinery depends on the fitted numbers."""

from __future__ import annotations

from agenttts_env.simulation.landscape import Landscape, Metric, StageLandscape


def toy_stage(name: str, *, reliance: tuple[float, float] = (0.0, 0.0), **changes: float) -> StageLandscape:
    """A stage of two models."""
    parameters = {
        "half_loss": 0.4,
        "decline": 1.5,
        "spread": 2.0,
        "common": 0.5,
        "trap": 0.5,
        "trap_share": 0.7,
    } | changes
    return StageLandscape(
        name, ("small", "large"), skills=(0.2, 1.0), reliance=reliance, capacity=(30.0, 90.0), **parameters
    )


def toy_landscape() -> Landscape:
    """Three stages of two models."""
    return Landscape(
        "toy",
        (toy_stage("read"), toy_stage("plan", reliance=(2.0, 1.0)), toy_stage("write", reliance=(3.0, 2.5), trap=0.2)),
        {"quality": Metric("write", (0.0, 0.25, 1.0)), "reading": Metric("read", (0.125, 0.5, 0.75))},
        (5.0,),
        {"source": "made up"},
    )
