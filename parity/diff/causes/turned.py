"""Suspects that know what becomes of numbers: they were turned, shifted, reduced too far or not at all, or added once too often."""

from itertools import combinations, permutations

import numpy as np

from .evidence import Cause, distance, magnitude, summed
from .suspects import OBSERVED, SUSPECTS, TURNED, UNCHANGED, suspect

AXES = 5  # of more axes than these there are too many orders
SEEN = 1e-6  # of the largest: what is smaller may be rounding that is left where terms cancel


# ------------------------------------------------------------------ the same numbers in other places


@suspect("transposed")
def transposed(e):
    """Some axes are exchanged."""
    ndim = e.ours.ndim
    for order in permutations(range(ndim)) if 2 <= ndim <= AXES else ():
        turned = e.ours.transpose(order)
        moved = [i for i, k in enumerate(order) if i != k]
        how = f"axes {moved[0]} and {moved[1]} exchanged" if len(moved) == 2 else f"its axes in the order {order}"
        if moved and turned.shape == e.theirs.shape:
            yield turned, f"{e.us} is {e.them} transposed, with {how}: look for a .T too many, or one too few"


@suspect("reversed")
def reversed_along(e):
    """An axis, or two, run the other way."""
    for n in (1, 2, 3):
        for dims in combinations([i for i, k in enumerate(e.ours.shape) if k > 1], n):
            along = " and ".join(f"axis {i}" for i in dims)
            yield (
                np.flip(e.ours, dims),
                f"{e.us} is {e.them} reversed along {along}: a scan or a kernel that was not turned round",
            )


@suspect("off by one")
def rolled(e):
    """Every number is one or two places further."""
    for axis, n in enumerate(e.ours.shape):
        for shift in (1, -1, 2, -2):
            if n > 2 * abs(shift):
                moved = np.roll(e.ours, -shift, axis)
                words = f"{e.us} stands {abs(shift)} place{'s'[: abs(shift) > 1]} too {'late' if shift > 0 else 'early'} along axis {axis}"
                yield moved, f"{words}, and comes in again at the other end: an index, or a roll, is off"
                if n >= 4 and moved.shape == e.theirs.shape:
                    edge = [slice(None)] * moved.ndim
                    edge[axis] = slice(-shift, None) if shift > 0 else slice(0, -shift)
                    moved[tuple(edge)] = e.theirs[tuple(edge)]
                    yield moved, f"{words}: padding on the wrong side, or an index that begins at 1"


@suspect("blocks in another order")
def blocks(e):
    """Equal parts of an axis, as the gates of an LSTM, are put in another order."""
    for axis in {0, e.ours.ndim - 1} if e.ours.ndim else ():
        for k in (2, 3, 4):
            if e.ours.shape[axis] % k == 0 and e.ours.shape[axis] >= 2 * k:
                parts = np.split(e.ours, k, axis)
                for order in list(permutations(range(k)))[1:]:
                    words = f"{e.us} has the {k} equal blocks of axis {axis} in another order: the reference's are our {order}"
                    yield (
                        np.concatenate([parts[i] for i in order], axis),
                        f"{words}. torch's gates are in, forget, candidate, out",
                    )


