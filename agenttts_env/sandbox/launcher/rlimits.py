"""Resource limits of the program and of each process that it starts."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping

_OTHERS = 256  # how many processes a user may start while a program runs


def tasks_of(user: int) -> int:
    """How many processes and threads a user has now."""
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == user:
                count += os.stat(f"/proc/{name}/task").st_nlink - 2
        except OSError:
            continue  # it has ended
    return count


def apply(limits: Mapping[str, float], *, processes: int) -> None:
    """Set the limits, soft and hard.

    Args:
        limits: the fields of the host's ``Limits``.
        processes: how many processes and threads the program's user may have, all told.

    Raises:
        OSError: the system refuses one; the others are set.
    """
    cpu = int(limits["cpu_seconds"])
    wanted = {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_CPU": (cpu, cpu + 1),  # SIGXCPU, which a program can ignore, and then SIGKILL
        "RLIMIT_FSIZE": (int(limits["file_bytes"]),) * 2,
        "RLIMIT_NOFILE": (int(limits["open_files"]),) * 2,
        "RLIMIT_NPROC": (processes,) * 2,
        "RLIMIT_AS": (int(limits["memory_bytes"]),) * 2,
    }
    refused = []
    for name, (soft, hard) in wanted.items():
        number = getattr(resource, name)
        ceiling = resource.getrlimit(number)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        try:
            resource.setrlimit(number, (soft, hard))
        except (OSError, ValueError) as error:
            refused.append(f"{name}: {error}")
    if refused:
        raise OSError("; ".join(refused))


def headroom(*, counts_namespace: bool, own_id: bool, processes: int) -> int:
    """The limit on a user's processes that leaves the program this many, or as few more as can be.

    Args:
        counts_namespace: the program lives in a user namespace, which is counted apart; the supervisor and the keeper
            live there too.
        own_id: nobody else has the program's user id.
        processes: how many the program may have.
    """
    if own_id:
        return processes
    if counts_namespace:
        return processes + 2
    # All that the user runs is counted, and may grow meanwhile. The supervisor then does the exact counting.
    return processes + _OTHERS + (tasks_of(os.getuid()) if os.path.isdir("/proc/self") else 1024)
