"""Uploads what Weights & Biases has logged offline."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.experiments.wandb_session import import_wandb

_PATIENCE = {"WANDB_X_GRAPHQL_RETRY_MAX": "4", "WANDB_X_GRAPHQL_RETRY_WAIT_MAX_SECONDS": "5"}
"""wandb's own is without end where no server answers."""


def offline_runs(folder: str | Path) -> list[Path]:
    """The offline runs below ``folder``/wandb that are not uploaded yet."""
    files = sorted(Path(folder).glob("wandb/offline-run-*/run-*.wandb"))
    return [file.parent for file in files if not file.with_name(f"{file.name}.synced").exists()]


def upload(folder: str | Path) -> int:
    """Upload the offline runs of a search, a training or a comparison by ``wandb sync``, those that are not yet.

    The first one goes alone: where it fails, the others are not tried.

    Args:
        folder: of the search, training or comparison.

    Returns:
        How many were uploaded.

    Raises:
        InvalidInputError: it holds no W&B run.
        EngineError: a run could not be uploaded; what was stays so.
        MissingExtraError: wandb is not installed.
    """
    import_wandb()
    folder = Path(folder)
    if not any(folder.glob("wandb/offline-run-*")):
        raise InvalidInputError(f"`dir` must hold a search or a comparison with W&B runs, but {folder}/wandb has none")
    runs = offline_runs(folder)
    for path, count in ((runs[0], 1), (folder / "wandb", len(runs))) if runs else ():
        _sync(path)
        uploaded = len(runs) - len(offline_runs(folder))
        if uploaded < count:
            raise EngineError(f"W&B has taken {uploaded} of {len(runs)} runs in {folder / 'wandb'}")
    return len(runs)


def _sync(path: Path) -> None:
    """Its exit code does not tell whether a run was uploaded; a file beside it does."""
    command = [sys.executable, "-m", "wandb", "sync", "--yes", str(path.resolve())]
    below = path if path.name == "wandb" else path.parent  # where wandb puts its own log
    environment = {**_PATIENCE, **os.environ, "WANDB_DIR": str(below.parent.resolve())}
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
