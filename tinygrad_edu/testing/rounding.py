"""How far may rounding move a result? Compute it again and again, each time with other roundings, and see.

Two correct programs for one formula differ: the one rounds where the other does not. By how much depends on the formula
and on the numbers, for terms that cancel leave their rounding behind, and no bound on the formula alone is both safe
and sharp. So we measure. A step is run twelve times more, and each time the result of every op, and of every rule of a
derivative, is moved at random by about as much as rounding could have moved it. How far the final results spread is
what rounding can do to them, entry by entry: σ.

How far rounding reaches in one op is measured too, so that no op needs to declare it. Let r be an entry of its result,
eps the precision, and eps·tᵢ how far r moves if the i-th number that the op reads moves by its own last bit. Then

    reach² = eps² (r² + Σ tᵢ²) (1 + n/12)

r² stands for the rounding of the result itself, which is all where an op is one function of the processor's. The tᵢ of a
sum are its terms, which may be much larger than r; and a sum of n terms, added one by one, rounds n times, each with
variance 1/12 of its last bit.

Parker, Monte Carlo arithmetic, 1997; Vignes, A stochastic arithmetic for reliable scientific computation, 1993.
"""

from functools import partial
from math import prod, sqrt
from types import SimpleNamespace

import numpy as np

from ..generator import default_generator
from ..graph import fit
from ..tensor import Tensor, made
from ..thread import Watcher, watching

RUNS = 12
FEW = 16  # fewer entries than these may show something by luck
PROBES = 4  # how often what such a result was made of is moved, to see how far it moves; for others once is enough
FLOOR = 0.3  # twelve runs may by chance show too little of an entry's σ: it is at least this share of its tensor's


def spread(step, runs=RUNS):
    """(results, σ): what step() returns, arrays by name, and the rms distance by which rounding moves their entries.

    `step` must do the same each time it is called: RuntimeError if it does not. Each run begins where the default
    generator stands now, which is left there. σ is infinite where a result is a number and some moved ones are not."""
    rng, state = np.random.Generator(np.random.SFC64(0)), default_generator.get_state()

    def run(watcher):
        default_generator.set_state(state)
        with watching(watcher):
            return step()

    try:
        measure = Measure(rng)
        results = {name: np.array(a) for name, a in run(measure).items()}
        variances = dict.fromkeys(results, 0.0)
        for _ in range(runs):
            for name, a in run(move := Move(rng, measure.reaches)).items():
                repeats(a.shape, results[name].shape)
                variances[name] += np.square(np.subtract(a, results[name], dtype=np.float64, casting="unsafe"))
            repeats(next(move.reaches, END) is END, True)
        for name, a in run(Watcher()).items():
            repeats(np.asarray(a).tobytes(), results[name].tobytes())
    finally:
        default_generator.set_state(state)
    return results, {name: floored(np.sqrt(v / runs), results[name]) for name, v in variances.items()}


def floored(sigma, result):
    """σ, and no less than a share of its tensor's, nor than the result's own rounding, of variance eps²/12."""
    sigma = np.where(np.isfinite(sigma), sigma, np.inf)
    known = sigma[sigma < np.inf]
    sigma = np.maximum(sigma, FLOOR * np.sqrt(np.mean(np.square(known)))) if known.size else sigma
    return np.maximum(sigma, np.finfo(result.dtype).eps / sqrt(12) * np.abs(result)) if rounds(result) else sigma


