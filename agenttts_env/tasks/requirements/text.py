"""Requirements about text."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.inputs import WORDS, lines, sentence, words
from agenttts_env.tasks.requirements.template import requirement


@requirement(
    "Read one line of words. Print how many of the words have more than {length} letters.",
    words(4, 10),
    length=(3, 4, 5),
)
def long_words(text: str, length: int) -> str:
    return str(sum(len(word) > length for word in text.split()))


@requirement(
    "Read one line of text and print it as a secret message: every letter moves {shift} places on in the alphabet, "
    "beginning again with a after z. Capital letters stay capital letters, and everything else stays as it is.",
    sentence(2, 6),
    shift=(3, 5, 7, 11),
)
def caesar(text: str, shift: int) -> str:
    coded = ""
    for letter in text.strip():
        if "a" <= letter <= "z":
            letter = chr((ord(letter) - ord("a") + shift) % 26 + ord("a"))
        elif "A" <= letter <= "Z":
            letter = chr((ord(letter) - ord("A") + shift) % 26 + ord("A"))
        coded += letter
    return coded


@requirement(
    "Read one line of text. For each of the vowels a, e, i, o and u, in this order, print a line with the vowel, a "
    "colon, a space and how often the text has it, as a small or as a capital letter.",
    sentence(2, 7),
)
def vowels(text: str) -> str:
    return "\n".join(f"{vowel}: {text.lower().count(vowel)}" for vowel in "aeiou")


@requirement(
    "Read one line of words. Spell every word backwards, and print the words in their old order on one line.",
    words(2, 6),
)
def backwards(text: str) -> str:
    return " ".join(word[::-1] for word in text.split())


def _palindromes(draw: Draw) -> str:
    known = ("Level", "Never odd or even", "noon", "Was it a cat I saw?", "Kayak", "A Toyota")
    return "".join(f"{line}\n" for line in draw.many((*known, *draw.some(WORDS, 6)), 2, 5))


@requirement(
    "Read lines of text until the input ends. Print the lines that read the same backwards, each as it was written, if "
    "only letters count and capitals make no difference. If there is no such line, print: none",
    _palindromes,
)
def palindromes(text: str) -> str:
    found = []
    for line in text.splitlines():
        letters = [letter for letter in line.lower() if letter.isalpha()]
        if letters == letters[::-1]:
            found.append(line)
    return "\n".join(found) or "none"


def _title(draw: Draw) -> str:
    return " ".join(draw.many((*WORDS[:20], "of", "the", "and", "of", "the", "and", "OF"), 4, 8)) + "\n"


@requirement(
    "Read one line, the title of a book, and print it with every word beginning with a capital letter and going on in "
    "small letters. The words of, the and and are written in small letters only, unless they begin the title.",
    _title,
)
def book_title(text: str) -> str:
    words = [word.lower() for word in text.split()]
    small = {"of", "the", "and"}
    return " ".join(
        word if word in small and position > 0 else word.capitalize() for position, word in enumerate(words)
    )


@requirement(
    "Read one line of words. Print the longest word, a space, and the number of its letters. Of several longest words, "
    "take the first.",
    words(3, 9),
)
def longest_word(text: str) -> str:
    longest = max(text.split(), key=len)
    return f"{longest} {len(longest)}"


def _runs(draw: Draw) -> str:
    return "".join(letter * draw.integer(1, 5) for letter in draw.many("abcxyz", 2, 6)) + "\n"


@requirement(
    "Read one line of small letters and shorten it: every run of equal letters becomes the letter, followed by the "
    "length of the run. So aaab becomes a3b1. Print the result.",
    _runs,
)
def run_lengths(text: str) -> str:
    shortened, run = "", ""
    for letter in text.strip() + " ":
        if run and letter != run[0]:
            shortened += f"{run[0]}{len(run)}"
            run = ""
        run += letter
    return shortened


@requirement(
    "Read one line that consists of letters, each followed by a number of one or two digits, such as a3b12. Print "
    "every letter as often as its number says, all on one line.",
    lambda draw: "".join(f"{letter}{draw.integer(1, 12)}" for letter in draw.many("abcxyz", 2, 5)) + "\n",
)
def spread_out(text: str) -> str:
    import re

    return "".join(letter * int(count) for letter, count in re.findall(r"([a-z])(\d+)", text))


def _anagrams(draw: Draw) -> str:
    pool = ("arc", "car", "tea", "eat", "ate", "stop", "pots", "lamp", "palm", "dog", "tree", "salt", "slat")
    return " ".join(draw.some(pool, draw.integer(3, 8))) + "\n"


@requirement(
    "Read one line of different words. Print the groups of words that have the same letters, such as tea and eat: one "
    "line for every group of at least two, its words in alphabetical order with a space between, and the lines in "
    "alphabetical order too. If there is no group, print: none",
    _anagrams,
)
def anagrams(text: str) -> str:
    groups: dict[str, list[str]] = {}
    for word in text.split():
        groups.setdefault("".join(sorted(word)), []).append(word)
    return "\n".join(sorted(" ".join(sorted(group)) for group in groups.values() if len(group) > 1)) or "none"


@requirement(
    "Read one line of words and print them on lines of at most {width} characters, spaces between words included. "
    "Every line takes as many words as fit, and no word is cut.",
    words(5, 12),
    width=(16, 20, 25),
)
def wrapped(text: str, width: int) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


@requirement(
    "Read lines of words until the input ends. For every line, print the first letters of its words as capital "
    "letters, without anything between them.",
    lines(words(2, 5), 1, 4),
)
def acronyms(text: str) -> str:
    return "\n".join("".join(word[0].upper() for word in line.split()) for line in text.splitlines())


@requirement(
    "Read one line of words. Print the {count} words that occur most often, one on a line, each followed by a space "
    "and how often it occurs; the most frequent first, and words that occur equally often in alphabetical order. If "
    "there are fewer different words, print them all.",
    lambda draw: " ".join(draw.many(draw.some(WORDS, 5), 6, 14)) + "\n",
    count=(2, 3),
)
def frequent_words(text: str, count: int) -> str:
    words = text.split()
    ranked = sorted(set(words), key=lambda word: (-words.count(word), word))
    return "\n".join(f"{word} {words.count(word)}" for word in ranked[:count])


def _hidden(draw: Draw) -> str:
    chosen = draw.some(WORDS, 6)
    return f"{' '.join(chosen[:2])}\n{' '.join(draw.many(chosen, 4, 9))}\n"


@requirement(
    "The first line of the input lists words that are secret. Print the second line with every letter of every secret "
    "word replaced by the character {mark}, and all other words as they are.",
    _hidden,
    mark=("*", "#", "x"),
)
def censored(text: str, mark: str) -> str:
    secret, message = (line.split() for line in text.splitlines())
    return " ".join(mark * len(word) if word in secret else word for word in message)


TEXT = (
    long_words,
    caesar,
    vowels,
    backwards,
    palindromes,
    book_title,
    longest_word,
    run_lengths,
    spread_out,
    anagrams,
    wrapped,
    acronyms,
    frequent_words,
    censored,
)
