"""assert_close: the judge, for anybody's test."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from .judge import KAPPA, distance, kappas, ulps
from .rounding import spread

# torch's own tolerances, (relative, absolute), for where nothing sharper is asked for
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    step: Callable[[], Any] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    allow_subclasses: bool = True,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError if the two differ by more than rounding: max |actual - expected| / σ > 64.

    `step` is a function that computes them once more with tinygrad_edu, and returns them in the same form. It is run 14
    times, twelve of them with its roundings redone at random, and σ is how far that moves each entry. Without `step`, torch's rule:
    |actual - expected| <= atol + rtol |expected|, with torch's tolerances for the dtype if none are given.

    actual, expected: tensors (torch's too), arrays or numbers; lists, tuples or dicts of them. Shapes and dtypes must be
    equal (dtypes, unless `check_dtype` is False). NaN equals nothing, unless `equal_nan`. `msg` replaces the message, or
    is a function of it; torch's other options are accepted, and say nothing here. `step` must do the same each time, and
    leave no traces: RuntimeError if it does not. ValueError if it returns another form, or if rtol or atol comes alone.
    https://docs.pytorch.org/docs/stable/testing.html

    >>> import numpy as np, tinygrad_edu as tg
    >>> _ = tg.manual_seed(0)
    >>> x, w = tg.rand(1000, 3), tg.rand(3, requires_grad=True)
    >>> def gradient():
    ...     return tg.autograd.grad((x @ w).tanh().mean(), w)[0]
    >>> by_hand = (1 - np.tanh(x.numpy() @ w.detach().numpy()) ** 2) @ x.numpy() / np.float32(1000)
    >>> tg.testing.assert_close(by_hand, gradient(), step=gradient)
    >>> tg.testing.assert_close(by_hand * np.float32(1.0001), gradient(), step=gradient)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: rounding does not explain the difference: κ = ...
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"rtol and atol must both be specified or both left out, but got {rtol=} and {atol=}")
    if step is not None and rtol is not None:
        raise ValueError("with step= the judge measures what rounding can do, and takes no rtol and atol")
    ours, theirs = named(actual), named(expected)
    problem = unlike(ours, theirs, check_dtype) or (
        beyond_tolerance(ours, theirs, rtol, atol, equal_nan)
        if step is None
        else beyond_rounding(ours, theirs, step, equal_nan)
    )
    if problem:
        raise AssertionError(msg(problem) if callable(msg) else problem if msg is None else msg)


def named(value, path=""):
    """The arrays in lists, tuples and dicts, by the path to them; a tensor's numbers, ours or torch's, as an array.

    None, which a parameter without a gradient has, is an array of nothing."""
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = enumerate(value)
    else:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
        return {path: np.empty((0,), bool) if value is None else array}
    return {name: a for key, item in items for name, a in named(item, f"{path}[{key!r}]").items()}


def unlike(ours, theirs, check_dtype):
    """Why the two cannot be compared number by number, in words; None if they can."""
    if alone := sorted(ours.keys() ^ theirs.keys()):
        return (
            f"actual and expected are built differently: only one of them has {', '.join(alone) or 'a value by itself'}"
        )
    for name, attribute in product(ours, ("shape", "dtype") if check_dtype else ("shape",)):
        a, b = getattr(ours[name], attribute), getattr(theirs[name], attribute)
        if a != b:
            return f"The values for attribute '{attribute}' do not match{at(name)}: {a} != {b}"
    return None


def at(name):
    return f" at {name}" if name else ""


def beyond_rounding(ours, theirs, step, equal_nan):
    """The entry whose difference rounding explains least, in words; None if it explains them all."""
    again, sigma = spread(lambda: named(step()))
    if problem := unlike(ours, again, check_dtype=False):
        raise ValueError(f"step() must return what actual and expected are. {problem}")

    def kappa(a, b, name):
        unknown = False if equal_nan else np.isnan(a[name]) | np.isnan(b[name])
        return np.where(unknown, np.inf, kappas(a[name], b[name], sigma[name]))

    worst = max(ours, key=lambda name: kappa(ours, theirs, name).max(initial=0), default=None)
    if worst is None:
        return None
    found = kappa(ours, theirs, worst)
    if found.max(initial=0) <= KAPPA:
        return None
    i = np.unravel_index(found.argmax(), found.shape)
    a, b = ours[worst][i], theirs[worst][i]
    off = [name for name, it in (("actual", ours), ("expected", theirs)) if kappa(it, again, worst)[i] > KAPPA]
    return (
        f"rounding does not explain the difference: κ = {found[i]:.3g}{at(worst)}, where rounding stays below {KAPPA}.\n"
        f"The worst entry is {[int(k) for k in i]}: actual {a!s}, expected {b!s}, |Δ| {distance(a, b):.3g}, {ulps(a, b)} ULP.\n"
        f"step() gives {again[worst][i]!s} ± {sigma[worst][i]:.2g}, which contradicts {' and '.join(off) or 'neither'}."
    )


def beyond_tolerance(ours, theirs, rtol, atol, equal_nan):
    """The first tensor that torch's rule refuses, in words; None if it accepts them all."""
    for name, a in ours.items():
        b = theirs[name]
        known = [TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, b)]
        relative, absolute = map(max, zip(*known)) if rtol is None else (rtol, atol)
        tolerant = relative or absolute
        close = np.isclose(a, b, relative, absolute, equal_nan) if tolerant else a == b
        if not close.all():
            with np.errstate(all="ignore"):
                delta = np.abs(a.astype(np.float64) - b)
                ratio = delta / np.abs(b)
            return (
                f"Tensor-likes are not close{at(name)}!\n\n"
                f"Mismatched elements: {np.sum(~close)} / {close.size} ({np.mean(~close):.1%})\n"
                f"Greatest absolute difference: {delta.max()} (up to {absolute} allowed)\n"
                f"Greatest relative difference: {ratio.max()} (up to {relative} allowed)"
            )
    return None
