"""Do two engines agree on a program? What must be equal is compared first; numbers that differ are given every excuse."""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from ..judge import ALGEBRA, KAPPA, distance, kappas
from ..rounding import spread
from .ir import Program, compiled, numbers
from .minimal import minimal

LOOSE = {"float16": 1e-2, "float32": 1e-5, "float64": ALGEBRA}  # of the largest entry: what needs no excuse
CORNER = {"float16": 0.1, "float32": 1e-3, "float64": 1e-9}  # nearer to a kink than this, rounding may decide the side
FAR = {"float16": 1, "float32": 1e-3, "float64": 1e-8}  # of the largest of all numbers: beyond, it is no rounding
HUGE = 1e30  # beyond it, and at inf and NaN, numbers are not judged


@dataclass(frozen=True, eq=False)
class Difference:
    """`name` is what differs: "b", "a.grad", "b.requires_grad", "error"; `actual` and `expected` what it is in either engine."""

    name: str
    actual: Any
    expected: Any

    def __str__(self):
        return f"{self.name} is {text(self.actual)}, and should be {text(self.expected)}"


def text(value):
    return np.array2string(value, separator=", ") if isinstance(value, np.ndarray) else str(value)


class Disagreement(AssertionError):
    """Made smaller, and put in words, when somebody reads it: a search meets many, and shows the last."""

    def __init__(self, program, engine, reference):
        super().__init__(program, engine, reference)
        self.program, self.engine, self.reference = program, engine, reference
        self.words = ""

    def __str__(self):
        if not self.words:
            first, *_ = differences(self.small, self.engine, self.reference)
            self.words = f"the engines disagree: {first}\n\n{self.script()}"
        return self.words

    @cached_property
    def small(self):
        return minimal(self.program, self.engine, self.reference)

    def script(self):
        return self.small.script()


def assert_agrees(program: Program, engine: Any, reference: Any) -> None:
    """Raise AssertionError if a program does in `engine` what it does not do in `reference`; the message is a script.

    >>> from hypothesis import given
    >>> from tinygrad_edu.testing import assert_agrees, programs
    >>> @given(programs())
    ... def test_my_engine(program):
    ...     assert_agrees(program, my_engine, torch)
    """
    if differences(program, engine, reference):
        raise Disagreement(program, engine, reference)


def differences(program: Program, engine: Any, reference: Any) -> list[Difference]:
    """How a program ends in `engine` and in `reference`, where that differs, in the order of its variables; [] if it does not.

    The type of an error, shapes, dtypes, requires_grad and numbers that are no floats must be equal. Floats may differ by
    1e-12 (1e-5, if any is float32) of the tensor's largest, by the last digit of the program's largest, and beyond that by
    κ ≤ 64 times what rounding does to them, which is measured with tinygrad_edu (`assert_close`). A program is not judged
    where numbers that are not the same in both engines come nearer than 1e-9 to a kink (of relu, max, sort, ...), for rounding
    has then chosen the side; nor at 1e30 and above.
    """
    ours, theirs = program.run(engine), program.run(reference)
    names = unlike(ours, theirs)
    if names == ["error"]:
        return [Difference("error", raised(ours), raised(theirs))]
    found = [Difference(name, ours.get(name), theirs.get(name)) for name in names]
    if not found:
        return []
    if largest(theirs) > HUGE or at_a_corner(program, engine, reference):
        return []
    excused = by_rounding(program, found, largest(theirs), coarsest(theirs), reference)
    return [difference for difference in found if difference not in excused]


def raised(outcome):
    return " ".join([f"{outcome['error']}:", *outcome["words"].splitlines()[:1]]) if "error" in outcome else "none"


def unlike(ours, theirs):
    """The names of what differs, without any excuse. What an engine does not say at all is not compared."""
    if "error" in ours or "error" in theirs:
        return ["error"] if ours.get("error") != theirs.get("error") else []
    loose = LOOSE[coarsest(theirs)]
    return [name for name, b in theirs.items() if name in ours and not alike(ours[name], b, loose)]


