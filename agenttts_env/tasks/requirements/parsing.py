"""Requirements about reading structured text."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.inputs import WORDS, of
from agenttts_env.tasks.requirements.template import requirement


def _bill(draw: Draw) -> str:
    items = draw.some(WORDS, draw.integer(1, 4))
    return "".join(f"{item},{draw.integer(1, 9)},{draw.integer(5, 250)}\n" for item in items)


@requirement(
    "Read the lines of a bill until the input ends. A line has the form item,quantity,price, where quantity is an "
    "integer and price is the price of one item in cents. Print the total of the bill in cents.",
    _bill,
)
def bill_total(text: str) -> str:
    total = 0
    for line in text.splitlines():
        _, quantity, price = line.split(",")
        total += int(quantity) * int(price)
    return str(total)


def _settings(draw: Draw) -> str:
    names = ("colour", "size", "speed", "mode", "name")
    return "".join(f"{draw.pick(names)}={draw.pick(WORDS)}\n" for _ in range(draw.integer(2, 6)))


@requirement(
    "Read lines of the form name=value until the input ends; where a name comes again, the last value counts. Print "
    "the names in alphabetical order, one on a line, each followed by a colon, a space and its value.",
    _settings,
)
def last_settings(text: str) -> str:
    settings = dict(line.split("=") for line in text.splitlines())
    return "\n".join(f"{name}: {settings[name]}" for name in sorted(settings))


def _brackets(draw: Draw) -> str:
    text = ""
    for _ in range(draw.integer(1, 4)):
        pair = draw.pick(("()", "[]", "{}"))
        text = draw.pick((f"{pair[0]}{text}{pair[1]}", f"{text}{pair}"))
    spoiled = text.replace(draw.pick(")]}"), draw.pick("([)"), 1)
    return draw.pick((text, spoiled)) + "\n"


@requirement(
    "Read one line that consists of the brackets ( ) [ ] {{ and }}. Print balanced if every bracket is closed by one "
    "of its own kind in the right order, and else print unbalanced.",
    _brackets,
)
def brackets(text: str) -> str:
    open_brackets: list[str] = []
    closing = {"(": ")", "[": "]", "{": "}"}
    for bracket in text.strip():
        if bracket in closing:
            open_brackets.append(closing[bracket])
        elif not open_brackets or open_brackets.pop() != bracket:
            return "unbalanced"
    return "unbalanced" if open_brackets else "balanced"


def _postfix(draw: Draw) -> str:
    parts, height = [str(draw.integer(1, 9))], 1
    for _ in range(draw.integer(1, 4)):
        parts.append(str(draw.integer(1, 9)))
        height += 1
        while height > 1 and draw.integer(0, 2):
            parts.append(draw.pick("+-*"))
            height -= 1
    return " ".join(parts + ["+"] * (height - 1)) + "\n"


@requirement(
    "Read one line with a calculation in postfix notation: integers and the operators + - and *, with spaces between, "
    "where an operator follows its two operands, as in 2 3 + 4 *. Print the result.",
    _postfix,
)
def postfix(text: str) -> str:
    stack: list[int] = []
    for part in text.split():
        if part in {"+", "-", "*"}:
            right, left = stack.pop(), stack.pop()
            stack.append(left + right if part == "+" else left - right if part == "-" else left * right)
        else:
            stack.append(int(part))
    return str(stack[0])


def _calculation(draw: Draw) -> str:
    text = str(draw.integer(1, 9))
    for _ in range(draw.integer(1, 4)):
        text += f" {draw.pick('+-*')} {draw.integer(1, 9)}"
    return text + "\n"


@requirement(
    "Read one line with a calculation of positive integers and the operators + - and *, with spaces between, such as "
    "2 + 3 * 4. Print its result; * comes before + and -.",
    _calculation,
)
def calculation(text: str) -> str:
    parts = text.split()
    total, sign, product = 0, 1, int(parts[0])
    for operator, number in zip(parts[1::2], parts[2::2], strict=True):
        if operator == "*":
            product *= int(number)
        else:
            total += sign * product
            sign, product = 1 if operator == "+" else -1, int(number)
    return str(total + sign * product)


@requirement(
    "Read one line with the parameters of a web address, such as page=2&sort=name. Print every parameter in its order "
    "on a line of its own: name, space, equals sign, space, value. A plus sign within a value stands for a space.",
    lambda draw: "&".join(f"{name}={'+'.join(draw.many(WORDS, 1, 2))}" for name in draw.many(WORDS, 1, 4)) + "\n",
)
def web_parameters(text: str) -> str:
    pairs = [pair.split("=") for pair in text.strip().split("&")]
    return "\n".join(f"{name} = {value.replace('+', ' ')}" for name, value in pairs)


def _log(draw: Draw) -> str:
    levels = draw.many(("ERROR", "WARNING", "INFO"), 1, 8)
    return "".join(f"{level} {' '.join(draw.many(WORDS, 1, 3))}\n" for level in levels)


@requirement(
    "Read the lines of a log file until the input ends. Every line begins with one of the words ERROR, WARNING and "
    "INFO. Print three lines, for ERROR, WARNING and INFO in this order: the word, a space, and how many lines begin "
    "with it.",
    _log,
)
def log_levels(text: str) -> str:
    first_words = [line.split()[0] for line in text.splitlines()]
    return "\n".join(f"{level} {first_words.count(level)}" for level in ("ERROR", "WARNING", "INFO"))


def _addresses(draw: Draw) -> str:
    def address() -> str:
        numbers = [str(draw.integer(0, 255)) for _ in range(4)]
        spoiled = draw.pick(([*numbers, "1"], numbers[:3], [*numbers[:3], "256"], ["x", *numbers[1:]]))
        return ".".join(draw.pick((numbers, spoiled)))

    return "".join(f"{address()}\n" for _ in range(draw.integer(1, 5)))


@requirement(
    "Read lines until the input ends. For every line print valid if it is an IPv4 address, which is four numbers from "
    "0 to 255, written with digits only, with a dot between each two, and else print invalid.",
    _addresses,
)
def addresses(text: str) -> str:
    verdicts = []
    for line in text.splitlines():
        parts = line.split(".")
        good = len(parts) == 4 and all(part.isdigit() and int(part) <= 255 for part in parts)
        verdicts.append("valid" if good else "invalid")
    return "\n".join(verdicts)


def _mail(draw: Draw) -> str:
    domains = [f"{word}.{draw.pick(('org', 'com', 'net'))}" for word in draw.some(WORDS, 3)]
    return "".join(f"{draw.pick(WORDS)}@{draw.pick(domains)}\n" for _ in range(draw.integer(2, 6)))


@requirement(
    "Read e-mail addresses, one on a line, until the input ends. Print the different domains, which is what follows "
    "the at sign, in alphabetical order, one on a line, each followed by a space and the number of its addresses.",
    _mail,
)
def mail_domains(text: str) -> str:
    domains = [line.split("@")[1] for line in text.splitlines()]
    return "\n".join(f"{domain} {domains.count(domain)}" for domain in sorted(set(domains)))


@requirement(
    "Read durations, one on a line, until the input ends, each of the form 1h 20m. Print their sum in the same form, "
    "where the minutes are less than 60; it may have more than 24 hours.",
    lambda draw: "".join(of("{h}h {m}m", h=(0, 9), m=(0, 59))(draw) for _ in range(draw.integer(1, 5))),
)
def total_duration(text: str) -> str:
    minutes = 0
    for line in text.splitlines():
        hours, rest = line.split()
        minutes += 60 * int(hours.rstrip("h")) + int(rest.rstrip("m"))
    return f"{minutes // 60}h {minutes % 60}m"


def _pages(draw: Draw) -> str:
    parts, page = [], 0
    for _ in range(draw.integer(1, 4)):
        page += draw.integer(1, 4)
        last = page + draw.integer(1, 4)
        parts.append(draw.pick((str(page), f"{page}-{last}")))
        page = last + 1
    return ",".join(parts) + "\n"


@requirement(
    "Read one line with page numbers and ranges of pages, separated by commas, such as 1-3,7. Print all the pages on "
    "one line with spaces between, as in 1 2 3 7.",
    _pages,
)
def page_numbers(text: str) -> str:
    pages: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        pages += range(int(first), int(last or first) + 1)
    return " ".join(map(str, pages))


@requirement(
    "Read one line of different integers in ascending order. Print them with a comma between, but write a stretch of "
    "three or more that follow one another as its first and last integer with a hyphen between: 1 2 3 7 8 becomes "
    "1-3,7,8.",
    lambda draw: " ".join(map(str, sorted(draw.some(range(1, 13), draw.integer(2, 9))))) + "\n",
)
def page_ranges(text: str) -> str:
    stretches: list[list[int]] = []
    for number in map(int, text.split()):
        if stretches and number == stretches[-1][-1] + 1:
            stretches[-1].append(number)
        else:
            stretches.append([number])
    return ",".join(
        f"{stretch[0]}-{stretch[-1]}" if len(stretch) > 2 else ",".join(map(str, stretch)) for stretch in stretches
    )


PARSING = (
    bill_total,
    last_settings,
    brackets,
    postfix,
    calculation,
    web_parameters,
    log_levels,
    addresses,
    mail_domains,
    total_duration,
    page_numbers,
    page_ranges,
)
