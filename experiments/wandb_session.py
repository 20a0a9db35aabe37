"""Weights & Biases with all its files in one folder; where it fails, it is left out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from agenttts_env.errors import MissingExtraError

PROJECT = "agenttts-env"

INIT_TIMEOUT = 30.0
FINISH_TIMEOUT = 120.0
"""Seconds after which an unreachable server is given up; what was logged stays on the disk, for ``agenttts sync``."""


def import_wandb() -> Any:
    """W&B.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import wandb
    except ImportError:
        raise MissingExtraError("wandb", "wandb") from None
    return wandb


class WandbSession:
    """Runs of W&B, whose files are below ``folder``/wandb.

    Any error of wandb is reported once on stderr, and from then on nothing is logged. Offline needs no account and no
    network; online without a reachable server goes on offline.

    Args:
        mode: ``offline`` or ``online``.
        folder: see above.
        going_on: what an error of wandb does not stop, in words.

    Raises:
        MissingExtraError: wandb is not installed.
    """

    def __init__(self, mode: Literal["offline", "online"], folder: str | Path, *, going_on: str) -> None:
        self.wandb = import_wandb()
        self.alive = True
        self._mode = mode
        self._folder = Path(folder)
        self._going_on = going_on

    def start(self, **options: Any) -> Any:
        """A new run; to be called guarded.

        Args:
            options: of ``wandb.init``, but for ``settings``, which holds more of wandb's settings.
        """
        settings = {
            "silent": True,
            "console": "off",
            "disable_git": True,
            "disable_code": True,
            "x_disable_stats": True,
            "init_timeout": INIT_TIMEOUT,
            "login_timeout": INIT_TIMEOUT,
            "finish_timeout": FINISH_TIMEOUT,
            **options.pop("settings", {}),
        }

        def start() -> Any:
            return self.wandb.init(
                mode=self._mode,
                dir=str(self._folder),
                settings=self.wandb.Settings(**settings),
                **{"project": PROJECT, **options},
            )

        try:
            return start()
        except Exception as error:
            if self._mode == "offline":
                raise
            self._mode = "offline"
            reason = str(error).partition("\n")[0]
            warn(f"W&B cannot be reached ({reason}); going on offline, upload later: agenttts sync {self._folder}")
            return start()

    def guarded(self, action: Callable[[], None]) -> None:
        """Do something with wandb; after its first error, nothing any more."""
        if not self.alive:
            return
        folder = self._folder / "wandb"
        try:
            with _environment(WANDB_DATA_DIR=folder, WANDB_CACHE_DIR=folder / "cache"):
                action()
        except Exception as error:
            reason = str(error).partition("\n")[0]
            warn(f"W&B tracking stopped, {self._going_on}: {type(error).__name__}: {reason}")
            self.alive = False


def define_axes(run: Any, axes: Mapping[str, str]) -> None:
    """Let W&B draw what is logged as ``PREFIX/…`` against an x-axis of its own, by prefix."""
    for axis in axes.values():
        run.define_metric(axis, hidden=True)
    for prefix, axis in axes.items():
        run.define_metric(f"{prefix}/*", step_metric=axis)


def warn(message: str) -> None:
    """Say on stderr what W&B cannot do."""
    print(f"warning: {message}", file=sys.stderr)


@contextmanager
def _environment(**folders: Path) -> Iterator[None]:
    """Point wandb at our folders, unless the user has: it puts media and logs below the home folder by default."""
    new = {name: str(folder) for name, folder in folders.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]
