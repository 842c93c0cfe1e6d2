"""Birth certificates: where the first nan or inf of a value was born, of which numbers, and by which ops it came here.

An op that makes nan of finite numbers is its producer; one that makes nan of nan only passes it on. An op that makes nan
of infinite numbers (inf - inf, 0 * inf) produces it too, but the cause is older: where that inf was born.
"""

from itertools import count
from typing import NamedTuple

import numpy as np

from ..operands import public
from ..teaching import taught
from ..users import Line
from .reasons import DOMAINS, NO_NUMBER, reason, worded

order = count().__next__
TESTS = {"nan": np.isnan, "inf": np.isinf}


class Birth(NamedTuple):
    """One certificate: the op's name, how it happened ("sqrt(-1.0) = nan"), where, why, and what would have prevented it."""

    number: int
    name: str
    how: str
    line: Line
    why: str
    fix: str
    cause: "Trail | None" = None


class Trail(NamedTuple):
    """A birth, and the ops that have passed it on since: the first few, and the last."""

    birth: Birth
    steps: tuple[tuple[str, Line], ...] = ()

    def passed_on(self, name, line):
        return Trail(self.birth, (*self.steps[:3], (name, line)))

    def told(self, said):
        """In lines, the birth first: how, where, by which way; then that of the inf that it was made of. `said` is the
        line of the program that the reader has just read."""
        birth, cause = self.birth, self.birth.cause
        yield f"{birth.how} at {'the same line' if birth.line == said else birth.line}"
        if self.steps:
            yield "It came here through " + ", ".join(f"{name} (line {line.number})" for name, line in self.steps)
        if cause is not None:
            how, line = cause.birth.how, cause.birth.line
            yield f"That inf is older: {how[0].lower()}{how[1:]} at {'the same line' if line == birth.line else line}"

    def root(self):
        """The birth to prevent."""
        return self.birth if self.birth.cause is None else self.birth.cause.root()

    def taught(self, what, said=None):
        return taught(what, *self.told(said), why=self.birth.why, fix=self.root().fix)


def oldest(trails):
    return min(trails, key=lambda trail: trail.birth.number, default=None)


def elementwise(op):
    """Whether each number that the op makes is made of those at the same place."""
    return getattr(op, "cases", ()) is None or (op.broadcasts and bool(getattr(op, "promotes", ())))


def place(index):
    """A place in a tensor, in words."""
    return f"element {[int(i) for i in index]}" if len(index) else "its only element"


def first(mask):
    """The index of the first True."""
    return tuple(int(i) for i in np.argwhere(mask)[0])


def stretched(arrays, shape):
    """Those arrays that broadcasting stretches to a shape, so stretched; None for the others."""
    fits = lambda x: (
        x is not None
        and len(x.shape) <= len(shape)
        and all(n in (1, m) for n, m in zip(reversed(x.shape), reversed(shape)))
    )
    return [np.broadcast_to(x, shape) if fits(x) else None for x in arrays]


# ------------------------------------------------------------------ one op: who was it?


def born_or_passed_on(kind, op, arrays, out, trails_of, line):
    """The trail of the first nan (or inf) in what an op made: passed on by it from an input, or born in it.

    `trails_of` says what is known of an input's: {kind: trail}."""
    test = TESTS[kind]
    bad = test(out)
    floats = [x for x in arrays if x is not None and x.dtype.kind == "f"]
    views = stretched(floats, out.shape) if elementwise(op) else [None] * len(floats)
    if any(view is None for view in views):
        views = [np.broadcast_to(test(x).any(), out.shape) for x in floats]
    else:
        views = [test(view) for view in views]
    given = [trails_of(x, public_name(op, arrays, x), line)[kind] for x, at in zip(floats, views) if (bad & at).any()]
    if given:
        return oldest(given).passed_on(op.name, line)
    index = first(bad)
    there = lambda x: np.broadcast_to(x, out.shape)[index] if elementwise(op) else x
    infinite = [x for x in floats if np.isinf(there(x)).any()] if kind == "nan" else []
    cause = oldest(trails_of(x, public_name(op, arrays, x), line)["inf"] for x in infinite)
    return Trail(birth_in(kind, op, arrays, out, index, line, cause))


