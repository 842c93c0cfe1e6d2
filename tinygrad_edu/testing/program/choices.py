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


def rolled(d):
    drawn = along(d)
    return drawn and (drawn[0], {"shifts": d.integer(1, 2), "dims": drawn[1]["dim"]}, drawn[2])


def flipped(d):
    drawn = along(d)
    return drawn and (drawn[0], {"dims": (drawn[1]["dim"],)}, drawn[2])


# ------------------------------------------------------------------ views, and what rearranges


def turned(d):
    x = d.variable(ranked(2))
    return x and ([x], {}, x.shape[::-1])


def transposed(d):
    x = d.variable(lambda x: len(x.shape) > 1)
    if x is None:
        return None
    a, b = axis(d, x), axis(d, x)
    dims = list(range(len(x.shape)))
    dims[a], dims[b] = dims[b], dims[a]
    return [x], {"dim0": a, "dim1": b}, tuple(x.shape[i] for i in dims)


def permuted(d):
    x = d.variable(lambda x: len(x.shape) > 1)
    if x is None:
        return None
    dims = d.order(len(x.shape))
    return [x], {"dims": dims}, tuple(x.shape[i] for i in dims)


def reshaped(d):
    x = d.variable()
    n = prod(x.shape)
    halves = [(2, n // 2), (n // 2, 2)] if n % 2 == 0 else []
    shape = d.choice([(n,), (n, 1), (1, n), *halves, x.shape[::-1]])
    return [x], {"shape": shape}, shape


def unsqueezed(d):
    x = d.variable(ranked(0, 1, 2))
    if x is None:
        return None
    dim = d.integer(0, len(x.shape))
    return [x], {"dim": dim}, (*x.shape[:dim], 1, *x.shape[dim:])


def squeezed(d):
    x = d.variable()
    return [x], {}, tuple(n for n in x.shape if n != 1)


def expanded(d):
    x = d.variable()
    front = d.choice(((), (2,)))
    shape = (*front, *(d.integer(2, 3) if n == 1 and d.flag() else n for n in x.shape))
    return None if prod(shape) > LARGEST else ([x], {"shape": shape}, shape)


def flattened(d):
    x = d.variable()
    return [x], {}, (prod(x.shape),)


def narrowed(d):
    x = d.variable(lambda x: x.shape and sized(x))
    if x is None:
        return None
    dim = axis(d, x)
    n = x.shape[dim]
    start = d.integer(0, n - 1)
    length = d.integer(1, n - start)
    shape = list(x.shape)
    shape[dim] = length
    return [x], {"dim": dim, "start": start, "length": length}, tuple(shape)


def selected(d):
    x = d.variable(lambda x: x.shape and sized(x))
    if x is None:
        return None
    dim = axis(d, x)
    return [x], {"dim": dim, "index": d.integer(0, x.shape[dim] - 1)}, without(x.shape, dim, False)


def chunked(d):
    """The first or the last of two chunks."""
    x = d.variable(lambda x: x.shape and sized(x))
    if x is None:
        return None
    dim, place = axis(d, x), d.choice((0, -1))
    n = x.shape[dim]
    shape = list(x.shape)
    shape[dim] = -(-n // 2) if place == 0 or n == 1 else n // 2
    return [x], {"chunks": 2, "dim": dim, "place": place}, tuple(shape)


def diagonal(d):
    x = d.variable(ranked(2))
    return x and ([x], {}, (min(x.shape),))


def picked(d, arrays=True):
    x = d.variable()
    index = d.index(x.shape, arrays)
    shape = np.empty(x.shape, bool)[index.arrays()].shape
    return None if prod(shape) > LARGEST else ([x], {"index": index}, shape)


def sliced(d):
    return picked(d, arrays=False)


def several(x):
    """More than one number, or none. (torch lets leaves of one number share a gradient, if they were joined and the gradient
    of the whole was stretched: adding to one then adds to the others too.)"""
    return prod(x.shape) != 1


def joined(d):
    x = d.variable(lambda x: x.shape and several(x))
    if x is None:
        return None
    y = d.variable(lambda y: y.shape == x.shape, [x.shape])
    dim = axis(d, x)
    shape = list(x.shape)
    shape[dim] *= 2
    return None if prod(shape) > LARGEST else ([x, y], {"dim": dim}, tuple(shape))


def stacked(d):
    x = d.variable(lambda x: len(x.shape) in (1, 2) and several(x))
    if x is None:
        return None
    y = d.variable(lambda y: y.shape == x.shape, [x.shape])
    dim = d.integer(0, len(x.shape))
    return None if 2 * prod(x.shape) > LARGEST else ([x, y], {"dim": dim}, (*x.shape[:dim], 2, *x.shape[dim:]))


def repeated(d):
    x = d.variable()
    sizes = (d.integer(1, 2), *(d.integer(1, 2) for _ in x.shape[1:]))
    shape = tuple(n * m for n, m in zip(x.shape or (1,), sizes))
    return None if prod(shape) > LARGEST else ([x], {"sizes": sizes}, shape)


def gathered(d):
    """Numbers of a vector by their places, some of them twice."""
    x = d.variable(lambda x: len(x.shape) == 1 and sized(x))
    if x is None:
        return None
    d.listed = True
    places = [d.integer(0, x.shape[0] - 1) for _ in range(d.integer(1, 3))]
    return [x], {"dim": 0, "places": places}, (len(places),)


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
    d.copied |= len(x.shape) != len(y.shape) and 3 in (len(x.shape), len(y.shape))
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


# ------------------------------------------------------------------ the graph


def requiring(d):
    return d.existing(lambda x: x.requires)


def computed(d):
    x = d.existing(lambda x: x.requires and not x.leaf and x.memory == x.number)
    return x and ([x], {}, x.shape)


def hooked(d):
    """No view: after a write to its base under no_grad, torch makes it anew, without its hooks. And torch crashes where it is
    to make it anew for the hook: what it takes for a view, as a linear map of a vector, once that was written to."""
    x = d.existing(lambda x: x.requires and x.memory == x.number and not x.written)
    return x and ([x], {"number": d.choice((2, 3, 0))}, x.shape)


def scalar_of(d, x):
    """How x is made one number, from which to go back."""
    return "" if x.shape == () else d.choice((".sum()", ".square().sum()"))


def started(d):
    x = d.existing(lambda x: x.requires and not x.leaf) or requiring(d)
    if x is None:
        return None
    keep = {"retain_graph": True} if d.listed or (d.full and d.flag()) else {}
    d.reached |= x.origins
    return [x], {"of": scalar_of(d, x), **keep}, ()


def slope(d):
    """A value, and what it was computed from."""
    y = d.existing(lambda x: x.requires and not x.leaf)
    x = y and d.existing(lambda x: x.number in y.origins)
    return None if x is None or d.listed else (y, x)


def taped(d):
    """Note that a gradient has a graph, if every rule that it may go through has one."""
    whole = all(step.operation.name != "binary_cross_entropy" for step in d.steps)
    d.taped |= whole
    return whole


def differentiated(d):
    """With create_graph of y², whose gradient depends on y: torch takes even a constant slope, as relu's, to require grad."""
    if (found := slope(d)) is None:
        return None
    (y, x), create = found, not d.flag() and taped(d)
    return [y, x], {"of": ".square().sum()" if create else scalar_of(d, y), "create_graph": create}, x.shape


def twice(d):
    found = d.full and slope(d)
    if not found or not taped(d):
        return None
    d.reached |= found[0].origins
    return [*found], {"of": ".square().sum()"}, ()


def collected(d):
    """.grad of a leaf that a backward has reached."""
    x = d.existing(lambda x: x.number in d.reached)
    return x and ([x], {}, x.shape)


# ------------------------------------------------------------------ writes


def writable(d):
    """What may be written to: no leaf that wants a gradient, unless graphs are off; nothing that is stretched."""
    off = "no_grad" in d.modes[-1:]
    return None if d.mixed or d.taped or d.copied else d.existing(lambda x: not x.stretched and (off or not x.fixed))


def may_take(d, x):
    """Whether a value may be written to x. Where x shares memory, and no graph knows of it, only one that wants no gradient."""
    alone = x.requires or sum(y.memory == x.memory for y in d.variables) == 1
    return lambda y: alone or not y.requires


def written(d, **parameters):
    x = writable(d)
    return x and ([x], parameters, x.shape)


def written_number(d):
    x = writable(d)
    return x and ([x], {"number": d.number()}, x.shape)


def written_power(d):
    x = writable(d)
    return x and ([x], {"power": d.choice((2, 3))}, x.shape)


def written_with(d):
    x = writable(d)
    y = x and d.variable(
        lambda y: y is x or (shape_of(x.shape, y.shape) == x.shape and y.memory != x.memory and may_take(d, x)(y)),
        stretching(x.shape),
    )
    return y and ([x, y], {}, x.shape)


def written_part(d, number=False):
    x = writable(d)
    if x is None:
        return None
    index = d.index(x.shape, True)
    places = np.arange(prod(x.shape)).reshape(x.shape)[index.arrays()]
    if len(np.unique(places)) < places.size:
        return None  # of two values for one place the last stays, and torch's derivative says that both do
    if number:
        return [x], {"index": index, "number": d.number()}, x.shape
    y = d.variable(
        lambda y: shape_of(places.shape, y.shape) == places.shape and y.memory != x.memory and may_take(d, x)(y),
        stretching(places.shape),
        x.dtype,
    )
    return y and ([x, y], {"index": index}, x.shape)


def written_part_number(d):
    return written_part(d, number=True)


def scaled_part(d):
    x = writable(d)
    return x and ([x], {"index": d.index(x.shape, False), "number": d.number()}, x.shape)
