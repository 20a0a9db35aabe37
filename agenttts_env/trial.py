"""A trial: one requested allocation and what became of it. Nothing that was asked for ever vanishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agenttts_env.allocation import Allocation
from agenttts_env.ledger import Ledger

State = Literal["complete", "infeasible", "failed"]


@dataclass(frozen=True)
class Trial:
    """One row of a search's log. Trials are equal if question and answer are, whatever inference they took.

    Attributes:
        number: from 0.
        requested: what was asked for; None if the searcher could not name an allocation.
        allocation: what was run; None unless complete. Differs from ``requested`` only in an environment with
            ``infeasible="project"``.
        state: ``complete``, ``infeasible`` (over budget, nothing was run) or ``failed`` (see ``reason``).
        cost: of what was run, else of what was requested, per example; None without an allocation.
        score: mean of the main metric on the search split; None unless complete.
        standard_error: of ``score``, over examples.
        metrics: mean of every metric; empty unless complete.
        example_scores: main metric of every example, in the split's order; empty unless complete.
        parse_failures: by stage, share of samples that stated no output; empty unless complete.
        reason: why it is not complete, or how it was projected; empty otherwise.
        ledger: inference for this trial.
        overhead: the searcher's own inference for this trial (an LLM agent's calls).
    """

    number: int
    requested: Allocation | None
    allocation: Allocation | None
    state: State
    cost: float | None = None
    score: float | None = None
    standard_error: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    example_scores: tuple[float, ...] = ()
    parse_failures: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    ledger: Ledger = field(default_factory=Ledger, compare=False)
    overhead: Ledger = field(default_factory=Ledger, compare=False)

    def to_json(self) -> dict[str, Any]:
        """A dictionary for one line of ``trials.jsonl``."""
        return {
            "number": self.number,
            "state": self.state,
            "requested": None if self.requested is None else self.requested.to_json(),
            "allocation": None if self.allocation is None else self.allocation.to_json(),
            "cost": self.cost,
            "score": self.score,
            "standard_error": self.standard_error,
            "metrics": dict(self.metrics),
            "example_scores": list(self.example_scores),
            "parse_failures": dict(self.parse_failures),
            "reason": self.reason,
            "ledger": self.ledger.to_json(),
            "overhead": self.overhead.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Trial:
        """The inverse of :meth:`to_json`."""
        return cls(
            number=value["number"],
            requested=None if value["requested"] is None else Allocation.from_json(value["requested"]),
            allocation=None if value["allocation"] is None else Allocation.from_json(value["allocation"]),
            state=value["state"],
            cost=value["cost"],
            score=value["score"],
            standard_error=value["standard_error"],
            metrics=value["metrics"],
            example_scores=tuple(value["example_scores"]),
            parse_failures=value["parse_failures"],
            reason=value["reason"],
            ledger=Ledger(**value["ledger"]),
            overhead=Ledger(**value["overhead"]),
        )


def best_trial(trials: list[Trial]) -> Trial | None:
    """The complete trial with the highest score; the cheaper, then the earlier of equals. None if none is complete."""
    complete = [trial for trial in trials if trial.score is not None and trial.cost is not None]
    return min(complete, key=lambda t: (-(t.score or 0.0), t.cost or 0.0, t.number), default=None)
