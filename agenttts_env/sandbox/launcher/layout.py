"""The private folder: ``program`` (the program's own), ``python`` (a virtual environment without packages)."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as typing has it
if TYPE_CHECKING:
    from agenttts_env.sandbox.launcher.job import Job


def lay_out(base: str, job: Job, user: int | None) -> int:
    """Write the program's files and its environment below a folder.

    Nothing hostile runs yet, and the host has checked the names: there is no link to be led astray by.

    Args:
        base: the folder.
        job: the program.
        user: whom ``program`` will belong to; None: the present user.

    Returns:
        The program's standard input: a file without a name, open for reading.
    """
    program = os.path.join(base, "program")
    os.makedirs(program, mode=0o700, exist_ok=True)
    for name, content in job["files"].items():
        path = os.path.join(program, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _write(path, content)
    if user is not None:
        for folder, _, names in os.walk(program):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                os.chown(path, user, user)
    # A virtual environment: the program sees the standard library and no package that happens to be installed.
    python = os.path.join(base, "python")
    os.makedirs(os.path.join(python, "bin"))
    os.symlink(job["python"], os.path.join(python, "bin", "python"))
    home = os.path.dirname(job["python"])
    _write(os.path.join(python, "pyvenv.cfg"), f"home = {home}\ninclude-system-site-packages = false\n")
    stdin = os.path.join(base, "stdin")
    _write(stdin, job["stdin"])
    handle = os.open(stdin, os.O_RDONLY)
    os.unlink(stdin)
    return handle


def _write(path: str, text: str) -> None:
    with open(path, "x", encoding="utf-8", newline="") as file:
        file.write(text)
