"""How a running training shows itself."""

from __future__ import annotations

import time

from rich.console import Console

from agenttts_env.experiments.progress_bar import ProgressBar

SECONDS_BETWEEN_UPDATES = 0.2


class TrainProgress(ProgressBar):
    """Shows steps, steps per second and the last evaluation; to be used in a ``with`` statement.

    Args:
        console: where.
        total: number of steps.
        done: steps that a resumed training has already.
    """

    def __init__(self, console: Console, total: int, done: int) -> None:
        super().__init__(console, "steps", total, done, remaining=True)
        self._done = done
        self._updated = self.start
        self._evaluated = ""

    def step(self, done: int) -> None:
        """Show that so many steps are done; the last ones wait for their evaluation."""
        self._done = done
        now = time.monotonic()
        if now - self._updated >= SECONDS_BETWEEN_UPDATES and done < self.total:
            self._updated = now
            self._show()

    def evaluated(self, mean: float, best: float) -> None:
        """Show what an evaluation has found."""
        self._evaluated = f"held-out return {mean:.4f}, best {best:.4f}"
        self._show()

    def _show(self) -> None:
        speed = (self._done - self.before) / max(time.monotonic() - self.start, 1e-9)
        text = ", ".join(filter(None, [f"{speed:,.0f} steps/s", self._evaluated]))
        self.show(self._done, text, f"step {self._done:,}/{self.total:,}: {text}")
