"""The precision of a model's weights, by name."""

from __future__ import annotations

from typing import Literal, get_args

from agenttts_env.errors import InvalidInputError

DType = Literal["auto", "bfloat16", "float16", "float32"]


def resolve_dtype(dtype: DType) -> str:
    """The precision meant: ``auto`` is bfloat16 everywhere, so that an engine's identity is known before it loads.

    Raises:
        InvalidInputError: there is no such precision.
    """
    if dtype not in get_args(DType):
        raise InvalidInputError(f"`dtype` must be auto, bfloat16, float16 or float32, but is {dtype!r}")
    return "bfloat16" if dtype == "auto" else dtype
