"""Whom the program runs as: never as root, where that can be helped.

The kernel does not count root's processes, and lets root into most files; so a program that root starts gets a user id
of its own, which nothing else on the machine has. An ordinary user cannot change his id, and need not.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from agenttts_env.sandbox.launcher import libc

_FIRST = 0x70000000  # no distribution gives out ids from here on
_DAC_READ_SEARCH = 2


def own_id() -> int | None:
    """A user id for this launcher's program; None for an ordinary user.

    Inside a container whose user namespace has no such ids, root is an ordinary user of the host.
    """
    if os.geteuid() != 0:
        return None
    wanted = _FIRST + os.getpid()
    with open("/proc/self/uid_map") as lines:
        mapped = [tuple(map(int, line.split())) for line in lines]
    return wanted if any(first <= wanted < first + length for first, _, length in mapped) else None


def is_open_to_others(path: str) -> bool:
    """Whether any user may reach and read a path."""
    path = os.path.realpath(path)
    mode = os.stat(path).st_mode
    if not mode & stat.S_IROTH or (stat.S_ISDIR(mode) and not mode & stat.S_IXOTH):
        return False
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
    return True


def become(user: int, *, reach: Iterable[str], may_read_all: bool) -> None:
    """Turn into this user, for good, with no capabilities.

    Args:
        user: the id of the user and of his only group.
        reach: paths that the program needs. If others may not enter one of them (an interpreter in root's home), the
            program keeps the capability to read files.
        may_read_all: that capability may be kept, since Landlock, which heeds no capability, stands in front.

    Raises:
        OSError: this root is not allowed to, or a path is out of reach.
    """
    closed = [path for path in reach if os.path.exists(path) and not is_open_to_others(path)]
    if closed and not may_read_all:
        raise PermissionError(f"other users than root cannot read {closed[0]}; use a Python that they can")
    os.setgroups([])
    os.setresgid(user, user, user)
    if not closed:
        os.setresuid(user, user, user)
        return
    libc.prctl(libc.PR_SET_KEEPCAPS, 1)
    os.setresuid(user, user, user)
    libc.set_capabilities(1 << _DAC_READ_SEARCH)
    libc.prctl(libc.PR_CAP_AMBIENT, 2, _DAC_READ_SEARCH)  # raise: it outlives the exec
