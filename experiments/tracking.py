"""A search in Weights & Biases. Tracking is a copy of the run's files: it can fail, the search does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from agenttts_env.experiments.wandb_session import WandbSession, define_axes
from agenttts_env.ledger import Ledger
from agenttts_env.trial import Trial, best_trial

AXES = {"by_trial": "trial", "by_tokens": "tokens_computed", "by_flops": "flops_total"}
"""Of W&B's charts: what begins with a prefix is drawn against an x-axis."""


class Tracker(Protocol):
    """Where a search is shown besides its run folder."""

    def trial(self, trial: Trial) -> None:
        """Log one trial; called in order, with the trials of a resumed run first."""
        ...

    def note(self, note: Mapping[str, Any]) -> None:
        """Log one note of the searcher."""
        ...

    def finish(self, summary: Mapping[str, Any] | None) -> None:
        """End the run: with the contents of ``summary.json``, or None if the search was interrupted."""
        ...


class NoTracker:
    """Shows nothing."""

    def trial(self, trial: Trial) -> None:
        """Ignore it."""

    def note(self, note: Mapping[str, Any]) -> None:
        """Ignore it."""

    def finish(self, summary: Mapping[str, Any] | None) -> None:
        """Do nothing."""


class WandbTracker:
    """A run in Weights & Biases, with all its files below ``folder``/wandb.

    Every trial is a step with its score, the best so far, cost and state. The best so far is there three times, against
    three x-axes: ``by_trial/…``, ``by_tokens/…`` (tokens computed by trials) and ``by_flops/…`` (all FLOPs, the
    searcher's own included).

    Any error of wandb is reported once on stderr, and tracking ends there. Offline needs no account and no network;
    online without a reachable server goes on offline.

    Args:
        mode: ``offline`` or ``online``.
        folder: of the run.
        config: its settings.
        name: of the W&B run.
        group: of the W&B run; a search that was resumed has several complete W&B runs in one group.

    Raises:
        MissingExtraError: wandb is not installed.
    """

    def __init__(
        self,
        mode: Literal["offline", "online"],
        *,
        folder: str | Path,
        config: Mapping[str, Any],
        name: str,
        group: str,
    ) -> None:
        self._session = WandbSession(mode, folder, going_on="the search goes on")
        self._trials: list[Trial] = []
        self._notes: list[tuple[int | None, str]] = []
        self._tokens = 0
        self._flops = 0.0
        self._run: Any = None

        def begin() -> None:
            self._run = self._session.start(name=name, group=group, config=dict(config))
            define_axes(self._run, AXES)

        self._guarded(begin)

    @property
    def url(self) -> str | None:
        """Where the run can be looked at, if it is online."""
        return None if self._run is None or self._run.offline else str(self._run.url)

    def trial(self, trial: Trial) -> None:
        """See :class:`Tracker`."""
        self._trials.append(trial)
        self._tokens += trial.ledger.tokens_computed
        self._flops += trial.ledger.flops + trial.overhead.flops
        best = best_trial(self._trials)
        values: dict[str, Any] = {
            "trial": trial.number,
            "tokens_computed": self._tokens,
            "flops_total": self._flops,
            "by_trial/state": trial.state,
            "by_trial/allocation": str(trial.allocation or trial.requested or ""),
            "by_trial/tokens_computed": trial.ledger.tokens_computed,
            "by_trial/tokens_reused": trial.ledger.tokens_reused,
            "by_trial/overhead_tokens": trial.overhead.tokens_computed,
        }
        if trial.cost is not None:
            values["by_trial/cost"] = trial.cost
        if trial.score is not None:
            values["by_trial/score"] = trial.score
            values["by_trial/standard_error"] = trial.standard_error
        values |= {f"by_trial/metric/{metric}": value for metric, value in trial.metrics.items()}
        if best is not None:
            values |= {f"{prefix}/best_score": best.score for prefix in AXES}
        self._guarded(lambda: self._run.log(values))

    def note(self, note: Mapping[str, Any]) -> None:
        """See :class:`Tracker`."""
        rest = {key: value for key, value in note.items() if key != "trial"}
        self._notes.append((note.get("trial"), as_text(rest)))

    def finish(self, summary: Mapping[str, Any] | None) -> None:
        """See :class:`Tracker`."""

        def end() -> None:
            tables = {"trials": self._trials_table()}
            if self._notes:
                tables["notes"] = self._session.wandb.Table(
                    columns=["trial", "note"], data=[list(row) for row in self._notes]
                )
            self._run.log(tables)
            self._run.summary.update(dict(summary or {}))
            self._run.finish(exit_code=0 if summary is not None else 1)

        self._guarded(end)
        self._run = None

    def _trials_table(self) -> Any:
        ledger_columns = list(Ledger().to_json())
        columns = ["trial", "state", "allocation", "cost", "score", "standard_error", "reason", *ledger_columns]
        rows = [
            [
                trial.number,
                trial.state,
                str(trial.allocation or trial.requested or ""),
                trial.cost,
                trial.score,
                trial.standard_error,
                trial.reason,
                *trial.ledger.to_json().values(),
            ]
            for trial in self._trials
        ]
        return self._session.wandb.Table(columns=columns, data=rows)

    def _guarded(self, action: Callable[[], None]) -> None:
        self._session.guarded(action)


def as_text(value: Any) -> str:
    """A note for people to read: prompts keep their line breaks."""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {as_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "\n".join(map(as_text, value))
    return str(value)