def coarsest(outcome):
    """The dtype, among all, whose numbers have the fewest digits: all else may be computed from them."""
    return max((a.dtype.name for a in outcome.values() if floating(a)), key=LOOSE.get, default="float64")


def floating(a):
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def alike(a, b, loose):
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a is None and b is None if a is None or b is None else a == b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if b.dtype.kind != "f":
        return bool((a == b).all())
    if np.array_equal(a, b, equal_nan=True):
        return True
    with np.errstate(all="ignore"):
        return bool((np.abs(a - b) <= loose * np.abs(b).max(initial=0)).all())


def largest(outcome):
    """The largest of all floats, but at least 1; infinite if one of them is NaN."""
    floats = [np.abs(a).max(initial=1) for a in outcome.values() if floating(a)]
    return max((np.inf if np.isnan(a) else float(a) for a in floats), default=1.0)


def by_rounding(program, found, scale, coarse, reference):
    """Those of the differences that rounding explains: |Δ| ≤ κ σ, with σ of the program in our engine. None of them is far
    beyond the last digits of `scale` in the `coarse` dtype. (Beyond, it would be a corner that rounding has crossed, and of these `at_a_corner` has the say.)"""
    ours = import_module(__name__.partition(".")[0])  # which imports this package
    numeric = {
        d.name: d
        for d in found
        if comparable(d.actual, d.expected) and distance(d.actual, d.expected) <= FAR[coarse] * scale
    }

    def step():
        out = program.run(ours)
        return {name: out[name] for name in numeric}

    try:
        _, sigma = spread(step) if numeric else ({}, {})
    except (RuntimeError, LookupError, TypeError, ValueError):  # our engine does it otherwise, or not at all
        return []
    if not numeric:
        return []
    truth = program.wide().run(reference)

    def explained(d):
        if sigma[d.name].shape != d.actual.shape:
            return False
        lost = np.abs(d.actual - d.expected) <= np.finfo(coarse).eps * scale  # 0 may be what large terms left
        rounded = kappas(d.actual, d.expected, sigma[d.name]) <= KAPPA
        return bool((lost | rounded | nearer(d.actual, d.expected, truth.get(d.name))).all())

    return [d for d in numeric.values() if explained(d)]


def nearer(ours, theirs, truth):
    """Where the rounding is the reference's own: ours is as near to what it gets in float64 as it is itself in float32."""
    if truth is None or theirs.dtype == np.float64 or truth.shape != theirs.shape:
        return np.zeros(theirs.shape, bool)
    return np.abs(ours - truth) <= np.abs(theirs - truth)


def comparable(a, b):
    arrays = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    return arrays and (a.shape, a.dtype) == (b.shape, b.dtype) and b.dtype.kind == "f" and bool(np.isfinite(a).all())


# ------------------------------------------------------------------ corners


def at_a_corner(program, engine, reference):
    """Whether a step reads numbers near its kink that the engines have rounded differently."""
    return any(
        not np.array_equal(a, b) and near(program.steps[number], ours, theirs)
        for (number, ours), (_, theirs) in zip(read(program, engine), read(program, reference))
        for a, b in zip(ours, theirs)
    )


def read(program, engine):
    """(number of the step, the arrays that it reads) for each step that has kinks."""
    seen: list[tuple[int, list[np.ndarray]]] = []
    probe = lambda number, *variables: seen.append((number, [numbers(x) for x in variables]))
    try:
        compiled(program.function(probe=True))(engine, probe)
    except Exception:
        return seen
    return seen


def near(step, ours, theirs):
    if any(a.shape != b.shape for a, b in zip(ours, theirs)):
        return False
    gaps = np.abs(step.operation.kinks(*theirs, **step.parameters))
    scale = max(1, *(np.abs(b).max(initial=0) for b in theirs))
    return bool((gaps <= CORNER[theirs[0].dtype.name] * scale).any())
