"""What is known of two results that differ, and what may be said about them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Cause:
    """A suspect that explains the numbers. An `observation` only says how they are related."""

    name: str
    words: str
    observation: bool = False


class Unfit(LookupError):
    """A formula has nothing to say about this evidence."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Two arrays that differ, and what both engines made them of.

    what       "output" (of an op), "loss", "gradient" (that an op's rule gives to its input `wrt`), "rule" (the same, of a
               custom Function), "accumulated gradient", or "update" (of the quantity `wrt`: "parameter", or what
               optimizers and layers call their state)
    op         its canonical name; an optimizer's class
    inputs     the arrays that both were given, by torch's names and in their order; of an accumulated gradient what was added
    arguments  all other arguments; an optimizer's options
    upstream   g, the gradient of the op's output
    before     what stood there before, by quantity: "grad", "parameter", "exp_avg", "running_var" ...
    close      the judge: may these two be the same but for rounding?
    """

    what: str
    op: str
    ours: np.ndarray
    theirs: np.ndarray
    close: Callable[[np.ndarray, np.ndarray], bool]
    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    upstream: np.ndarray | None = None
    before: dict[str, np.ndarray] = field(default_factory=dict)
    wrt: str | None = None

    # ---------------------------------------------------------------- what formulas are made of, with room for more bits

    @cached_property
    def given(self):
        """The inputs, in their order."""
        return [wide(a) for a in self.inputs.values() if a is not None]

    @cached_property
    def g(self):
        if self.upstream is None:
            raise Unfit("no gradient came from above")
        return wide(self.upstream)

    @property
    def options(self):
        """The arguments by name, to be read, or changed by who asks."""
        return SimpleNamespace(**self.arguments)

    @cached_property
    def place(self):
        """Which of the inputs the gradient is of."""
        return list(self.inputs).index(self.wrt) if self.wrt in self.inputs else 0

    def input(self, name):
        """An input that may be missing."""
        a = self.inputs.get(name)
        return None if a is None else wide(a)

    def was(self, name):
        """What a quantity was before; None if there was nothing."""
        a = self.before.get(name)
        return None if a is None else wide(a)

    def of(self, *names):
        """Say Unfit unless the gradient is of one of these inputs; a number is an input's place."""
        if self.place not in names and self.wrt not in names:
            raise Unfit(f"a gradient of {self.wrt}")

    # ---------------------------------------------------------------- what the judge says

    @cached_property
    def differ(self):
        same_kind = self.ours.shape == self.theirs.shape and self.ours.dtype == self.theirs.dtype
        return not (same_kind and self.same(self.ours, self.theirs))

    @cached_property
    def apart(self):
        return distance(self.ours, self.theirs)

    def reproduces(self, value, seen, rest=1 / 4):
        """Whether `value` is `seen`, one of both results, but for rounding.

        It must also leave no more than a share of their difference, `rest`: else rounding might be all that it explains.
        What is not of the reference's size is brought there first, because the judge's bound may be made for that."""
        value = np.asarray(value)
        if value.shape != seen.shape or not distance(value, seen) <= self.apart * rest:
            return False
        size = magnitude(self.theirs) / magnitude(seen) if magnitude(seen) and magnitude(self.theirs) else 1.0
        return self.same(value * size, seen * size) if seen.dtype.kind == "f" else np.array_equal(value, seen)

    def same(self, a, b):
        """close(a, b), for which two infinities or two NaN are the same."""
        if a.dtype.kind not in "fc" or not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return np.array_equal(a, b)
        finite = np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return False
        a, b = (np.where(finite, x, 0).astype(self.theirs.dtype) for x in (a, b))
        return bool(self.close(a, b))

    # ---------------------------------------------------------------- of a parameter, rather how far it went

    us, them = "ours", "the reference"

    @cached_property
    def motion(self):
        """The same of an update's step, where a factor or a sign can be seen; anything else is as it is."""
        p = self.before.get("parameter")
        if self.what != "update" or self.wrt not in (None, "parameter") or p is None:
            return self
        p, close = wide(p), self.close
        narrow = lambda d: (p + d).astype(self.theirs.dtype)
        steps = dict(ours=wide(self.ours) - p, theirs=wide(self.theirs) - p)
        return Motion(**vars(replace(self, **steps, close=lambda a, b: close(narrow(a), narrow(b)))))

    @cached_property
    def numbers(self):
        """How many different pairs of numbers were compared, up to 1000, without those that are next to nothing."""
        if self.ours.shape != self.theirs.shape:
            return np.unique(self.ours if self.ours.size > self.theirs.size else self.theirs).size
        pairs = np.stack([self.ours.ravel(), self.theirs.ravel()])
        sizes = np.nan_to_num(np.abs(wide(pairs)), nan=np.inf).max(0)
        return np.unique(pairs[:, sizes > 1e-3 * magnitude(pairs)][:, :1000], axis=1).shape[1]


class Motion(Evidence):
    """Evidence whose numbers are steps of a parameter."""

    us, them = "our step", "the reference's step"


def wide(a):
    """The same numbers with room for more bits; whole numbers as they are."""
    a = np.asarray(a)
    return a.astype(np.result_type(a, np.float64)) if a.dtype.kind in "fc" else a


def distance(a, b):
    """|a - b|, which is infinite if the shapes differ, or one has a number where the other has none."""
    if a.shape != b.shape:
        return np.inf
    same = (a == b) | ((a != a) & (b != b))
    off = np.where(same, 0, wide(a).astype(np.complex128) - b)
    return float(np.linalg.norm(off.ravel())) if np.isfinite(off).all() else np.inf


def magnitude(a):
    return float(np.abs(np.where(np.isfinite(a), a, 0)).max(initial=0.0))


def axes(dim, ndim):
    """The axes that `dim` means, all for None, counted from 0."""
    named = range(ndim) if dim is None or dim == () else dim if isinstance(dim, (tuple, list)) else (dim,)
    return tuple(int(i) % ndim for i in named)


def summed(g, shape, how=np.sum):
    """g brought back to a shape that was stretched to its own."""
    lead = g.ndim - len(shape)
    stretched = tuple(i for i in range(g.ndim) if i < lead or (shape[i - lead] == 1 and g.shape[i] > 1))
    return how(g, axis=stretched, keepdims=True).reshape(shape) if stretched else g
