"""The random numbers of each distribution, written over a tensor: `uniform_`, `normal_` and their kin.

As in torch, a tensor is filled in the order in which its numbers lie in memory, and the arithmetic is float64's,
rounded to the tensor's dtype at the end, except for uniform and (from 16 numbers up) normal ones. A call that is
refused draws nothing: whatever comes next is what would have come without it.
"""

import math
import operator

import numpy as np

from . import gaussian
from .compose import composed
from .fma import fma
from .gaussian import libm
from .generator import FLOAT64, Generator, default_generator, working
from .inplace import copy_
from .memory import wrote
from .tensor import Tensor, made
from .thread import thread
from .users import warn
from .writable import refuse

# ------------------------------------------------------------------ what they share


def source(generator):
    """The generator to draw from."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator must be a torch.Generator or None, not {type(generator).__name__}")
    return default_generator if generator is None else generator


def demand(holds, message):
    if not holds:
        raise RuntimeError(message)


def demand_floats(what, x):
    if x.array.dtype.kind != "f":
        raise NotImplementedError(f'"{what}" not implemented for {x.dtype}: it takes floating-point dtypes')


def demand_continuous(name, x):
    demand(
        x.is_floating_point(),
        f"{name} distribution is a continuous probability distribution: self must be floating-point, not {x.dtype}",
    )


def memory_order(x):
    """x's dims, from the one whose steps in memory are longest to the one whose steps are shortest."""
    return np.argsort([-stride for stride in x.array.strides], kind="stable")


def filled(x, draw):
    """x overwritten, in memory order, with draw(how many, of which dtype)."""
    refuse(x)
    order = memory_order(x)
    drawn = thread.quietly(draw, x.array.size, x.array.dtype)
    drawn = drawn.reshape([x.array.shape[dim] for dim in order]).transpose(np.argsort(order))
    if x.node is not None and thread.grad:
        return copy_(x, made(drawn, None))  # so that the graph knows: what x was has no say in what it is now
    x.array[...] = drawn
    wrote(x)
    return x


# ------------------------------------------------------------------ uniform numbers, truths, integers


