"""A seccomp filter: which system calls the program may make, on x86_64 and aarch64.

The numbers are the kernel's (``asm/unistd_64.h`` and ``asm-generic/unistd.h``); a call that an architecture lacks is
None. The calls of the table are denied, or looked at one by one; all others are allowed, except for those newer than
the table, which "do not exist".
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

from agenttts_env.sandbox.launcher import libc

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
DENY = _ERRNO | errno.EPERM
MISSING = _ERRNO | errno.ENOSYS
PRETEND = _ERRNO  # returns 0 and does nothing

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEWEST = 462  # of the calls this table was written for

# name: (x86_64, aarch64)
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "prlimit64": (302, 261),
    "setpriority": (141, 140), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "ioprio_set": (251, 30),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # network
    "socket": (41, 198), "socketpair": (53, 199),
    # memory that outlives the program or escapes its limits
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # parts of the kernel that a program has no need of, and attackers like
    "perf_event_open": (298, 241), "bpf": (321, 280), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "personality": (135, 92), "syslog": (103, 116), "modify_ldt": (154, None),
    "fanotify_init": (300, 262), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # namespaces and mounts
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "clone": (56, 220), "clone3": (435, 435),
    # files
    "fcntl": (72, 25), "ioctl": (16, 29), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "truncate": (76, 45), "open": (2, None),
    "openat": (257, 56), "openat2": (437, 437),
}  # fmt: skip

_JUDGED = {
    "socketpair", "clone", "clone3", "prlimit64", "fcntl", "ioctl", "open", "openat", "openat2", "truncate",
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat",
    "chown", "fchown", "lchown", "fchownat",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
}  # fmt: skip
"""The calls of the table that are not simply denied."""

_NEW_NAMESPACE = 0x7E020000  # any CLONE_NEW… flag of clone(2)
_AF_UNIX = 1
# F_SETOWN, F_SETSIG, F_SETOWN_EX send signals to others; F_SETLEASE, F_NOTIFY hold up others' files.
_SIGNALLING_FCNTL = (8, 10, 15, 1024, 1026)
_ATTRIBUTE_IOCTL = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
_OPEN_READ_TRUNCATE = (os.O_TRUNC | os.O_ACCMODE, os.O_TRUNC | os.O_RDONLY)


class _Filter:
    """A BPF program in the making.

    Args:
        column: 0 on x86_64, 1 on aarch64.
        code: the instructions so far: operation, jump if true, jump if false, operand.
    """

    def __init__(self, column: int, code: list[tuple[int, int, int, int]]) -> None:
        self.column = column
        self.code = code

    def rule(self, name: str, *checks: tuple[int, int, int, int], action: int) -> None:
        """For this call: run the checks, which may return, and otherwise take the action."""
        number = _NUMBERS[name][self.column]
        if number is not None:
            self.code += [(_EQUAL, 0, len(checks) + 1, number), *checks, (_RETURN, 0, 0, action)]

    @staticmethod
    def load(argument: int) -> tuple[int, int, int, int]:
        """Load the low half of an argument: all that the kernel looks at in the calls above."""
        return _LOAD, 0, 0, 16 + 8 * argument


def _if(operation: int, operand: int, action: int) -> list[tuple[int, int, int, int]]:
    """If the loaded value stands so to the operand, return the action."""
    return [(operation, 0, 1, operand), (_RETURN, 0, 0, action)]


def _instructions(machine: str, own_files: bool, own_processes: bool) -> list[tuple[int, int, int, int]]:
    """The filter's instructions.

    Args:
        machine: ``x86_64`` or ``aarch64``.
        own_files: the program sees its own read-only file system only; otherwise changes to files that Landlock does
            not watch over are denied here, or answered with a stub where harmless programs make them.
        own_processes: the program sees its own processes only; otherwise it may send signals to itself only.
    """
    column = list(_ARCHITECTURES).index(machine)
    program = _Filter(column, [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL)])
    program.code.append((_LOAD, 0, 0, 0))
    # This also refuses x86_64's x32 calls, whose numbers are shifted.
    program.code += _if(_AT_LEAST, _NEWEST + 1, MISSING)
    for name in _NUMBERS:
        if name not in _JUDGED:
            program.rule(name, action=DENY)
    program.rule("socketpair", program.load(0), *_if(_EQUAL, _AF_UNIX, _ALLOW), action=DENY)
    program.rule("clone3", action=MISSING)  # its flags lie in memory, which a filter cannot read; libc then uses clone
    program.rule("clone", program.load(0), *_if(_ANY_BIT, _NEW_NAMESPACE, DENY), action=_ALLOW)
    program.rule("prlimit64", program.load(0), *_if(_EQUAL, 0, _ALLOW), action=DENY)
    signalling = [step for command in _SIGNALLING_FCNTL for step in _if(_EQUAL, command, DENY)]
    program.rule("fcntl", program.load(1), *signalling, action=_ALLOW)
    if not own_processes:
        itself = [*_if(_EQUAL, os.getpid(), _ALLOW), *_if(_EQUAL, 0, _ALLOW)]  # 0: its own group
        for name in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            program.rule(name, program.load(0), *itself, action=DENY)
    if not own_files:
        for name in ("chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat"):
            program.rule(name, action=PRETEND)  # shutil.copy makes these: it must go on
        for name in ("chown", "fchown", "lchown", "fchownat", "truncate"):
            program.rule(name, action=DENY)
        for name in ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"):
            program.rule(name, action=DENY)
        attributes = [step for request in _ATTRIBUTE_IOCTL for step in _if(_EQUAL, request, DENY)]
        program.rule("ioctl", program.load(1), *attributes, action=_ALLOW)
        program.rule("openat2", action=MISSING)
        mask, value = _OPEN_READ_TRUNCATE  # empties a file, unseen by Landlock before ABI 3
        for name, argument in (("open", 1), ("openat", 2)):
            truncating = [(_AND, 0, 0, mask), *_if(_EQUAL, value, DENY)]
            program.rule(name, program.load(argument), *truncating, action=_ALLOW)
    program.code.append((_RETURN, 0, 0, _ALLOW))
    return program.code


class _Code(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(*, own_files: bool, own_processes: bool) -> None:
    """Filter this process and all that it starts, for good.

    Args:
        own_files: a mount namespace hides the host's files.
        own_processes: a pid namespace hides the host's processes.

    Raises:
        OSError: the kernel refuses, or this architecture has no table.
    """
    machine = os.uname().machine
    if machine not in _ARCHITECTURES or sys.maxsize < 2**32 or sys.byteorder != "little":
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    code = b"".join(
        operation.to_bytes(2, "little") + bytes((if_true, if_false)) + operand.to_bytes(4, "little")
        for operation, if_true, if_false, operand in _instructions(machine, own_files, own_processes)
    )
    libc.prctl(libc.PR_SET_SECCOMP, 2, _Code(len(code) // 8, code))
