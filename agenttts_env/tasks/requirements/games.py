"""Requirements about small games, whose moves come from the input."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.inputs import WORDS, lines
from agenttts_env.tasks.requirements.template import requirement

_HANDS = ("rock", "paper", "scissors")


@requirement(
    "Two people play rock, paper, scissors: rock beats scissors, scissors beats paper, paper beats rock. Read rounds "
    "until the input ends, one on a line: the choice of the first player, a space, the choice of the second. Print the "
    "rounds that each has won, with a hyphen between, as in 2-1.",
    lines(lambda draw: f"{draw.pick(_HANDS)} {draw.pick(_HANDS)}\n", 2, 8),
)
def rock_paper_scissors(text: str) -> str:
    beaten = {"rock": "scissors", "scissors": "paper", "paper": "rock"}
    rounds = [line.split() for line in text.splitlines()]
    return f"{sum(beaten[a] == b for a, b in rounds)}-{sum(beaten[b] == a for a, b in rounds)}"


def _guesses(draw: Draw) -> str:
    secret = draw.integer(1, 30)
    guesses = [*draw.many(range(1, 31), 1, 5), *draw.pick(((secret,), ()))]
    return "".join(f"{number}\n" for number in (secret, *guesses))


@requirement(
    "The first line of the input is a secret number, and every further line is a guess. For every guess print higher "
    "if the secret is higher, lower if it is lower, and when the guess is right print found and stop. If no guess is "
    "right, print lost at the end.",
    _guesses,
)
def guess_the_number(text: str) -> str:
    secret, *guesses = map(int, text.split())
    answers: list[str] = []
    for guess in guesses:
        if guess == secret:
            return "\n".join([*answers, "found"])
        answers.append("higher" if secret > guess else "lower")
    return "\n".join([*answers, "lost"])


@requirement(
    "The first line of the input is a secret word, the second a line of different letters that a player guesses, "
    "without anything between them. Print the word with every letter that was not guessed replaced by _ and, on a "
    "second line, how many of the guessed letters the word does not have.",
    lambda draw: f"{draw.pick(WORDS)}\n{''.join(draw.some('aeiourstlnm', draw.integer(2, 8)))}\n",
)
def hidden_word(text: str) -> str:
    word, letters = text.split()
    return f"{''.join(c if c in letters else '_' for c in word)}\n{sum(c not in word for c in letters)}"


@requirement(
    "Two players play noughts and crosses on a board with fields 1 2 3 in the first row, 4 5 6 in the second and 7 8 "
    "9 in the third. X begins, and they take turns. Read one line with the fields they choose. Print X or O if that "
    "player has three fields in a row, column or diagonal. If nobody has, print draw if the board is full, and else "
    "open.",
    lambda draw: " ".join(map(str, draw.some(range(1, 10), draw.pick((5, 6, 7, 9))))) + "\n",
)
def noughts_and_crosses(text: str) -> str:
    fields = [int(field) for field in text.split()]
    rows = ((1, 2, 3), (4, 5, 6), (7, 8, 9), (1, 4, 7), (2, 5, 8), (3, 6, 9), (1, 5, 9), (3, 5, 7))
    for count in range(5, len(fields) + 1):
        mine = set(fields[:count][(count - 1) % 2 :: 2])
        if any(mine.issuperset(row) for row in rows):
            return "X" if count % 2 else "O"
    return "draw" if len(fields) == 9 else "open"


@requirement(
    "Read lines of five dice until the input ends, the numbers with spaces between. For every line print: poker if "
    "all five are equal, four if four are, full house if three are equal and the other two are equal too, three if "
    "just three are equal, pair if the most that are equal are two, and nothing special if all are different.",
    lines(lambda draw: " ".join(str(draw.integer(1, draw.pick((2, 4, 6)))) for _ in range(5)) + "\n", 2, 5),
)
def dice(text: str) -> str:
    names = []
    for line in text.splitlines():
        throw = line.split()
        counts = sorted((throw.count(number) for number in set(throw)), reverse=True)
        if counts[:2] == [3, 2]:
            names.append("full house")
        else:
            names.append({5: "poker", 4: "four", 3: "three", 2: "pair", 1: "nothing special"}[counts[0]])
    return "\n".join(names)


def _codes(draw: Draw) -> str:
    codes = ["".join(map(str, draw.some(range(1, 7), 4))) for _ in range(draw.integer(2, 5))]
    return "".join(f"{code}\n" for code in codes)


@requirement(
    "The first line of the input is a secret code of four different digits, and every further line is a guess of four "
    "different digits. For every guess print how many digits are right and in the right place, a space, and how many "
    "are in the code, but in another place.",
    _codes,
)
def secret_code(text: str) -> str:
    secret, *guesses = text.split()
    lines = []
    for guess in guesses:
        placed = sum(a == b for a, b in zip(secret, guess, strict=True))
        lines.append(f"{placed} {len(set(secret) & set(guess)) - placed}")
    return "\n".join(lines)


@requirement(
    "A counter starts at field 0 and moves forward by what a die shows. On field {foot} stands a ladder that leads "
    "straight up to field {top}, on field 17 sits a snake that takes the counter back to field 4; both act on a "
    "counter whose move ends there. Read one line of throws and print the field after every throw, on one line.",
    lambda draw: " ".join(map(str, draw.many((1, 2, 3, 4, 5, 6), 3, 8))) + "\n",
    foot=(5, 6),
    top=(11, 13),
)
def snakes_and_ladders(text: str, foot: int, top: int) -> str:
    field, fields = 0, []
    for throw in map(int, text.split()):
        field += throw
        field = {foot: top, 17: 4}.get(field, field)
        fields.append(str(field))
    return " ".join(fields)


def _chain(draw: Draw) -> str:
    words = [draw.pick(WORDS)]
    for _ in range(draw.integer(1, 6)):
        fitting = [word for word in WORDS if word[0] == words[-1][-1] and word not in words]
        words.append(draw.pick(fitting if fitting and draw.integer(0, 5) else WORDS))
    return "\n".join(words) + "\n"


@requirement(
    "In the game of word chains every word begins with the last letter of the word before it, and no word comes twice. "
    "Read words, one on a line, until the input ends. Print the first word that breaks a rule, or well played if none "
    "does.",
    _chain,
)
def word_chain(text: str) -> str:
    words = text.split()
    for place in range(1, len(words)):
        if words[place][0] != words[place - 1][-1] or words[place] in words[:place]:
            return words[place]
    return "well played"


@requirement(
    "Two players, Ann and Bob, take turns at removing 1, 2 or 3 matches from a heap; Ann begins, and whoever takes the "
    "last match wins. The first line of the input is the size of the heap, the second the numbers taken in turn, until "
    "the heap is empty or the players stop; who would take more than are left takes what is left. Print Ann or Bob, "
    "whoever has won, or, if matches are left, their number.",
    lambda draw: f"{draw.integer(6, 12)}\n{' '.join(map(str, draw.many((1, 2, 3), 3, 6)))}\n",
)
def matches(text: str) -> str:
    heap, taken = text.splitlines()
    left = int(heap)
    for turn, number in enumerate(map(int, taken.split())):
        left -= number
        if left <= 0:
            return "Ann" if turn % 2 == 0 else "Bob"
    return str(left)


GAMES = (
    rock_paper_scissors,
    guess_the_number,
    hidden_word,
    noughts_and_crosses,
    dice,
    secret_code,
    snakes_and_ladders,
    word_chain,
    matches,
)
