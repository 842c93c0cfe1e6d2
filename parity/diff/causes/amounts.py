"""Suspects that know constants: ours is the reference times a number that something in the evidence explains."""

import math

import numpy as np

from .evidence import Cause, magnitude
from .suspects import AMOUNT, OBSERVED, SUSPECTS, suspect

FITTED = 1 / 20  # what a constant that is fitted to the numbers may leave of their difference
NEAR = 1e-3  # candidates further from the ratio than this are not tried
FEW, SURE = 3, 1e-2  # so few numbers that are off by less than this fit too many constants next to 1


def constants(e):
    """(value, name if ours is too large by it, name if it is too small, what it is): all that the evidence has to offer."""
    arrays = {"the reference": e.theirs, **{name: a for name, a in e.inputs.items() if a is not None}}
    if e.upstream is not None:
        arrays["the output"] = e.upstream
    sizes: dict[int, str] = {}
    for name, a in arrays.items():
        whole = "its" if name == "the reference" else f"{name}'s"
        counts = {n: f"the length of axis {i} of {name}" for i, n in enumerate(a.shape)}
        counts |= {a.size: f"{whole} number of entries"} if a.ndim > 1 else {}
        counts |= {
            a.size // n: f"{whole} number of entries over the length of axis {i}"
            for i, n in enumerate(a.shape)
            if n and a.ndim > 2
        }
        for n, words in counts.items():
            if n > 1:
                sizes[n] = f"{sizes[n]}, and {words}" if n in sizes else words
    for n, words in sizes.items():
        yield n, "sum for mean", "mean for sum", f"{n}, {words}"
        yield (
            n / (n - 1),
            "ddof",
            "ddof",
            f"{n} / {n - 1}, and {n} is {words}: the one divides by n, the other by n - 1",
        )
        yield (
            math.sqrt(n / (n - 1)),
            "ddof",
            "ddof",
            f"√({n} / {n - 1}), and {n} is {words}: a variance over n, or over n - 1",
        )
        yield math.sqrt(n), "scaled by a root", "scaled by a root", f"√{n}, and {n} is {words}"
    yield (
        2,
        "twice",
        "half",
        "2: something is added twice, or a 2 of the derivative is missing, or the mean of two is their sum",
    )
    for name, value in options(e.arguments):
        yield value, f"times {name}", f"over {name}", f"{name} = {value:g}"
        if value != 0.5:
            yield 1 - value, f"times 1 - {name}", f"over 1 - {name}", f"1 - {name}, with {name} = {value:g}"


def options(arguments):
    """The numbers among arguments, by name; a tuple's by name and place."""
    for name, value in arguments.items():
        parts = {f"{name}[{i}]": v for i, v in enumerate(value)} if isinstance(value, (tuple, list)) else {name: value}
        for name, v in parts.items():
            if isinstance(v, float) and math.isfinite(v) and v not in (0, 1, -1, 2):
                yield name, v


MEANT = {
    "sum for mean": "a sum where the reference takes the mean",
    "mean for sum": "a mean where the reference takes the sum",
}


def ratio(e):
    """ours over the reference, as least squares have it; None if nothing can be said."""
    if e.ours.shape != e.theirs.shape or e.ours.dtype.kind != "f" or not np.isfinite(e.ours).all():
        return None
    a, b = (x.astype(np.float64).ravel() for x in (e.ours, e.theirs))
    square = float(b @ b)
    r = float(a @ b) / square if square and magnitude(a) else 0.0
    return r if math.isfinite(r) and r else None


def times_something(evidence):
    """ours = c · theirs, with a c that is known."""
    e = evidence.motion
    if (r := ratio(e)) is None:
        return
    for value, more, less, what in constants(e):
        for c, name in ((value, more), (1 / value if value else math.inf, less)):
            told = abs(c - 1) > SURE or (e.numbers > FEW and not e.same(e.theirs * c, e.theirs))
            if told and abs(c / r - 1) < NEAR and e.reproduces(e.ours / c, e.theirs):
                how = "times" if c == value else "over"
                meant = f", {MEANT[name]}" if name in MEANT else ""
                yield Cause(name, f"{e.us} is {e.them} {how} {what}{meant}")


SUSPECTS[AMOUNT].append(times_something)


@suspect("times a constant", OBSERVED, FITTED)
def times_any(e):
    """ours = c · theirs, and nothing says why."""
    r = ratio(e)
    if r is not None and e.numbers > 2:
        yield e.ours / r, f"{e.us} is {e.them} times {r:.6g} in every entry, and nothing that was given is so large"


@suspect("plus a constant", OBSERVED, FITTED)
def plus_any(e):
    """ours = theirs + c."""
    if e.ours.shape == e.theirs.shape and e.numbers > 2 and e.ours.dtype.kind == "f":
        more = float(np.mean(e.ours.astype(np.float64) - e.theirs))
        yield e.ours - more, f"{e.us} is {e.them} plus {more:.6g} in every entry"
