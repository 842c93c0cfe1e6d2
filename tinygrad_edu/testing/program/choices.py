"""What an operation may be applied to: each function here draws variables that fit, parameters, and says the shape of the result.

`d` is the drawing (drawing.py): `d.variable(fits, shape)` is a variable made before that fits, or a new tensor of that shape.
A choice that finds nothing returns None. The first alternative is always the simplest, since failing examples shrink to it.
"""

from math import prod

import numpy as np

LARGEST = 64  # entries of a value: enough for every bug, and quick


def shape_of(a, b):
    """What two shapes broadcast to; None if they do not, or if it is too large."""
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        return None
    return shape if prod(shape) <= LARGEST else None


def stretching(shape):
    """Shapes that broadcast to this one, itself first."""
    ones = [(*shape[:i], 1, *shape[i + 1 :]) for i, n in enumerate(shape) if n != 1]
    return [shape, *[()] * bool(shape), *[shape[1:]] * (len(shape) > 1), *ones]


def ranked(*ndims):
    return lambda x: len(x.shape) in ndims


def sized(x):
    return prod(x.shape) > 0


def one(d, **parameters):
    """Any variable; entry by entry."""
    x = d.variable()
    return [x], parameters, x.shape


def one_and_number(d):
    x = d.variable()
    return [x], {"number": d.number()}, x.shape


def one_and_power(d):
    x = d.variable()
    return [x], {"power": d.choice((2, 3, 1))}, x.shape  # (torch's gradient of x ** 0 cannot be differentiated)


def one_and_bounds(d):
    x = d.variable()
    low = d.choice((0, -1, 1))
    return [x], {"min": low, "max": low + d.choice((1, 2))}, x.shape


def two(d):
    """Two variables that broadcast."""
    x = d.variable()
    y = d.variable(lambda y: shape_of(x.shape, y.shape) is not None, stretching(x.shape))
    return y and ([x, y], {}, shape_of(x.shape, y.shape))


# ------------------------------------------------------------------ along axes


def without(shape, dim, keepdim):
    return tuple(1 if i == dim % len(shape) else n for i, n in enumerate(shape) if i != dim % len(shape) or keepdim)


def axis(d, x):
    """An axis of x, counted from either end."""
    return d.integer(0, len(x.shape) - 1) - d.choice((0, len(x.shape)))


def reduced(d, x, must=False, **parameters):
    """All of x, or along one axis."""
    if not x.shape or (not must and d.flag()):
        return None if must else ([x], parameters, ())
    dim, keepdim = axis(d, x), d.flag()
    kept = {"keepdim": True} if keepdim else {}
    return [x], {"dim": dim, **kept, **parameters}, without(x.shape, dim, keepdim)


def total(d):
    return reduced(d, d.variable())


def extreme(d):
    return reduced(d, d.variable(sized))


def largest_along(d):
    x = d.variable(lambda x: x.shape and sized(x))
    return x and reduced(d, x, must=True)


def variance(d):
    """Divided by n - 1 where there are two numbers at least."""
    x = d.variable(sized)
    drawn = reduced(d, x)
    if drawn:
        n = x.shape[drawn[1]["dim"]] if "dim" in drawn[1] else prod(x.shape)
        drawn[1]["correction"] = d.integer(0, int(n > 1))
    return drawn


def along(d, **parameters):
    """Along one axis, which stays."""
    x = d.variable(lambda x: x.shape and sized(x))
    return x and ([x], {"dim": axis(d, x), **parameters}, x.shape)


# ------------------------------------------------------------------ matrices


def product(d):
    """Vectors, matrices, stacks of matrices."""
    x = d.variable(lambda x: x.shape and sized(x))
    if x is None:
        return None
    n = x.shape[-1]

    def shape(y):
        try:
            return np.zeros(x.shape).__matmul__(np.zeros(y)).shape
        except ValueError:
            return None

    y = d.variable(
        lambda y: y.shape and y.dtype == x.dtype and (s := shape(y.shape)) is not None and prod(s) <= LARGEST,
        [(n,), (n, 2), (n, 1), (n, 3)],
        x.dtype,
    )
    if y is None:
        return None
    d.copied |= max(len(x.shape), len(y.shape)) > 2
    return [x, y], {}, shape(y.shape)


def layer(d):
    x = d.variable(lambda x: len(x.shape) in (1, 2) and sized(x))
    if x is None:
        return None
    w = d.variable(
        lambda w: len(w.shape) == 2 and w.shape[1] == x.shape[-1] and w.dtype == x.dtype,
        [(1, x.shape[-1]), (2, x.shape[-1]), (3, x.shape[-1])],
        x.dtype,
    )
    return w and ([x, w], {}, (*x.shape[:-1], w.shape[0]))


def layer_and_bias(d):
    drawn = layer(d)
    if not drawn:
        return None
    (x, w), _, shape = drawn
    b = d.variable(lambda b: b.shape == w.shape[:1] and b.dtype == x.dtype, [w.shape[:1]], x.dtype)
    d.copied |= len(x.shape) == 1
    return b and ([x, w, b], {}, shape)


def outer(d):
    x = d.variable(ranked(1))
    y = x and d.variable(ranked(1), [(2,), (1,), (3,)])
    return y and ([x, y], {}, x.shape + y.shape)


# ------------------------------------------------------------------ losses


def loss(d, **parameters):
    """Of two variables of one shape and dtype."""
    x = d.variable(sized)
    y = x and d.variable(lambda y: (y.shape, y.dtype) == (x.shape, x.dtype), [x.shape], x.dtype)
    if y is None:
        return None
    shape, reduction = x.shape, d.choice(("mean", "sum", "none"))
    return [x, y], {"reduction": reduction, **parameters}, shape if reduction == "none" else ()


def classes(d, ignoring=True):
    """Scores of some items, and each item's class, or -100 for one that does not count (but not for all)."""
    x = d.variable(lambda x: len(x.shape) == 2 and sized(x))
    if x is None:
        return None
    n, k = x.shape
    target = [d.integer(0, k - 1), *(d.choice((*range(k), -100)) for _ in range(n - 1))]
    reduction = d.choice(("mean", "sum", "none"))
    return [x], {"target": target, "reduction": reduction}, (n,) if reduction == "none" else ()


def weighted_classes(d):
    drawn = classes(d)
    if drawn:
        drawn[1]["weight"] = [d.choice((1.0, 2.0, 0.5)) for _ in range(drawn[0][0].shape[1])]
        drawn[1]["dtype"] = drawn[0][0].dtype
    return drawn
