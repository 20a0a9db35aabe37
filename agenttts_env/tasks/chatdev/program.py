"""A program as text: what it says apart from its layout, and whether anything was left out. Nothing is run here."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

Program: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of file name and text, one of them named ``main.py``, in alphabetical order."""

ENTRY = "main.py"

LONGEST = 100_000
"""Characters of a file; what is longer is not looked at as Python."""

# What reading or writing out hostile Python raises, besides SyntaxError: a null byte or a lone surrogate (ValueError),
# and nesting deeper than the interpreter's stack.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)

_OPEN_COMMENT = re.compile(
    r"#+\s*(?:TODO\b|FIXME\b|todo:|fixme:|(?i:(?:add |put |write |insert )?(?:your|the) (?:code|logic) (?:goes )?here))"
)

_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_OPEN_ON_PURPOSE = {"abstractmethod", "overload"}


def parse_python(source: str) -> ast.Module | None:
    """The syntax tree; None if the text is not Python, or nested too deeply to tell."""
    if len(source) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model's doubtful escapes are no concern of the user
            return ast.parse(source)
    except _UNREADABLE:
        return None


@lru_cache(maxsize=4096)
def canonical(program: Program) -> Program:
    """The program without layout and comments, so that equal ones can be told; text that is not Python is stripped."""
    return tuple((name, _written_out(parse_python(text)) or text.strip()) for name, text in program)


@lru_cache(maxsize=4096)
def bare_code(program: Program) -> str:
    """The code of all files without comments and docstrings; text that is not Python stays as it is."""
    codes = []
    for _, text in program:
        tree = parse_python(text)
        code = None if tree is None else _written_out(_without_docstrings(tree))
        codes.append(text.strip() if code is None else code)
    return "\n\n".join(code for code in codes if code)


@lru_cache(maxsize=4096)
def is_complete(program: Program) -> bool:
    """Whether the program is Python that does something, and nothing in it is left open.

    Left open are: a function, or a class without bases, whose body is nothing but ``pass``, ``...`` or a docstring;
    any other statement ``...``; ``raise NotImplementedError``; a comment that begins with TODO or FIXME or says that
    code goes there. Abstract methods and overloads may be empty; so may branches, loops and exception handlers, in
    which ``pass`` is often the right thing to do.
    """
    trees = [parse_python(text) for _, text in program]
    return (
        all(tree is not None and not any(_left_open(tree)) for tree in trees)
        and not any(_has_open_comment(text) for _, text in program)
        and any(tree is not None and does_something(tree) for tree in trees)
    )


def does_something(tree: ast.Module) -> bool:
    """Whether there is more to a program than constants, names and ``pass``."""
    return any(
        not isinstance(node, ast.Pass)
        and not (isinstance(node, ast.AnnAssign) and node.value is None)
        and not (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Await))
        for node in tree.body
    )


def _left_open(tree: ast.Module) -> Iterator[bool]:
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, _DEFINITIONS):
            if _is_open_on_purpose(node):
                continue
            empty = all(map(_is_nothing, node.body))
            if empty and isinstance(node, ast.ClassDef) and node.bases:
                continue
            yield empty
        yield isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
        yield isinstance(node, ast.Raise) and _name(node.exc) == "NotImplementedError"
        nodes.extend(ast.iter_child_nodes(node))


def _is_open_on_purpose(node: _Definition) -> bool:
    return any(_name(decorator) in _OPEN_ON_PURPOSE for decorator in node.decorator_list)


def _is_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _name(node: ast.expr | None) -> str:
    """The last name of ``name``, ``module.name`` or a call of one."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _has_open_comment(source: str) -> bool:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (*_UNREADABLE, tokenize.TokenError):
        return False
    return any(token.type == tokenize.COMMENT and _OPEN_COMMENT.match(token.string) for token in tokens)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (*_DEFINITIONS, ast.Module)) and node.body and _is_docstring(node.body[0]):
            node.body = node.body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()])
    return tree


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _written_out(tree: ast.Module | None) -> str | None:
    try:
        return None if tree is None else ast.unparse(tree)
    except _UNREADABLE:
        return None
