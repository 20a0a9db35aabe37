from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenttts_env.errors import SandboxError
from agenttts_env.sandbox.folder import private_folder, remove


def test_everything_in_it_goes_and_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("safe")
    with private_folder() as folder:
        assert os.stat(folder).st_mode & 0o777 == 0o700
        top = Path(folder)
        (top / "moved-1").write_text("the name that a moved folder would get")
        (top / "a" / "moved-2" / "b").mkdir(parents=True)
        (top / "a" / "file").write_text("x")
        (top / "link").symlink_to(outside)
        (top / "a" / "link").symlink_to(outside)
        (top / "dangling").symlink_to("/nowhere")
        os.link(outside / "file", top / "hard")
        os.mkfifo(top / "a" / "fifo")
        for path in (top / "a" / "moved-2", top / "a"):
            path.chmod(0)
    assert not os.path.lexists(folder)
    assert (outside / "file").read_text() == "safe"


def test_depth_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=handle)
        deeper = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = deeper
    os.close(handle)
    remove(str(folder))
    assert not folder.exists()


def test_a_folder_that_is_gone_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="gone"):
        remove(str(tmp_path / "gone"))
