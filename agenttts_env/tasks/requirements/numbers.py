"""Requirements about numbers."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.inputs import integers, lines, of
from agenttts_env.tasks.requirements.template import requirement


@requirement(
    "Read one line of integers and print the sum of those that {divisor} divides without a remainder.",
    integers(-30, 60),
    divisor=(3, 4, 7),
)
def divisible_sum(text: str, divisor: int) -> str:
    return str(sum(number for number in map(int, text.split()) if number % divisor == 0))


@requirement(
    "Read an integer greater than 1. Print its prime factors in ascending order, each as often as it divides the "
    "integer, with a space, an x and a space between them.",
    of("{n}", n=(2, 2000)),
)
def prime_factors(text: str) -> str:
    number, factor, factors = int(text), 2, []
    while number > 1:
        if number % factor:
            factor += 1
        else:
            factors.append(str(factor))
            number //= factor
    return " x ".join(factors)


@requirement(
    "Read an integer n and count from 1 to n, one number on a line. Instead of a multiple of {first} print tick, "
    "instead of a multiple of {second} print tock, and instead of a multiple of both print ticktock.",
    of("{n}", n=(5, 40)),
    first=(2, 3),
    second=(5, 7),
)
def tick_tock(text: str, first: int, second: int) -> str:
    lines = []
    for number in range(1, int(text) + 1):
        words = ("tick" if number % first == 0 else "") + ("tock" if number % second == 0 else "")
        lines.append(words or str(number))
    return "\n".join(lines)


@requirement(
    "Read an integer of at least 0 and print it in base {base}, without a prefix.",
    of("{n}", n=(0, 900)),
    base=(2, 3, 5, 8),
)
def other_base(text: str, base: int) -> str:
    number, digits = int(text), ""
    while number:
        digits = str(number % base) + digits
        number //= base
    return digits or "0"


@requirement(
    "Read an integer of at least 0. Print the sum of its digits, then the sum of the digits of that, and so on, one on "
    "a line, until you have printed a number of one digit. For an integer of one digit, print it once.",
    of("{n}", n=(0, 99_999_999)),
)
def digit_sums(text: str) -> str:
    sums = [sum(map(int, text.strip()))]
    while sums[-1] > 9:
        sums.append(sum(map(int, str(sums[-1]))))
    return "\n".join(map(str, sums))


@requirement(
    "Read an integer of at least 1 and go on from it: from an even number to its half, from an odd number n to 3n + 1, "
    "until you reach 1. Print the number of steps and the largest number on the way (the first and the last included), "
    "with a space between.",
    of("{n}", n=(1, 120)),
)
def collatz(text: str) -> str:
    number = int(text)
    steps, largest = 0, number
    while number != 1:
        number = 3 * number + 1 if number % 2 else number // 2
        steps, largest = steps + 1, max(largest, number)
    return f"{steps} {largest}"


@requirement(
    "Read two positive integers on one line. Print their greatest common divisor on the first line and their least "
    "common multiple on the second.",
    of("{a} {b}", a=(1, 60), b=(1, 60)),
)
def common_divisor(text: str) -> str:
    import math

    first, second = map(int, text.split())
    return f"{math.gcd(first, second)}\n{first * second // math.gcd(first, second)}"


def _classed(draw: Draw) -> str:
    return "".join(f"{number}\n" for number in draw.some((6, 28, 12, 18, 20, 24, 8, 9, 15, 25, 1), draw.integer(1, 4)))


@requirement(
    "Read positive integers, one on a line, until the input ends. For each add up its divisors other than itself, and "
    "print a line: perfect if the sum is the integer, abundant if it is more, deficient if it is less.",
    _classed,
)
def perfect_numbers(text: str) -> str:
    classes = []
    for number in map(int, text.split()):
        total = sum(divisor for divisor in range(1, number) if number % divisor == 0)
        classes.append("perfect" if total == number else "abundant" if total > number else "deficient")
    return "\n".join(classes)


@requirement("Read an integer from 1 to 3999 and print it as a Roman numeral.", of("{n}", n=(1, 3999)))
def roman_numeral(text: str) -> str:
    values = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    signs = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    number, numeral = int(text), ""
    for value, sign in zip(values, signs, strict=True):
        while number >= value:
            numeral += sign
            number -= value
    return numeral


@requirement(
    "Read a sum of two positive fractions, such as 1/2 + 1/3. Print the result as a fraction in lowest terms, such as "
    "5/6, or as a whole number where the denominator would be 1.",
    of("{a}/{b} + {c}/{d}", a=(1, 9), b=(2, 9), c=(1, 9), d=(2, 9)),
)
def fraction_sum(text: str) -> str:
    from fractions import Fraction

    first, second = text.split("+")
    return str(Fraction(first.strip()) + Fraction(second.strip()))


@requirement(
    "Read an amount of money in cents, an integer of at least 1. There are coins of 50, 20, 10, 5, 2 and 1 cents. Pay "
    "the amount with the largest coins first, and print one line for every kind of coin used, the largest first: the "
    "number of coins, a space, an x, a space and the coin.",
    of("{n}", n=(1, 240)),
)
def coins(text: str) -> str:
    amount, lines = int(text), []
    for coin in (50, 20, 10, 5, 2, 1):
        if amount >= coin:
            lines.append(f"{amount // coin} x {coin}")
            amount %= coin
    return "\n".join(lines)


@requirement(
    "Read two integers a and b on one line, where a is not greater than b. Print all prime numbers from a to b, both "
    "included, on one line with spaces between, or none if there is no prime.",
    lambda draw: (lambda a: f"{a} {a + draw.integer(0, 15)}\n")(draw.integer(0, 100)),
)
def primes_between(text: str) -> str:
    first, last = map(int, text.split())
    primes = [n for n in range(max(first, 2), last + 1) if all(n % d for d in range(2, int(n**0.5) + 1))]
    return " ".join(map(str, primes)) or "none"


@requirement(
    "Read temperatures in degrees Celsius, integers, one on a line, until the input ends. For each print the "
    "temperature in degrees Fahrenheit with exactly one decimal: nine fifths of the Celsius value, plus 32.",
    lines(of("{n}", n=(-40, 60)), 1, 4),
)
def fahrenheit(text: str) -> str:
    return "\n".join(f"{int(line) * 9 / 5 + 32:.1f}" for line in text.split())


NUMBERS = (
    divisible_sum,
    prime_factors,
    tick_tock,
    other_base,
    digit_sums,
    collatz,
    common_divisor,
    perfect_numbers,
    roman_numeral,
    fraction_sum,
    coins,
    primes_between,
    fahrenheit,
)
