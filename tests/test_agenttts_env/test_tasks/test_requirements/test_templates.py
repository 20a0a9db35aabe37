"""Every reference solution against an answer worked out by hand, and the requirements that are made from it."""

from __future__ import annotations

import ast
import hashlib
import json
from itertools import chain
from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.sandbox import Limits, Sandbox
from agenttts_env.tasks.requirements import TEMPLATES, Check, Requirement, own_requirements

BY_HAND: dict[str, tuple[dict[str, Any], str, str]] = {
    "long_words": ({"length": 3}, "a four to three\n", "2"),
    "caesar": ({"shift": 3}, "Xyz, abc!\n", "Abc, def!"),
    "vowels": ({}, "Audio Eel\n", "a: 1\ne: 2\ni: 1\no: 1\nu: 1"),
    "backwards": ({}, "abc de\n", "cba ed"),
    "palindromes": ({}, "Never odd or even\nabc\nKayak\n", "Never odd or even\nKayak"),
    "book_title": ({}, "the LORD of the rings\n", "The Lord of the Rings"),
    "longest_word": ({}, "ab cde fgh\n", "cde 3"),
    "run_lengths": ({}, "aaabcc\n", "a3b1c2"),
    "spread_out": ({}, "a3b12c1\n", "aaabbbbbbbbbbbbc"),
    "anagrams": ({}, "tea stop dog eat pots\n", "eat tea\npots stop"),
    "wrapped": ({"width": 8}, "one two three four\n", "one two\nthree\nfour"),
    "acronyms": ({}, "very important person\nas soon\n", "VIP\nAS"),
    "frequent_words": ({"count": 2}, "b a c b a d\n", "a 2\nb 2"),
    "censored": ({"mark": "*"}, "tea oak\ntea is an oak leaf\n", "*** is an *** leaf"),
    "divisible_sum": ({"divisor": 3}, "3 -6 5 9 0\n", "6"),
    "prime_factors": ({}, "360\n", "2 x 2 x 2 x 3 x 3 x 5"),
    "tick_tock": ({"first": 2, "second": 3}, "6\n", "1\ntick\ntock\ntick\n5\nticktock"),
    "other_base": ({"base": 2}, "10\n", "1010"),
    "digit_sums": ({}, "9875\n", "29\n11\n2"),
    "collatz": ({}, "6\n", "8 16"),
    "common_divisor": ({}, "12 18\n", "6\n36"),
    "perfect_numbers": ({}, "6\n12\n8\n1\n", "perfect\nabundant\ndeficient\ndeficient"),
    "roman_numeral": ({}, "1994\n", "MCMXCIV"),
    "fraction_sum": ({}, "1/2 + 3/6\n", "1"),
    "coins": ({}, "93\n", "1 x 50\n2 x 20\n1 x 2\n1 x 1"),
    "primes_between": ({}, "1 11\n", "2 3 5 7 11"),
    "fahrenheit": ({}, "100\n-1\n", "212.0\n30.2"),
    "extremes": ({}, "3 -2 7\n", "min: -2\nmax: 7\nrange: 9"),
    "median": ({}, "4 1 3 2\n", "2.5"),
    "without_repeats": ({}, "b a b c a\n", "b a c"),
    "rotated": ({"count": 4}, "a b c\n", "b c a"),
    "pairs": ({"target": 10}, "5 5 5 1 9\n", "4"),
    "merged": ({}, "1 5 5\n2 7\n", "1 2 5 5 7"),
    "transposed": ({}, "1 2 3\n4 5 6\n", "1 4\n2 5\n3 6"),
    "second_largest": ({}, "5 7 7 3\n", "5"),
    "running_totals": ({}, "2 -1 4\n", "2 1 5"),
    "bars": ({"mark": "#"}, "2 0 1\n", "2 ##\n0\n1 #"),
    "shared": ({}, "3 1 2 3\n3 5 1\n", "1 3"),
    "longest_rise": ({}, "1 2 2 3 4 1\n", "3"),
    "best_players": ({"count": 2}, "Ben 10\nAda 10\nCleo 5\n", "Ada\nBen"),
    "bill_total": ({}, "tea,2,150\noak,1,20\n", "320"),
    "last_settings": ({}, "size=a\nmode=b\nsize=c\n", "mode: b\nsize: c"),
    "brackets": ({}, "([)]\n", "unbalanced"),
    "postfix": ({}, "7 2 3 * -\n", "1"),
    "calculation": ({}, "2 - 3 * 4 * 1 + 5\n", "-5"),
    "web_parameters": ({}, "page=2&sort=by+name\n", "page = 2\nsort = by name"),
    "log_levels": ({}, "INFO a ERROR\nERROR b\nINFO c\n", "ERROR 1\nWARNING 0\nINFO 2"),
    "addresses": ({}, "1.2.3.255\n1.2.3.256\n1.2.3\n1.2.3.x\n", "valid\ninvalid\ninvalid\ninvalid"),
    "mail_domains": ({}, "a@x.org\nb@a.com\nc@x.org\n", "a.com 1\nx.org 2"),
    "total_duration": ({}, "1h 50m\n23h 20m\n", "25h 10m"),
    "page_numbers": ({}, "1-3,7\n", "1 2 3 7"),
    "page_ranges": ({}, "1 2 3 7 8 11\n", "1-3,7,8,11"),
    "weekday": ({}, "2025-08-04\n", "Monday"),
    "days_between": ({}, "2024-03-01\n2024-02-28\n", "2"),
    "leap_years": ({}, "1900\n2000\n2024\n2023\n", "common\nleap\nleap\ncommon"),
    "days_later": ({"days": 10}, "2023-12-25\n", "2024-01-04"),
    "clock": ({}, "23:50\n25\n", "00:15"),
    "days_of_month": ({}, "2024-02\n", "29"),
    "age": ({}, "1990-06-15\n2020-06-14\n", "29"),
    "sorted_dates": ({}, "02.01.2000\n31.12.1999\n", "1999-12-31\n2000-01-02"),
    "bank_account": ({"start": 20}, "withdraw 30\ndeposit 15\nwithdraw 35\n", "0\n1"),
    "robot": ({}, "FFRFRF\n", "1 1 south"),
    "lift": ({"start": 1}, "4 -1 2\n", "11\n4"),
    "shop_queue": ({}, "serve\narrive Ada\narrive Ben\nserve\n", "nobody\nAda\n1"),
    "stock": ({}, "add nails 5\nremove nails 7\nadd hooks 1\nadd nails 2\n", "hooks 1\nnails 2"),
    "traffic_light": ({"green": 10, "red": 7}, "9\n10\n13\n20\n", "green\nyellow\nred\ngreen"),
    "cells": ({"count": 2}, "..#..\n", ".#.#.\n#...#"),
    "pond": ({"caught": 9}, "8 3\n", "7\n5\n1"),
    "drinks_machine": ({"price": 85}, "50 50 20\n", "paid 15"),
    "rock_paper_scissors": ({}, "rock scissors\npaper paper\nrock paper\nscissors paper\n", "2-1"),
    "guess_the_number": ({}, "7\n3\n9\n7\n8\n", "higher\nlower\nfound"),
    "hidden_word": ({}, "kettle\netx\n", "_ett_e\n1"),
    "noughts_and_crosses": ({}, "1 4 2 5 9 6\n", "O"),
    "dice": ({}, "1 1 1 1 1\n2 3 3 2 3\n4 4 5 5 1\n1 2 3 4 6\n", "poker\nfull house\npair\nnothing special"),
    "secret_code": ({}, "1234\n1243\n5612\n", "2 2\n0 2"),
    "snakes_and_ladders": ({"foot": 5, "top": 11}, "5 6 2\n", "11 4 6"),
    "word_chain": ({}, "tea\napple\nelm\nlamp\n", "lamp"),
    "matches": ({}, "6\n3 2 3 1\n", "Ann"),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_the_reference_solution_gives_the_answer_worked_out_by_hand(template: Any) -> None:
    constants, stdin, stdout = BY_HAND[template.name]
    assert constants.keys() == template.constants.keys()
    assert template.solve(stdin, **constants) == stdout


def test_there_are_enough_requirements_and_no_two_are_alike() -> None:
    requirements = own_requirements(0)
    assert len(requirements) == len(TEMPLATES) == len(BY_HAND) >= 60
    assert len({requirement.id for requirement in requirements}) == len(requirements)
    assert len({requirement.text for requirement in requirements}) == len(requirements)


@pytest.mark.parametrize("seed", range(10))
def test_every_requirement_can_be_checked(seed: int) -> None:
    for requirement in own_requirements(seed):
        assert requirement.example is not None
        assert len(requirement.checks) == 4
        runs = (requirement.example, *requirement.checks)
        assert len({run.stdin for run in runs}) == 5, "an input comes twice"
        assert len({run.stdout for run in requirement.checks}) > 1, "one constant passes every check"
        assert all(run.stdin.endswith("\n") and run.stdout.strip() for run in runs)
        assert "{" not in requirement.text.replace("{ and }", "")


def test_a_seed_makes_the_same_requirements_on_every_machine() -> None:
    texts = chain.from_iterable((r.text, *(f"{c.stdin}{c.stdout}" for c in r.checks)) for r in own_requirements(3))
    assert hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] == "2356347919a14a0e"


