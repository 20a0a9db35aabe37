"""Requirements about lists."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.inputs import NAMES, integers, words
from agenttts_env.tasks.requirements.template import requirement


@requirement(
    "Read one line of integers. Print three lines: min and the smallest, max and the largest, and range and the "
    "difference of the two; with a colon and a space between word and number, as in min: 3.",
    integers(-50, 50),
)
def extremes(text: str) -> str:
    numbers = [int(word) for word in text.split()]
    return f"min: {min(numbers)}\nmax: {max(numbers)}\nrange: {max(numbers) - min(numbers)}"


@requirement(
    "Read one line of integers and print their median with exactly one decimal. The median of an even number of "
    "integers is the mean of the two in the middle.",
    integers(0, 40, least=1),
)
def median(text: str) -> str:
    numbers = sorted(map(int, text.split()))
    middle = len(numbers) // 2
    return f"{(numbers[middle] + numbers[-1 - middle]) / 2:.1f}"


@requirement(
    "Read one line of words. Print each different word once, in the order in which they first occur, on one line.",
    lambda draw: " ".join(draw.many(("red", "blue", "green", "pink", "grey"), 3, 9)) + "\n",
)
def without_repeats(text: str) -> str:
    return " ".join(dict.fromkeys(text.split()))


@requirement(
    "Read one line of words. Move the first {count} words to the end of the line, in the order they are in, and print "
    "the line. A line of fewer words goes round: moving one word more than it has is the same as moving one.",
    words(2, 8),
    count=(2, 3, 4),
)
def rotated(text: str, count: int) -> str:
    items = text.split()
    count %= len(items)
    return " ".join(items[count:] + items[:count])


@requirement(
    "Read one line of integers. Print how many pairs of them, taken at two different places, add up to {target}.",
    integers(0, 12, least=4),
    target=(10, 12, 15),
)
def pairs(text: str, target: int) -> str:
    numbers = [int(word) for word in text.split()]
    return str(sum(a + b == target for place, a in enumerate(numbers) for b in numbers[place + 1 :]))


def _two_sorted(draw: Draw) -> str:
    rows = [sorted(draw.integer(0, 40) for _ in range(draw.integer(1, 6))) for _ in range(2)]
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


@requirement(
    "Read two lines, each of integers in ascending order. Print all of them in ascending order on one line, repeated "
    "ones as often as they occur.",
    _two_sorted,
)
def merged(text: str) -> str:
    return " ".join(map(str, sorted(map(int, text.split()))))


def _matrix(draw: Draw) -> str:
    width = draw.integer(1, 4)
    rows = [[draw.integer(0, 20) for _ in range(width)] for _ in range(draw.integer(1, 4))]
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


@requirement(
    "Read a table of integers: lines with the same number of integers each, until the input ends. Print it with rows "
    "and columns exchanged: the first column becomes the first line, and so on.",
    _matrix,
)
def transposed(text: str) -> str:
    rows = [line.split() for line in text.splitlines()]
    return "\n".join(" ".join(column) for column in zip(*rows, strict=True))


@requirement(
    "Read one line of integers and print the second largest of the different values, or none if all are equal.",
    lambda draw: integers(1, draw.pick((1, 3, 30)), least=2, most=6)(draw),
)
def second_largest(text: str) -> str:
    numbers = sorted(set(map(int, text.split())))
    return str(numbers[-2]) if len(numbers) > 1 else "none"


@requirement(
    "Read one line of integers. Print on one line, for every integer, the sum of it and all integers before it.",
    integers(-9, 20),
)
def running_totals(text: str) -> str:
    totals: list[int] = []
    for word in text.split():
        totals.append(int(word) + (totals[-1] if totals else 0))
    return " ".join(map(str, totals))


@requirement(
    "Read one line of integers from 0 to 12. For each print a line: the integer, a space, and a bar of so many "
    "characters {mark}. For 0 print the integer alone.",
    integers(0, 12),
    mark=("#", "*", "="),
)
def bars(text: str, mark: str) -> str:
    return "\n".join(f"{number} {mark * int(number)}".strip() for number in text.split())


@requirement(
    "Read two lines of integers. Print the integers that are on both lines, each once, in ascending order on one line, "
    "or none if there are none.",
    lambda draw: integers(1, 15)(draw) + integers(1, 15, least=1, most=5)(draw),
)
def shared(text: str) -> str:
    first, second = (set(map(int, line.split())) for line in text.splitlines())
    return " ".join(map(str, sorted(first & second))) or "none"


@requirement(
    "Read one line of integers. Print the length of the longest stretch of neighbours in which every integer is "
    "greater than the one before it.",
    integers(0, 30, least=1, most=12),
)
def longest_rise(text: str) -> str:
    from itertools import pairwise

    longest = length = 1
    for before, after in pairwise(map(int, text.split())):
        length = length + 1 if after > before else 1
        longest = max(longest, length)
    return str(longest)


def _scores(draw: Draw) -> str:
    return "".join(f"{name} {draw.integer(1, 6) * 10}\n" for name in draw.some(NAMES, draw.integer(2, 7)))


@requirement(
    "Read lines of a name, a space and a number of points, until the input ends. Print the names of the best {count} "
    "players, one on a line: most points first, and players with equal points in alphabetical order. If there are "
    "fewer players, print them all.",
    _scores,
    count=(2, 3, 4),
)
def best_players(text: str, count: int) -> str:
    players = [line.split() for line in text.splitlines()]
    players.sort(key=lambda player: (-int(player[1]), player[0]))
    return "\n".join(name for name, _ in players[:count])


LISTS = (
    extremes,
    median,
    without_repeats,
    rotated,
    pairs,
    merged,
    transposed,
    second_largest,
    running_totals,
    bars,
    shared,
    longest_rise,
    best_players,
)