@suspect("interleaved")
def interleaved(e):
    """k runs of n, where there should be n runs of k."""
    for axis, n in enumerate(e.ours.shape[:2]):
        for k in (k for k in range(2, n // 2 + 1) if n % k == 0):
            rest = e.ours.shape[axis + 1 :]
            dealt = e.ours.reshape(*e.ours.shape[:axis], k, n // k, *rest).swapaxes(axis, axis + 1)
            words = (
                f"{e.us} is interleaved along axis {axis}: item i belongs to one of {k} equal runs in the one engine"
            )
            yield dealt.reshape(e.ours.shape), f"{words}, and to group i mod {k} in the other"


@suspect("column by column")
def fortran(e):
    """The numbers were laid out in Fortran's order."""
    if e.ours.size == e.theirs.size and min(e.ours.ndim, e.theirs.ndim) > 1:
        words = "has the reference's numbers in another order: reshape reads row by row, and so must what wrote them"
        yield e.ours.ravel("F").reshape(e.theirs.shape), f"{e.us} {words}"
        yield e.ours.ravel().reshape(e.theirs.shape, order="F"), f"{e.us} {words}"


@suspect("wrong sign")
def negated(e):
    if e.ours.dtype.kind in "fc" and magnitude(e.theirs):
        yield -e.ours, f"{e.us} is minus {e.them}: a sign is lost, as in the slope of a difference, or of 1 / x"


# ------------------------------------------------------------------ shapes


@suspect("missing unbroadcast")
def not_reduced(e):
    """A gradient kept the shape that its input was stretched to."""
    if e.ours.shape != e.theirs.shape and e.ours.size > e.theirs.size:
        said = f"ours has shape {list(e.ours.shape)}, and summed over the axes that were stretched it is the reference's {list(e.theirs.shape)}"
        yield summed(e.ours, e.theirs.shape), f"{said}: what broadcasting copies, backward must add up"


@suspect("mean for sum")
def mean_over_stretched(e):
    """Broadcasting was undone by a mean; this one is known where shapes tell how often a number was copied."""
    if e.upstream is not None and e.upstream.ndim and e.upstream.shape != e.theirs.shape == e.ours.shape:
        ratio = e.upstream.size / e.theirs.size
        ones = summed(np.ones(e.upstream.shape), e.theirs.shape)
        if ratio > 1 and (ones == ratio).all():
            said = f"ours is the reference over {ratio:g}, the number of copies that broadcasting made"
            yield e.ours * ratio, f"{said}: backward must add up what came to them, and not take the mean"


@suspect("axis of length 1")
def kept_or_dropped(e):
    """The same numbers but for a 1 in the shape."""
    long = lambda shape: [n for n in shape if n > 1]
    if e.ours.shape != e.theirs.shape and e.ours.size > 0 and long(e.ours.shape) == long(e.theirs.shape):
        said = f"the numbers are the same, and the shapes {list(e.ours.shape)} and {list(e.theirs.shape)} differ by axes of length 1"
        yield e.ours.reshape(e.theirs.shape), f"{said}: keepdim, squeeze or unsqueeze"


@suspect("another shape")
def reshaped(e):
    """The same numbers in the same order, cut otherwise."""
    if e.ours.shape != e.theirs.shape and e.ours.size == e.theirs.size:
        said = f"the numbers and their order are the same, but ours has shape {list(e.ours.shape)}, and the reference's {list(e.theirs.shape)}"
        yield e.ours.reshape(e.theirs.shape), said


def claim(name, tier=TURNED):
    """Declare a suspect that says more than what ours becomes: a generator of (words, pairs of a value and what is seen)."""

    def declare(claims):
        def hear(e):
            for words, *pairs in claims(e):
                if all(e.reproduces(value, seen) for value, seen in pairs):
                    yield Cause(name, words, tier == OBSERVED)

        SUSPECTS[tier].append(hear)
        return claims

    return declare


@claim("summed too far")
def reduced_too_far(e):
    """Ours was summed, or its mean was taken, along axes that the reference keeps."""
    ndim = e.theirs.ndim
    if e.ours.size < e.theirs.size and ndim <= AXES:
        for n in range(1, ndim + 1):
            for dims in combinations(range(ndim), n):
                for what, how in (("sum", np.sum), ("mean", np.mean)):
                    for keep in (False, True):
                        said = f"ours is the {what} of the reference over {dims if n > 1 else f'axis {dims[0]}'}"
                        yield f"{said}, which should have been kept", (how(e.theirs, axis=dims, keepdims=keep), e.ours)


# ------------------------------------------------------------------ what was added


@suspect("stale gradient")
def not_zeroed(e):
    if "grad" in e.before and e.what == "accumulated gradient" and magnitude(e.before["grad"]):
        yield (
            e.ours - e.before["grad"],
            "ours still has the last backward's gradient in it: zero_grad is missing, or does nothing",
        )


@suspect("overwritten gradient")
def not_added(e):
    if "grad" in e.before and e.what == "accumulated gradient" and magnitude(e.before["grad"]):
        said = (
            "ours has this backward's gradient only: .grad must be added to (+=), and not replaced, until it is zeroed"
        )
        yield e.ours + e.before["grad"], said


@claim("only some of the uses")
def some_uses(e):
    """A value that is used several times hears of some of its uses only."""
    parts, start = list(e.inputs.items()), e.before.get("grad", 0)
    if e.what == "accumulated gradient" and 2 <= len(parts) <= 6:
        whole = sum((a for _, a in parts), start)
        for n in range(1, len(parts)):
            for some in combinations(parts, n):
                names = " and ".join(name for name, _ in some)
                said = f"ours has only what came {names}; the reference adds up all {len(parts)}"
                pairs = (sum((a for _, a in some), start), e.ours), (whole, e.theirs)
                yield (
                    f"{said}: gradients of several uses must be added (+=), and each be whole before it is passed on",
                    *pairs,
                )


@claim("one use counted twice")
def a_use_twice(e):
    """A contribution is added twice."""
    parts, start = list(e.inputs.items()), e.before.get("grad", 0)
    if e.what == "accumulated gradient" and len(parts) >= 2:
        whole = sum((a for _, a in parts), start)
        for name, a in parts:
            yield (
                f"ours has what came {name} twice: a node is walked twice, or an array is shared",
                (whole + a, e.ours),
                (whole, e.theirs),
            )


@claim("not remembered", UNCHANGED)
def unchanged(e):
    """A state, or a parameter, is what it was; a state that there was not yet, 0."""
    name = e.wrt or "parameter"
    was = e.before.get(name, None if name == "parameter" else np.zeros_like(e.theirs))
    if e.what == "update" and e.before and was is not None and distance(was, e.theirs) > 0:
        said = f"our {name} is what it was before: what was computed is not written back"
        yield f"{said} (mean = ... makes a new array, mean[...] = ... writes into the old)", (was, e.ours)


# ------------------------------------------------------------------ zeros, and what is no number


@suspect("lost")
def lost(e):
    """Ours is 0 in some places, and right elsewhere."""
    if e.ours.shape == e.theirs.shape:
        gone = (e.ours == 0) & (np.abs(e.theirs) > SEEN * magnitude(e.theirs))
        if gone.any() and (e.ours != 0).any():
            said = f"ours is 0 in {gone.sum()} of {gone.size} places where the reference is not, and the same elsewhere"
            yield np.where(gone, e.theirs, e.ours), f"{said}: a mask, a clamp or a corner that takes away too much"


@suspect("heard")
def heard_too_much(e):
    """Ours is a number in some places where the reference is 0, and right elsewhere."""
    if e.ours.shape == e.theirs.shape:
        extra = (e.theirs == 0) & (np.abs(e.ours) > SEEN * magnitude(e.ours))
        if extra.any() and (e.theirs != 0).any():
            said = (
                f"ours is not 0 in {extra.sum()} of {extra.size} places where the reference is, and the same elsewhere"
            )
            yield np.where(extra, 0, e.ours), f"{said}: padding, an ignored item or a mask is heard"


@suspect("not finite", OBSERVED)
def not_finite(e):
    if e.ours.shape == e.theirs.shape:
        bad = ~np.isfinite(e.ours) & np.isfinite(e.theirs)
        if bad.any():
            said = f"ours is infinite or NaN in {bad.sum()} of {bad.size} places where the reference is not"
            yield (
                np.where(bad, e.theirs, e.ours),
                f"{said}: an overflow, log 0 or 0 / 0 that the reference keeps away from",
            )


@suspect("nothing arrived", OBSERVED)
def nothing(e):
    if not magnitude(e.ours) and magnitude(e.theirs):
        yield e.theirs, "ours is 0 everywhere: nothing arrived, as after a detach, or where a mask takes all"


# ------------------------------------------------------------------ precision


@claim("float64 for float32", UNCHANGED)
def other_precision(e):
    """The same numbers, with more bits or fewer."""
    a, b = e.ours, e.theirs
    if a.dtype != b.dtype and a.shape == b.shape and {a.dtype.kind, b.dtype.kind} == {"f"}:
        narrow = min(a.dtype, b.dtype, key=lambda dtype: dtype.itemsize)
        if e.close(a.astype(narrow), b.astype(narrow)):
            said = f"the numbers are the same, but ours is {a.dtype}, and the reference {b.dtype}"
            yield (f"{said}: look for a cast, or an array or NumPy number that promotes",)


@claim("float32 inside float64")
def less_precision(e):
    """Ours is float64, and every number of it fits into float32."""
    a, b = e.ours, e.theirs
    if a.dtype == b.dtype == np.float64 and a.shape == b.shape and a.size > 1:
        rounds = lambda x: (x.astype(np.float32) == x).all()
        if rounds(a) and not rounds(b) and distance(a, b) <= 16 * np.finfo(np.float32).eps * np.linalg.norm(b):
            said = "ours is float64, but every number of it is one of float32"
            yield (f"{said}: it was computed, or stored, in float32 on its way",)
