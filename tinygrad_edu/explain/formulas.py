"""What an op computes and what its rules are, as text: read from the declarations, since the code is the formula."""

import dis
import inspect
import re
from collections.abc import Callable
from functools import cache
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np

PACKAGE = __name__.partition(".")[0]
SIGNS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**", "floordiv": "//", "mod": "%", "and": "&"}
SIGNS |= {"or": "|", "xor": "^", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class Rule(NamedTuple):
    """One rule: the input it is for, its expression, and the functions that the expression calls."""

    input: str
    expression: str
    helpers: list["Helper"]

    def __str__(self) -> str:
        return f"d{self.input} = {self.expression}"


class Helper(NamedTuple):
    """A function that a rule calls: its mathematics, from its docstring, and its source."""

    name: str
    formula: str
    source: str


def formula(op: Any) -> str:
    """What the op computes, from what its rules call x, y ...: the first sentence of its docstring.

    >>> import tinygrad_edu as tg
    >>> formula(tg.mul.op), formula(tg.exp.op), formula(tg.square.op)
    ('x * y, entry by entry', 'exp(x), entry by entry', 'x²')
    """
    if isinstance(op.forward, np.ufunc):
        sign = SIGNS.get(op.operator)
        inputs = op.inputs
        whole = f"{inputs[0]} {sign} {inputs[1]}" if sign and len(inputs) == 2 else f"{op.name}({', '.join(inputs)})"
        return f"{whole}, entry by entry"
    return first_sentence(op.forward)


def first_sentence(function: Callable) -> str:
    """The first sentence of a docstring, in one line; the dots of "x₀ + ... + xₙ" do not end it."""
    paragraph = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
    return re.split(r"(?<![ .])\. ", paragraph)[0].removesuffix(".")


@cache
def rules(op: Any) -> dict[str, Rule]:
    """The rules of an op by input; a joint one, which gives the gradients of all inputs at once, for each of them."""
    found = dict(zip(op.formulas, (rule for rule in op.rules if rule is not None)))
    read = {key: Rule(key[1:], op.formulas[key], helpers(rule)) for key, rule in found.items()}
    if op.joint:
        return dict.fromkeys(op.inputs, read["d"]._replace(input=f"({', '.join(op.inputs)})"))
    return {key[1:]: rule for key, rule in read.items()}


def helpers(rule: Callable) -> list[Helper]:
    """The functions of this package that a rule's expression calls, in the order of their calls."""
    if rule.__name__ != "<lambda>":
        return [helper(rule.__name__, rule)]
    scope = inspect.getclosurevars(rule)
    known = {**scope.globals, **scope.nonlocals}
    loads = dict.fromkeys(i.argval for i in dis.get_instructions(rule) if i.opname in ("LOAD_GLOBAL", "LOAD_DEREF"))
    called = [(name, known.get(name)) for name in loads]
    return [helper(name, f) for name, f in called if inspect.isfunction(f) and f.__module__.startswith(PACKAGE)]


def helper(name: str, function: Any) -> Helper:
    if hasattr(function, "op"):  # an op of ours, whose text is its declaration
        return Helper(name, formula(function.op), "")
    return Helper(name, first_sentence(function), source(function))


def source(function: Callable) -> str:
    """The text of a function; nothing where there is no file to read it from."""
    try:
        return dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        return ""
