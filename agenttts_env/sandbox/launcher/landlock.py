"""Landlock: the kernel's own list of the files that a process may touch (Linux 5.13 and later)."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

from agenttts_env.sandbox.launcher import libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION, _PATH_BENEATH = 1, 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, DEVICE_CONTROL = 1 << 14, 1 << 15
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_CONTROL
READ = EXECUTE | READ_FILE | READ_DIR


def version() -> int:
    """The version of Landlock that the kernel offers.

    Raises:
        OSError: none, or it is switched off.
    """
    return libc.call("syscall", _CREATE_RULESET, None, 0, _VERSION)


def _all_rights(abi: int) -> int:
    """Every right over files that this version knows."""
    rights = 13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16
    return (1 << rights) - 1


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict(readable: Iterable[str], writable: Iterable[str], devices: Iterable[str]) -> None:
    """From now on, touch nothing but these paths (and what is already open); no TCP; signal only one's own.

    Needs PR_SET_NO_NEW_PRIVS first.

    Args:
        readable: files and folders that may be read and executed; what does not exist is skipped.
        writable: folders in which everything is allowed.
        devices: device files that may be read and written.

    Raises:
        OSError: the kernel refuses.
    """
    abi = version()
    rights = _all_rights(abi)
    network = 0b11 if abi >= 4 else 0  # bind, connect
    scoped = 0b11 if abi >= 6 else 0  # abstract sockets, signals
    # Rights over files, over the network, scopes: older kernels know a shorter structure.
    attributes = struct.pack("QQQ", rights, network, scoped)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = libc.call("syscall", _CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for paths, allowed in ((readable, READ), (writable, rights), (devices, READ_FILE | WRITE_FILE)):
            for path in paths:
                try:
                    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
                except OSError as error:
                    if error.errno == errno.ENOENT:
                        continue
                    raise
                whole = stat.S_ISDIR(os.fstat(handle).st_mode)
                rule = _PathBeneath(allowed & rights & (-1 if whole else _OF_FILES), handle)
                libc.call("syscall", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
                os.close(handle)
        libc.call("syscall", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
