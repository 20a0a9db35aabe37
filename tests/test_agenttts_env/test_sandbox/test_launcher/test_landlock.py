"""Every version of Landlock that a kernel may offer, up to this kernel's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agenttts_env.sandbox.launcher import landlock

CODE = """
import errno, sys
from agenttts_env.sandbox.launcher import landlock, libc
abi, folder = int(sys.argv[1]), sys.argv[2]
landlock.version = lambda: abi
libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
landlock.restrict([folder + "/readable", "/does/not/exist"], [folder + "/writable"], ["/dev/null"])
for action in (
    lambda: open(folder + "/readable/file").read(),
    lambda: open(folder + "/writable/file", "w"),
    lambda: open("/dev/null", "r+b", buffering=0),
    lambda: open(folder + "/readable/file", "a"),
    lambda: open(folder + "/secret").read(),
    lambda: open(folder + "/secret", "w"),
):
    try:
        action()
        print("yes")
    except PermissionError:
        print("no")
"""


@pytest.mark.parametrize("abi", range(1, 7))
def test_what_it_lets_through(abi: int, tmp_path: Path) -> None:
    try:
        offered = landlock.version()
    except OSError as error:
        pytest.skip(str(error))
    if abi > offered:
        pytest.skip(f"this kernel offers version {offered}")
    for folder in ("readable", "writable"):
        (tmp_path / folder).mkdir()
    (tmp_path / "readable" / "file").write_text("open")
    (tmp_path / "secret").write_text("safe")
    command = [sys.executable, "-c", CODE, str(abi), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["yes", "yes", "yes", "no", "no", "no"]
    assert (tmp_path / "secret").read_text() == "safe"
