"""What is looked at from elsewhere, or put elsewhere: views, and what rearranges. Drawn as in choices.py."""

from math import prod

from .choices import LARGEST, along, axis, ranked, sized, without


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


def laid(x):
    """Whether engines agree on how it lies in memory: whether it can be looked at in another shape depends on that."""
    return x.laid


def reshaped(d):
    x = d.variable(laid)
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
    x = d.variable(laid)
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
    shape = index.read(x.shape).shape
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


def rolled(d):
    drawn = along(d)
    return drawn and (drawn[0], {"shifts": d.integer(1, 2), "dims": drawn[1]["dim"]}, drawn[2])


def flipped(d):
    drawn = along(d)
    return drawn and (drawn[0], {"dims": (drawn[1]["dim"],)}, drawn[2])
