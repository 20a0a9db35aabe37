"""Kinds of inputs that many requirements share. Every function returns one that draws an input."""

from __future__ import annotations

from collections.abc import Callable

from agenttts_env.tasks.requirements.draw import Draw

Stdin = Callable[[Draw], str]

# fmt: off
WORDS = (
    "amber", "apple", "arrow", "bake", "basket", "bell", "bread", "bridge", "candle", "carpet", "cat", "circle",
    "cloud", "copper", "corn", "dance", "desk", "dog", "drum", "eagle", "elm", "engine", "fern", "field", "flute",
    "fog", "garden", "glass", "goat", "harbour", "hat", "honey", "ink", "island", "jar", "kettle", "kite", "ladder",
    "lamp", "lemon", "map", "meadow", "moss", "needle", "noon", "oak", "ocean", "olive", "paper", "pear", "pebble",
    "quilt", "rain", "river", "rope", "salt", "seed", "silver", "tea", "thunder", "tree", "tulip", "umbrella",
    "velvet", "wagon", "water", "wheel", "willow", "window", "yarn", "zebra",
)
# fmt: on

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jon")


def words(low: int, high: int) -> Stdin:
    """A line of so many words."""
    return lambda draw: " ".join(draw.many(WORDS, low, high)) + "\n"


def sentence(low: int, high: int) -> Stdin:
    """A line of so many words, with capitals, commas and a full stop."""

    def draw_sentence(draw: Draw) -> str:
        parts = [word.capitalize() if draw.integer(0, 2) == 0 else word for word in draw.many(WORDS, low, high)]
        return " ".join(part + draw.pick(("", "", ",")) for part in parts[:-1]) + f" {parts[-1]}.\n"

    return draw_sentence


def integers(low: int, high: int, *, least: int = 3, most: int = 9) -> Stdin:
    """A line of ``least`` to ``most`` integers from ``low`` to ``high``."""
    return lambda draw: " ".join(str(draw.integer(low, high)) for _ in range(draw.integer(least, most))) + "\n"


def lines(line: Stdin, low: int, high: int) -> Stdin:
    """So many lines of a kind."""
    return lambda draw: "".join(line(draw) for _ in range(draw.integer(low, high)))


def of(form: str, **ranges: tuple[int, int]) -> Stdin:
    """A line of a form such as ``{hour:02}:{minute:02}``, with an integer of its range for every name."""

    def draw_line(draw: Draw) -> str:
        return form.format(**{name: draw.integer(low, high) for name, (low, high) in ranges.items()}) + "\n"

    return draw_line