def public_name(op, arrays, x):
    inputs = getattr(op, "inputs", ())
    at = next(i for i, other in enumerate(arrays) if other is x)
    return f"`{public(inputs[at]) if len(inputs) == len(arrays) else 'input'}` of {op.name}"


def birth_in(kind, op, arrays, out, index, line, cause):
    """An op has made nan or inf of numbers that were not."""
    value = out[index]
    if elementwise(op):
        views = stretched([x for x in arrays if x is not None], out.shape)
        values = [view[index] for view in views if view is not None]
        how = worded(op.name, values)
    else:
        values = []
        how = f"{op.name}({summary(arrays)})"
    why, fix = reason(kind, op.name, values, out.dtype, cause)
    return Birth(order(), op.name, f"Born in the forward: {how} = {value}, {place(index)},", line, why, fix, cause)


def summary(arrays):
    """Of arrays that are reduced or multiplied, how large their numbers are."""
    return " and ".join(
        f"{x.size} numbers up to {np.abs(x).max()!s}" if x.size else "no numbers" for x in arrays if x is not None
    )


def found(kind, name, array, line):
    """No op has made this nan: it came with the data."""
    index = first(TESTS[kind](array))
    how = f"No op made it: {name} had {kind} from the start, {place(index)}, and was first read"
    fix = f"mend the data before: {name} should hold numbers only"
    return Trail(Birth(order(), "", how, line, NO_NUMBER, fix))


def written(kind, array, line):
    """It was written into memory by no op."""
    index = first(TESTS[kind](array))
    how = f"No op made it: {kind} was written in place, {place(index)} of what was written to,"
    return Trail(Birth(order(), "", how, line, NO_NUMBER, "write numbers only"))


# ------------------------------------------------------------------ one rule


def numbers_at(node, g, part, rule, index):
    """What a rule had at one place: `g = 0.0, out = nan`."""
    op, values = node.op, {"g": g}
    alike = lambda name, x: elementwise(op) or x.size == 1 or (not op.joint and name == op.inputs[rule])
    for slot, x in zip(op.slots, node.saved):
        values[slot] = getattr(x, "array", x)
    asked = ["g", *op.asked[0 if op.joint else rule]]
    said = [(name, values[name]) for name in asked if isinstance(values.get(name), np.ndarray)]
    said = [(name, stretched([x], part.shape)[0]) for name, x in said if alike(name, x)]
    return ", ".join(f"{name} = {view[index]!s}" for name, view in said if view is not None)


def formula(op, i):
    """The rule for the op's i-th input: `dx = g / (2 * out)`."""
    name = "d" if getattr(op, "joint", False) else f"d{op.inputs[min(i, len(op.inputs) - 1)]}"
    return f"{name} = {op.formulas[name]}" if name in getattr(op, "formulas", ()) else f"the backward of {op.name}"


def birth_in_backward(kind, node, g, part, i, index, line, cause):
    """A rule has made nan or inf of numbers that were not."""
    name = node.op.name
    at = f" with {numbers}" if node.op.rules and (numbers := numbers_at(node, g, part, i, index)) else ""
    how = f"Born in the backward: {formula(node.op, i)} = {part[index]!s}{at}, {place(index)} of {name},"
    why = f"the slope of {name} is infinite there, or has no value"
    if cause is not None:
        why = "what is multiplied by inf is inf" if kind == "inf" else "0 * inf has no value, and neither has inf - inf"
    fix = f"keep what goes into {name} away from there"
    if name in DOMAINS:
        fix += f", as with `{DOMAINS[name][1]}`"
    return Trail(Birth(order(), name, how, line, why, fix, cause))


def given_gradient(kind, g, line):
    index = first(TESTS[kind](g))
    how = f"No rule made it: {kind} is in the gradient that backward() was given, or that a hook made, {place(index)},"
    return Trail(Birth(order(), "", how, line, "every other gradient is a multiple of this one", "pass numbers only"))