@composed(places="Tensor")
def uniform_(self, from_=0.0, to=1.0, *, generator=None, **named):
    """from + (to - from) u, for u uniform in [0, 1): overwrites self, which must be floating-point.

    Raises RuntimeError where from > to, or where the dtype cannot hold a bound or their distance.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html"""
    low, high = float(named.pop("from", from_)), float(to)
    if named:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(named))}'; it takes from and to")
    demand_floats("uniform_", self)
    largest = float(np.finfo(self.array.dtype).max)
    demand(abs(low) <= largest, f"from is out of bounds for {self.dtype}: {low}")
    demand(abs(high) <= largest, f"to is out of bounds for {self.dtype}: {high}")
    demand(low <= high, f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    demand(high - low <= largest, f"uniform_ expects to-from <= {largest}, but found to={high} and from={low}")
    generator = source(generator)
    return filled(self, lambda n, d: generator.uniform(n, low, high, d))


@composed(places="Tensor")
def bernoulli_(self, p=0.5, *, generator=None):
    """1 where u < p, else 0: overwrites self, of any dtype. p is a number, or a tensor with one for each entry.

    u has 53 bits; where p is a float32 tensor, 24. Raises RuntimeError for a p outside [0, 1].
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html"""
    generator = source(generator)
    if not isinstance(p, Tensor):
        demand(0 <= p <= 1, f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return filled(self, lambda n, d: (generator.unit(n) < p).astype(d))
    demand_floats("bernoulli_ with a tensor of probabilities", p)
    demand(((p.array >= 0) & (p.array <= 1)).all(), f"bernoulli_ expects all of p to be in [0, 1], but got p={p}")
    chances = p.detach().expand(self.shape).array.transpose(memory_order(self)).ravel()
    return filled(self, lambda n, d: (generator.unit(n, working(p.array.dtype)) < chances).astype(d))


@composed(places="Tensor")
def random_(self, *bounds, generator=None):
    """Whole numbers: `random_(from, to)` draws from `from` up to, but without, `to`; `random_(to)` from 0;
    `random_()` from 0 to the largest of self's dtype, or for floats to 2 to the number of their mantissa's digits.

    Overwrites self, of any dtype. Raises RuntimeError where from >= to or a bound is out of the dtype's range.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.random_.html"""
    generator = source(generator)
    d = self.array.dtype
    if not bounds:
        words = generator.words64 if d.itemsize == 8 else generator.words32
        return filled(self, lambda n, d: (words(n) % np.uint64(greatest(d) + 1)).astype(d))
    low, high = bounds if len(bounds) == 2 else (0, *bounds)
    low, high = whole("low", low), greatest(d) + 1 if high is None else whole("high", high)
    demand(low < high, f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    check_bounds(low, high, self)
    low, high = representable(low, high, d)
    demand(low < high, f"random_ found no number of {self.dtype} between 'from' and 'to'")
    return filled(self, lambda n, d: generator.integers(n, low, high - low).astype(d))


def digits(d):
    """How many binary digits a float's mantissa has."""
    return np.finfo(d).nmant + 1


def greatest(d):
    """The largest number of an integer type; for a float, that up to which it has all whole numbers."""
    return 1 if d.kind == "b" else 2 ** digits(d) if d.kind == "f" else int(np.iinfo(d).max)


def whole(name, n):
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError(f"{name} must be int, not {type(n).__name__}") from None
    if not -(2**63) <= n < 2**63:
        raise ValueError(f"Overflow when unpacking long long: {name}={n} has more than 64 bits")
    return n


def representable(low, high, d):
    """The bounds, moved so far inwards that rounding to the float type d cannot carry a number out of [low, high)."""
    if d.kind == "f":
        gap = lambda n: 2 ** (abs(n).bit_length() - digits(d))  # between neighbours in d
        after, before = (int(thread.quietly(d.type, n)) for n in (low + 1, high - 1))
        low = after + gap(low + 1) if after < low else low
        high = before - gap(high - 1) if before >= high else high
    return low, high


def check_bounds(low, high, x):
    d = x.array.dtype
    if d.kind == "b":
        smallest, largest = 0, 1
    else:
        limits = np.finfo(d) if d.kind == "f" else np.iinfo(d)
        smallest, largest = int(limits.min), int(limits.max)
    for name, bound in (("from", low), ("to - 1", high - 1)):
        demand(smallest <= bound <= largest, f"{name} is out of bounds for {x.dtype}: {bound}")
        if d.kind == "f" and abs(bound) > greatest(d):
            warn(
                f"{name} is out of bounds [-(2^{digits(d)}), 2^{digits(d)}]: {x.dtype} does not have all whole numbers"
                f" beyond them, so not all can be drawn; {bound} came"
            )


# ------------------------------------------------------------------ normal numbers


@composed(places="Tensor")
def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """mean + std z, for z standard normal: overwrites self, which must be floating-point.

    Where self is contiguous and has 16 numbers or more, they are made in blocks of 16, else two at a time
    (`gaussian.py`). Raises RuntimeError where std < 0.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.normal_.html"""
    mean, std = float(mean), float(std)
    demand(std >= 0, f"normal expects std >= 0.0, but found std {std}")
    demand_floats("normal_", self)
    generator = source(generator)
    made_in = gaussian.blocks if self.array.size >= 16 and self.is_contiguous() else gaussian.pairs
    return filled(self, lambda n, d: made_in(generator, n, mean, std, d))


@composed(places="Tensor")
def log_normal_(self, mean=1.0, std=2.0, *, generator=None):
    """e to the power of mean + std z, for z standard normal: overwrites self, which must be floating-point.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html"""
    mean, std = float(mean), float(std)
    demand(std > 0, f"log_normal_ expects std > 0.0, but found std={std}")
    demand_floats("log_normal_", self)
    generator = source(generator)
    return filled(self, lambda n, d: libm(exp, gaussian.pairs(generator, n, mean, std, FLOAT64)).astype(d))


def exp(x):
    """math.exp, which raises where the C library's gives infinity."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


# ------------------------------------------------------------------ the inverses of distribution functions, at u


@composed(places="Tensor")
def exponential_(self, lambd=1.0, *, generator=None):
    """-log(1 - u) / lambd, whose density is lambd e^(-lambd x): overwrites self, which must be floating-point.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html"""
    lambd = float(lambd)
    demand(lambd > 0, f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    demand_continuous("Exponential", self)
    generator = source(generator)
    return filled(self, lambda n, d: (-1 / lambd * libm(math.log1p, -generator.unit(n))).astype(d))


@composed(places="Tensor")
def cauchy_(self, median=0.0, sigma=1.0, *, generator=None):
    """median + sigma tan π(u - ½): overwrites self, which must be floating-point.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html"""
    median, sigma = np.float64(median), np.float64(sigma)
    demand(sigma > 0, f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    demand_continuous("Cauchy", self)
    generator = source(generator)
    tangent = lambda u: libm(math.tan, math.pi * (u - 0.5))
    return filled(self, lambda n, d: fma(tangent(generator.unit(n)), sigma, median).astype(d))


@composed(places="Tensor")
def geometric_(self, p, *, generator=None):
    """⌈log u / log(1 - p)⌉, how many trials of probability p it takes until one succeeds: overwrites self.

    self is of any dtype but bool. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html"""
    p = float(p)
    demand(0 < p < 1, f"geometric_ expects p to be in (0, 1), but got p={p}")
    if self.array.dtype == bool:
        raise NotImplementedError('"geometric_" not implemented for torch.bool: it counts')
    generator = source(generator)
    return filled(self, lambda n, d: np.ceil(libm(log, generator.unit(n)) / math.log1p(-p)).astype(d))


def log(x):
    """math.log, which raises where the C library's gives minus infinity."""
    return math.log(x) if x else -math.inf
