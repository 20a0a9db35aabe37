"""What a generated program may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from agenttts_env.errors import InvalidInputError

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits of one run; every one of them is enforced.

    Attributes:
        wall_seconds: from the program's start; then everything is killed. The default is the paper's for ChatDev.
        cpu_seconds: CPU time of each process, in whole seconds.
        memory_bytes: address space of each process, and resident memory of all together.
        processes: processes and threads at a time, the program itself included.
        file_bytes: size of any one file.
        folder_bytes: size of the private folder, in blocks of 4 KiB.
        files: files and folders in the private folder, the program's own included.
        open_files: open files of each process.
        output_bytes: standard output, and the same again of standard error; whoever writes more is killed.
    """

    wall_seconds: float = 3.0
    cpu_seconds: int = 3
    memory_bytes: int = 512 * _MIB
    processes: int = 16
    file_bytes: int = 16 * _MIB
    folder_bytes: int = 64 * _MIB
    files: int = 1000
    open_files: int = 64
    output_bytes: int = _MIB

    def __post_init__(self) -> None:
        least = {"memory_bytes": 32 * _MIB, "folder_bytes": 4096, "open_files": 16}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "wall_seconds":
                if not 0 < value < float("inf"):
                    raise InvalidInputError(f"`wall_seconds` must be positive and finite, but is {value}")
            elif isinstance(value, bool) or not isinstance(value, int):
                raise InvalidInputError(f"`{field.name}` must be a whole number, but is {value!r}")
            elif not least.get(field.name, 1) <= value < 2**62:
                rule = f"at least {least.get(field.name, 1)} and below 2**62"
                raise InvalidInputError(f"`{field.name}` must be {rule}, but is {value}")