class Measure(Watcher):
    """The watcher of the first run: it measures how far rounding reaches in each result, in their order, and moves none."""

    def __init__(self, rng):
        self.rng, self.reaches = rng, []

    def forward(self, op, arrays, params, out):
        if op.view or not rounds(out):
            self.reaches.append(None)
        else:
            call = lambda *arrays: [np.asarray(op.forward(*arrays, **params))]
            what, once = (op.name, "forward", *params.values()), isinstance(op.forward, np.ufunc)
            (n,), (reach,) = self.measured(what, call, arrays, [out], once)
            self.reaches.append(None if reach is None else (reach, limits(out) if n <= 1 else None))
        return out

    def backward(self, node, g, parts):
        if not isinstance(g, Tensor):  # (under create_graph rules are made of ops, and those are seen one by one)
            arrays = g, *(x.array if isinstance(x, Tensor) else x for x in node.saved)
            what, call = (node.op.name, "rules", *node.params), lambda *arrays: pulled(node, *arrays)
            _, reaches = self.measured(what, call, arrays, contributions(node, parts))
            self.reaches += [None if reach is None else (reach, None) for reach in reaches]
        return parts

    def measured(self, what, f, arrays, results, once=False):
        """(n, reach) of each of f's results; the reach is None if it is not rounded.

        `once`: f is one function of the processor's or the C library's, which rounds its result and no more."""
        with np.errstate(all="ignore"):
            exact = f(*map(wide, arrays))
            n, always = fans(what, f, arrays)
            each = zip(results, exact, n, [it or partial(self.picks, f, arrays, i) for i, it in enumerate(always)])
            rounded = [r is not None and not unrounded(r, m, arrays, k, it) for r, m, k, it in each]
            few = any(it and r.size < FEW for it, r in zip(rounded, results))
            probes = [] if once or not any(rounded) else self.probes(arrays, PROBES if few else 1)
            moved = [f(*map(wide, near)) for near in probes]
            each = zip(rounded, results, n, exact, *moved)
            return n, [reach(x, m, k, r.dtype) if it else None for it, r, k, x, *m in each]

    def picks(self, f, arrays, i):
        """Whether f's i-th result is made of entries of the arrays even when those are moved."""
        near = [wide(a) for a in self.probes(arrays, 1)[0]]
        return picked(f(*near)[i], near)

    def probes(self, arrays, times):
        """The same numbers, each moved at random by one last bit in the mean; but whole numbers are what they are."""
        by = [sqrt(3) * np.finfo(a.dtype).eps * a if rounds(a) and not whole(a) else None for a in arrays]
        within = [None if b is None else limits(a) for a, b in zip(arrays, by)]
        return [
            [a if b is None else moved(self.rng, a, b, kept) for a, b, kept in zip(arrays, by, within)]
            for _ in range(times)
        ]


def fans(what, f, arrays):
    """([n], [exact]) of f's results: how many entries of one array an entry is made of (change one, and count what changes),
    and whether it comes out exactly, of any numbers.

    Both depend on the op, its plain parameters and the shapes, but not on the numbers, and so are found out once."""
    numbers = lambda part: isinstance(part, tuple) and all(isinstance(n, int) for n in part)
    plain = [part for part in what if isinstance(part, (str, int, float)) or numbers(part)]
    key = *plain, *(None if a is None else a.shape for a in arrays)
    if key not in FANS:
        rng = np.random.default_rng(0)
        any_numbers = [rng.uniform(0.25, 0.75, a.shape).astype(a.dtype) if rounds(a) else a for a in arrays]
        before = f(*map(wide, any_numbers))
        n = [0.0] * len(before)
        for i, k in [(i, k) for i, a in enumerate(arrays) if rounds(a) and a.size for k in rng.integers(0, a.size, 2)]:
            changed = [*map(wide, any_numbers)]
            changed[i].flat[k] /= 2
            for j, (r, m) in enumerate(zip(f(*changed), before)):
                if r is not None and r.size:
                    n[j] = max(n[j], np.count_nonzero(r != m) * changed[i].size / r.size)
        FANS[key] = n, [r is not None and np.array_equal(r, m, equal_nan=True) for r, m in zip(f(*any_numbers), before)]
    return FANS[key]


FANS = {}

END = object()  # after the last result of the first run


class Move(Watcher):
    """The watcher of a later run: it moves each result at random, up or down, by at most its reach."""

    def __init__(self, rng, reaches):
        self.rng, self.reaches = rng, iter(reaches)

    def forward(self, op, arrays, params, out):
        return self.moved(out)

    def backward(self, node, g, parts):
        return parts if isinstance(g, Tensor) else [self.moved(part) for part in contributions(node, parts)]

    def moved(self, r):
        measured = next(self.reaches, END)
        repeats(measured is END, False)
        if measured is None:
            return r
        reach, within = measured
        repeats(r.shape, reach.shape)
        return moved(self.rng, r, reach, within)


def repeats(now, before):
    """Raise RuntimeError unless a step, called again, did the same."""
    if now != before:
        seen = f": a result of shape {list(now)} came where there had been {list(before)}" if type(now) is tuple else ""
        raise RuntimeError(
            f"step() did not do the same when it was called again{seen}. It must leave no traces (call zero_grad, train"
            " nothing), draw only from the default generator, and not let the last bits of a number decide a shape"
        )


