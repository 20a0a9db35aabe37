"""Random values that follow a JSON schema: what the scripted engine writes under constrained decoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agenttts_env.errors import InvalidInputError


def random_json(schema: Mapping[str, Any], words: Sequence[str], rng: np.random.Generator) -> Any:
    """A random value that follows the schema.

    Args:
        schema: a JSON schema made of ``enum``, ``const``, ``anyOf`` and of ``type`` object, array, string, integer,
            number, boolean and null, with ``properties``, ``required``, ``items``, ``minItems``, ``maxItems``,
            ``minimum`` and ``maximum``.
        words: strings are made of one of these.
        rng: where the choices come from.

    Raises:
        InvalidInputError: the schema asks for anything else.
    """
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][rng.integers(len(schema["enum"]))]
    if "anyOf" in schema:
        return random_json(schema["anyOf"][rng.integers(len(schema["anyOf"]))], words, rng)
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                name: random_json(inner, words, rng)
                for name, inner in schema.get("properties", {}).items()
                if name in required or rng.random() < 0.5
            }
        case "array":
            least = schema.get("minItems", 0)
            size = rng.integers(least, schema.get("maxItems", least + 3), endpoint=True)
            return [random_json(schema["items"], words, rng) for _ in range(size)]
        case "string":
            return words[int(rng.integers(len(words)))]
        case "integer":
            least = schema.get("minimum", 0)
            return int(rng.integers(least, schema.get("maximum", least + 9), endpoint=True))
        case "number":
            least = schema.get("minimum", 0)
            return round(float(rng.uniform(least, schema.get("maximum", least + 9))), 3)
        case "boolean":
            return bool(rng.integers(2))
        case "null":
            return None
    raise InvalidInputError(f"the scripted engine cannot follow the JSON schema {dict(schema)}")
