"""A private temporary folder that can always be removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from agenttts_env.errors import SandboxError


@contextmanager
def private_folder() -> Iterator[str]:
    """A fresh folder that only this user may enter; it is removed with all that it then holds.

    Raises:
        SandboxError: something in it cannot be removed.
    """
    folder = tempfile.mkdtemp(prefix="agenttts-sandbox-")
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: str) -> None:
    """Remove a folder that a hostile program has filled, and that nothing uses any more.

    Links are unlinked, not followed. Permissions do not matter, and neither does depth: ``shutil.rmtree`` recurses,
    keeps a file open per level and can so be made to fail, hence folders here are moved up before they are emptied.

    Raises:
        SandboxError: something cannot be removed.
    """
    try:
        moved = 0
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            while names := os.listdir(top):
                for name in names:
                    if not _unlink(name, top):
                        moved = _flatten(name, top, moved)
        finally:
            os.close(top)
        os.rmdir(folder)
    except OSError as error:
        raise SandboxError(f"the sandbox's folder must be removed after a run, but {folder} stays: {error}") from error


def _unlink(name: str, folder: int) -> bool:
    """Remove anything but a folder; False for a folder."""
    try:
        os.unlink(name, dir_fd=folder)
    except (IsADirectoryError, PermissionError):  # the latter on macOS
        return False
    return True


def _flatten(name: str, top: int, moved: int) -> int:
    """Remove a folder in ``top`` after moving the folders that it holds up to ``top``, under numbers as new names."""
    os.chmod(name, 0o700, dir_fd=top)  # a folder, so there is no link to follow
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for child in os.listdir(inner):
            if not _unlink(child, inner):
                os.chmod(child, 0o700, dir_fd=inner)
                while True:
                    moved += 1
                    try:
                        os.stat(f"moved-{moved}", dir_fd=top, follow_symlinks=False)
                    except FileNotFoundError:
                        break
                os.rename(child, f"moved-{moved}", src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)
    return moved