def moved(rng, a, reach, within):
    """a + u·reach, u uniform in [-1, 1], in memory as a is; no entry leaves the limits that it is to stay within."""
    if a.size < len(NOISE):
        start = int(rng.random() * (len(NOISE) - a.size))
        u = NOISE[start : start + a.size].reshape(a.shape)
    else:
        u = 2 * rng.random(a.shape, np.float32) - 1
    result = np.add(a, u * reach, out=np.empty_like(a), casting="same_kind")
    return np.clip(result, *within, out=result) if within else result


# Drawn once and read from random places on, since drawing anew would cost more than the steps themselves.
NOISE = np.random.default_rng(0).uniform(-1, 1, 2**17).astype(np.float32)


def limits(a):
    """Between what the entries may be moved: on their side of -1, 0 and 1, and no further than half the way there.

    None if there are entries on both sides of all. A probability above 1 means nothing, and there are ops that refuse it."""
    least, most = a.min(initial=np.inf), a.max(initial=-np.inf)
    low = next((bound for bound in (0, -1) if least >= bound), None)
    high = next((bound for bound in (0, 1) if most <= bound), None)
    if low is None and high is None:
        return None
    return -np.inf if low is None else (least + low) / 2, np.inf if high is None else (most + high) / 2


def reach(exact, moved, n, dtype):
    """eps √((r² + Σ tᵢ²) (1 + n/12)). Moving all numbers at random moves r by eps Σ ± tᵢ, whose mean square is eps² Σ tᵢ²."""
    squares = np.square(np.finfo(dtype).eps * exact)
    if moved:
        terms = sum(np.square(m - exact) for m in moved) / len(moved)
        squares = squares + np.where(np.isfinite(terms), terms, 0)
    total = np.sqrt(squares * (1 + (n / 12 if n > 1 else 0)))
    return np.where(np.isfinite(total), total, 0).astype(dtype)


def unrounded(r, exact, arrays, n, always):
    """Whether r, computed from these arrays, was not rounded: it is what comes out with more bits, and not by luck.

    Sums of n numbers may be so by luck, unless they `always` are, or pick entries of the arrays (`always` tells when called);
    and so may few entries, unless they are entries of the arrays, but for their signs. Whole numbers are not, but those that
    are sums: 0 often is what large terms leave, and then the terms must be small whole numbers too."""
    arrays, eps = [a for a in arrays if rounds(a)], np.finfo(r.dtype).eps
    no_more_bits = arrays and all(np.finfo(a.dtype).eps == np.finfo(exact.dtype).eps for a in arrays)
    if no_more_bits or not (r == exact).all():
        return False
    if n > 1 and callable(always):
        if picked(r, arrays) and always():
            return True
    elif r.size >= FEW or picked(r, arrays):
        return True
    small = n * prod(float(np.abs(a).max(initial=0)) for a in arrays) < 1 / eps
    return whole(r) and (n <= 1 or (small and all(map(whole, arrays))))


def picked(r, arrays):
    """Whether all entries of r are entries of one of the arrays, but for their signs."""
    return r.any() and any(np.isin(np.abs(r), np.abs(a)).all() for a in arrays if rounds(a))


def contributions(node, parts):
    """What the walk takes of a rule's results: those that an input wants, as arrays in that input's shape."""
    return [None if part is None or edge is None else fit(part, edge, node.op) for part, edge in zip(parts, node.edges)]


def pulled(node, g, *saved):
    """What node's rules contribute for this g, had it saved these arrays."""
    edges = [edge and SimpleNamespace(shape=edge.shape, dtype=g.dtype) for edge in node.edges]
    saved = [made(a, None) if isinstance(kept, Tensor) else a for a, kept in zip(saved, node.saved)]
    twin = SimpleNamespace(op=node.op, edges=edges, params=node.params, saved=saved)
    return contributions(twin, node.op.pull_general(twin, g, False))


def rounds(a):
    """Whether a holds numbers that can be rounded."""
    return a is not None and a.dtype.kind == "f"


def whole(a):
    """Whether a holds whole numbers only, of which none is so large that all its like are."""
    some = a.size and (a.flat[0] % 1 or a.max() * np.finfo(a.dtype).eps >= 1 or a.min() * np.finfo(a.dtype).eps <= -1)
    return not some and np.array_equal(a, np.rint(a))


def wide(a):
    """The same numbers with room for more bits."""
    return a.astype(np.longdouble if a.dtype == np.float64 else np.float64) if rounds(a) else a
