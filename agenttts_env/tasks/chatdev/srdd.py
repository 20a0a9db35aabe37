"""SRDD: short descriptions of software that people might want, without checks."""

from __future__ import annotations

import json
import os
from pathlib import Path

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.records import DATA_VARIABLE
from agenttts_env.tasks.requirements.requirement import Requirement

NAME = "srdd"
LICENCE = "CC BY-NC 4.0"
FILES = ("sample.json", "tasks.json")


def load_srdd(
    data: str | Path | None = None, *, size: int = 0, seed: int = 0, accept_licence: bool = False
) -> tuple[Requirement, ...]:
    """All requirements of SRDD, in the order of the file.

    Args:
        data: the publishers' file, an object with the lists ``names`` and ``tasks``; or a folder that holds it as
            ``sample.json`` or ``tasks.json``; by default the folder ``srdd`` in ``$AGENTTTS_DATA``.
        size: without effect, as the data set has a fixed size.
        seed: without effect.
        accept_licence: must be true: SRDD is licensed CC BY-NC 4.0, which excludes commercial use.

    Raises:
        InvalidInputError: the licence is not accepted, there is no data, or a record breaks a rule.
    """
    if not accept_licence:
        raise InvalidInputError(
            f"SRDD is licensed {LICENCE}: not for commercial use. If that suits your use, say so with the data option "
            f"accept_licence=true (it is {json.dumps(accept_licence)})"
        )
    file = _find_file(data)
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{file} must be a UTF-8 file of JSON, but: {error}") from error
    names, tasks = (fields.get(field) if isinstance(fields, dict) else None for field in ("names", "tasks"))
    if not isinstance(names, list) or not isinstance(tasks, list) or len(names) != len(tasks) or not tasks:
        raise InvalidInputError(
            f"{file} must hold an object with the lists `names` and `tasks`, equally long and not empty, "
            f"but holds {fields!r:.80}"
        )
    for number, text in enumerate(tasks, 1):
        if not isinstance(text, str):
            raise InvalidInputError(f"{file}, record {number}: the task must be text, but is {text!r:.80}")
    return tuple(Requirement(f"{NAME}-{number}", text) for number, text in enumerate(tasks, 1))


def _find_file(data: str | Path | None) -> Path:
    if data is None:
        if not os.environ.get(DATA_VARIABLE):
            raise InvalidInputError(
                f"data set {NAME!r} must come from somewhere: name a folder or file, or set ${DATA_VARIABLE} to a "
                f"folder that holds {NAME!r}"
            )
        data = Path(os.environ[DATA_VARIABLE]) / NAME
    path = Path(data)
    if not path.is_dir():
        return path
    for name in FILES:
        if (path / name).is_file():
            return path / name
    raise InvalidInputError(f"{path} must hold one of {', '.join(FILES)}, but holds none")
