"""The C library's functions that Python 3.11 does not offer, with failures as OSError."""

from __future__ import annotations

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47

_CAPABILITY_VERSION_3 = 0x20080522
_library = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: int | bytes | ctypes.Structure | ctypes.Array[ctypes.c_char] | None) -> int:
    """Call a function of the C library.

    Args:
        name: the function.
        arguments: integers are passed as C's long, structures by reference.

    Raises:
        OSError: it returned -1.
    """
    converted = [
        ctypes.c_long(argument)
        if isinstance(argument, int)
        else ctypes.byref(argument)
        if isinstance(argument, ctypes.Structure)
        else argument
        for argument in arguments
    ]
    result = int(getattr(_library, name)(*converted))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def prctl(option: int, *values: int | ctypes.Structure) -> int:
    """``prctl(2)``; values that are left out are 0, as the kernel wants it."""
    return call("prctl", option, *values, *([0] * (4 - len(values))))


def set_capabilities(mask: int) -> None:
    """Keep these capabilities (of the first 32) and no others, effective, permitted and inheritable."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if _library.capset(header, data):
        code = ctypes.get_errno()
        raise OSError(code, f"capset: {os.strerror(code)}")
