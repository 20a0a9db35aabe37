"""Namespaces: a view of the system with its own files, processes, network, IPC objects and host name.

Root enters them as it is; an ordinary user first enters a user namespace, where he may.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable

from agenttts_env.sandbox.launcher import libc

_NEW_MOUNT, _NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_PID, _NEW_NET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_DETACH = 2
_MOUNT_SETATTR = 442
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SIZE_OF_ATTRIBUTES = 32
_USER_INSIDE = 1000
HOST_NAME = b"sandbox"


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace"))


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    libc.call("mount", encoded[0], encoded[1], encoded[2], flags, encoded[3])


def _read_only(path: str, *, devices: bool = False) -> None:
    """Make a mount and those below it read-only, without set-user-id programs, and (normally) without devices."""
    attributes = _MountAttributes(_RDONLY | _NOSUID | (0 if devices else _NODEV), 0, 0, 0)
    libc.call("syscall", _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), _AT_RECURSIVE, attributes, _SIZE_OF_ATTRIBUTES)


def _show(path: str, root: str, *, device: bool = False) -> None:
    """Show a file or folder of the host at the same path below the new root, read-only."""
    target = root + path
    if not os.path.lexists(path) or os.path.lexists(target):
        return
    os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.mkdir(target, 0o755)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(path, target, None, _BIND | _REC)
    _read_only(target, devices=device)


def enter(
    top: str, *, readable: Iterable[str], devices: Iterable[str], files: int, folder_bytes: int, user: int | None
) -> None:
    """Leave the host's namespaces: afterwards ``/`` holds what is readable and an empty ``/program``.

    The pid namespace begins with the next child. ``/`` itself stays writable until ``seal``.

    Args:
        top: an empty folder to mount on.
        readable: paths of the host to show read-only.
        devices: device files of the host to show.
        files: how many files and folders ``/program`` may hold.
        folder_bytes: how many bytes it may hold.
        user: whom ``/program`` belongs to; None: the present user, in a user namespace of his own.

    Raises:
        OSError: the kernel refuses.
    """
    release = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in os.uname().release.split(".")[:2])
    if release < (5, 14):  # before it, mounts cannot be made read-only as a tree, nor processes counted by namespace
        raise OSError(errno.ENOSYS, f"Linux 5.14 is needed, this is {os.uname().release}")
    outside = os.geteuid(), os.getegid()
    flags = _NEW_MOUNT | _NEW_UTS | _NEW_IPC | _NEW_PID | _NEW_NET
    libc.call("unshare", flags | (_NEW_USER if user is None else 0))
    if user is None:
        _write("/proc/self/setgroups", "deny")
        for name, number in zip(("uid_map", "gid_map"), outside, strict=True):
            _write(f"/proc/self/{name}", f"{_USER_INSIDE} {number} 1")
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount("tmpfs", top, "tmpfs", _NOSUID | _NODEV, "mode=755")
    for path in sorted(readable, key=len):  # a folder before what lies in it
        _show(path, top)
    for path in devices:
        _show(path, top, device=True)
    program = top + "/program"
    os.mkdir(program, 0o700)
    owner = "" if user is None else f",uid={user},gid={user}"
    size = f"size={folder_bytes},nr_inodes={files + 1}"  # the folder itself is one more
    _mount("tmpfs", program, "tmpfs", _NOSUID | _NODEV, f"mode=700,{size}{owner}")
    os.chdir(top)
    libc.call("pivot_root", b".", b".")  # the old root now lies on top of the new one
    libc.call("umount2", b".", _DETACH)
    os.chdir("/")
    libc.call("sethostname", HOST_NAME, len(HOST_NAME))


def seal() -> None:
    """Make ``/`` read-only, all but ``/program``.

    Raises:
        OSError: the kernel refuses.
    """
    _mount("none", "/", None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)
