"""The child that becomes the program."""

from __future__ import annotations

import os
import signal
import sys

from agenttts_env.sandbox.launcher import landlock, libc, rlimits, seccomp, user
from agenttts_env.sandbox.launcher.mechanism import MechanismError, setting_up

TYPE_CHECKING = False  # as typing has it
if TYPE_CHECKING:
    from typing import NoReturn

    from agenttts_env.sandbox.launcher.job import Job

DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def environment(program: str) -> dict[str, str]:
    """The program's whole environment.

    Args:
        program: its folder.
    """
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": program,
        "TMPDIR": program,
        "USER": "program",
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",  # the same program writes the same output
        "PYTHONUNBUFFERED": "1",  # what was written before a kill is not lost
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",  # the C library reserves 64 MiB of address space for each
    }


def run(job: Job, base: str, stdin: int, own_id: int | None, processes: int) -> NoReturn:
    """Give up everything but what the program needs, and turn into it.

    Args:
        job: the program.
        base: the folder that ``lay_out`` filled.
        stdin: its standard input.
        own_id: the user to turn into, if any.
        processes: the limit on that user's processes.

    Raises:
        MechanismError: a protection cannot be had.
        OSError: the interpreter cannot be started.
    """
    plan, program, python = job["plan"], os.path.join(base, "program"), os.path.join(base, "python")
    os.setsid()  # a group and a session of its own, without a terminal
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores, and an exec would not undo that
        signal.signal(number, signal.SIG_DFL)
    os.dup2(stdin, 0)
    os.chdir(program)
    try:
        rlimits.apply(job["limits"], processes=processes)
    except OSError as error:
        if "rlimits" in plan:
            raise MechanismError("rlimits", str(error)) from error
    on_linux = sys.platform == "linux"
    if on_linux:
        libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in plan:
        with setting_up("landlock"):
            landlock.restrict([*job["readable"], python], [program], DEVICES)
    if own_id is not None:
        with setting_up("user"):
            reach = () if "namespaces" in plan else (*job["readable"], job["python"], base)
            user.become(own_id, reach=reach, may_read_all="landlock" in plan)
    elif on_linux:
        libc.set_capabilities(0)
    if on_linux:
        libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)  # should the keeper be killed from outside
    if "seccomp" in plan:
        with setting_up("seccomp"):
            seccomp.install(own_files="namespaces" in plan, own_processes="namespaces" in plan)
    interpreter = os.path.join(python, "bin", "python")
    command = [interpreter, os.path.join(program, job["entry"]), *job["arguments"]]
    os.execve(interpreter, command, environment(program))
