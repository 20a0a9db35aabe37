"""Requirements about dates and times."""

# ruff: noqa: D103 - the requirement above each reference solution documents it

from __future__ import annotations

from agenttts_env.tasks.requirements.inputs import lines, of
from agenttts_env.tasks.requirements.template import requirement

_DATE = of("{y}-{m:02}-{d:02}", y=(1960, 2035), m=(1, 12), d=(1, 28))


@requirement(
    "Read a date of the form YYYY-MM-DD. Print the English name of its day of the week, such as Monday.", _DATE
)
def weekday(text: str) -> str:
    import datetime

    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return names[datetime.date.fromisoformat(text.strip()).weekday()]


@requirement(
    "Read two dates of the form YYYY-MM-DD, one on a line, in any order. Print the number of days between them, which "
    "is 0 for equal dates and never negative.",
    lambda draw: _DATE(draw) + _DATE(draw),
)
def days_between(text: str) -> str:
    import datetime

    first, second = (datetime.date.fromisoformat(line) for line in text.split())
    return str(abs((second - first).days))


_YEARS = (1900, 2000, 1996, 2023, 2100, 2024, 1987, 2400, 2019, 1600)


@requirement(
    "Read years, one on a line, until the input ends. For each print leap if it is a leap year of the Gregorian "
    "calendar, and else print common.",
    lambda draw: "".join(f"{year}\n" for year in draw.some(_YEARS, draw.integer(1, 5))),
)
def leap_years(text: str) -> str:
    years = [int(line) for line in text.split()]
    return "\n".join("leap" if y % 4 == 0 and (y % 100 != 0 or y % 400 == 0) else "common" for y in years)


@requirement(
    "Read a date of the form YYYY-MM-DD. Print, in the same form, the date that comes {days} days later.",
    _DATE,
    days=(10, 45, 100),
)
def days_later(text: str, days: int) -> str:
    import datetime

    return str(datetime.date.fromisoformat(text.strip()) + datetime.timedelta(days=days))


@requirement(
    "The first line of the input is a time of day of the form HH:MM, from 00:00 to 23:59. The second line is a number "
    "of minutes. Print, in the same form, the time of day that many minutes later, going on at 00:00 after midnight.",
    lambda draw: of("{h:02}:{m:02}", h=(0, 23), m=(0, 59))(draw) + of("{n}", n=(1, 2000))(draw),
)
def clock(text: str) -> str:
    time, later = text.split()
    hours, minutes = time.split(":")
    total = 60 * int(hours) + int(minutes) + int(later)
    return f"{total // 60 % 24:02}:{total % 60:02}"


@requirement(
    "Read a month of the form YYYY-MM. Print how many days it has.",
    lambda draw: of("{y}-{m:02}", y=(1999, 2030), m=draw.pick(((1, 12), (2, 2))))(draw),
)
def days_of_month(text: str) -> str:
    import calendar

    year, month = map(int, text.strip().split("-"))
    return str(calendar.monthrange(year, month)[1])


@requirement(
    "The first line of the input is a person's date of birth, the second a later date, both of the form YYYY-MM-DD. "
    "Print how old the person is on the later date, in whole years; a person turns one year older on the birthday.",
    lambda draw: (
        of("{y}-{m:02}-{d:02}", y=(1950, 1999), m=(1, 12), d=(1, 28))(draw)
        + of("{y}-{m:02}-{d:02}", y=(2000, 2030), m=(1, 12), d=(1, 28))(draw)
    ),
)
def age(text: str) -> str:
    (year, month, day), (later_year, *later_day) = ([int(n) for n in line.split("-")] for line in text.split())
    return str(later_year - year - (later_day < [month, day]))


@requirement(
    "Read dates of the form DD.MM.YYYY, one on a line, until the input ends. Print them from the earliest to the "
    "latest, one on a line, in the form YYYY-MM-DD.",
    lines(of("{d:02}.{m:02}.{y}", y=(1998, 2003), m=(1, 12), d=(1, 28)), 2, 6),
)
def sorted_dates(text: str) -> str:
    return "\n".join(sorted("-".join(reversed(line.split("."))) for line in text.split()))


DATES = (weekday, days_between, leap_years, days_later, clock, days_of_month, age, sorted_dates)