def test_another_seed_makes_other_checks_and_constants() -> None:
    one, other = own_requirements(0), own_requirements(1)
    assert not {r.checks for r in one} & {r.checks for r in other}
    assert {r.text for r in one} != {r.text for r in other}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_the_reference_program_is_self_contained(template: Any) -> None:
    tree = ast.parse(template.program(0))
    assert [type(node) for node in tree.body] == [ast.Import, ast.FunctionDef, ast.If]


DRIVER = """
import io, json, runpy, sys
for name, stdin in json.load(sys.stdin):
    sys.stdin, sys.stdout = io.StringIO(stdin), io.StringIO()
    runpy.run_path(name, run_name="__main__")
    printed, sys.stdout = sys.stdout.getvalue(), sys.__stdout__
    print(json.dumps(printed))
"""


def test_every_reference_program_passes_its_checks_in_the_sandbox() -> None:
    runs = [(t.name, run) for t in TEMPLATES for r in (t.requirement(1),) for run in (r.example, *r.checks)]
    files = {f"{template.name}.py": template.program(1) for template in TEMPLATES}
    sandbox = Sandbox(Limits(wall_seconds=60, cpu_seconds=60))
    stdin = json.dumps([(f"{name}.py", run.stdin) for name, run in runs if run])
    execution = sandbox.run({**files, "main.py": DRIVER}, "main.py", stdin)
    assert execution.clean, execution.stderr
    printed = [json.loads(line) for line in execution.stdout.splitlines()]
    failed = [name for (name, run), text in zip(runs, printed, strict=True) if run and not run.accepts(text)]
    assert failed == []


def test_white_space_is_no_reason_to_fail() -> None:
    check = Check("", "a b\nc")
    assert check.accepts("  a \t b \r\n\n c\n\n")
    assert not check.accepts("a b c")
    assert not check.accepts("ab\nc")
    assert not check.accepts("a b\nc\nd")


@pytest.mark.parametrize(("text", "rule"), [(" \n", "must hold text"), ("a\ud800", "must be valid Unicode")])
def test_bad_texts_are_refused(text: str, rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        Requirement("r", text)
