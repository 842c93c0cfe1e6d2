"""What a program does to a graph: going back, hooks, and writes in place. Drawn as in choices.py."""

import numpy as np

from .choices import shape_of, sized, stretching


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


def quiet(d):
    """Whether no graph is built here."""
    return "no_grad" in d.modes[-1:]


def fresh(d):
    """A test for values to go back from: whose graph is whole, as far as is known; now and then for any that have one. Where
    no graph is built, only from a single number, which need not be made one."""
    any_ = d.integer(0, 5) == 5
    startable = lambda x: safe(x) and not x.leaf and not (quiet(d) and x.shape)
    return lambda x: startable(x) and (any_ or not x.history & d.walked)


def safe(x):
    """Whether a walk from x writes to no .grad that x was computed from: torch does so on its way, and we at its end."""
    return x.requires and not x.collected & x.origins


def started(d):
    fits = fresh(d)
    x = d.flag() and d.existing(lambda x: fits(x) and x.written and not alone(d, x))  # most can go wrong with these
    x = x or d.existing(fits) or (None if quiet(d) else d.existing(safe))
    if x is None:
        return None
    keep = {"retain_graph": True} if d.listed or (d.full and d.flag()) else {}
    d.reached |= x.origins
    if not keep:
        d.walked |= x.history
    return [x], {"of": scalar_of(d, x), **keep}, ()


def slope(d):
    """The youngest value, which has most of a history, and what it was computed from. Nothing in that was written to: of a
    gradient that an overwriting took away, torch has none, and others may have zeros."""
    written = {x.number for x in d.variables if x.written}
    whole = fresh(d)
    y = next((x for x in reversed(d.variables) if whole(x) and not x.history & written), None)
    x = y and d.existing(lambda x: x.number in y.origins)
    return None if x is None or d.listed or quiet(d) else (y, x)


def taped(d):
    """Note that a gradient has a graph, if every rule that it may go through has one. (For torch, that of an empty list which
    is joined to others is a constant.)"""
    whole = all(step.operation.name != "binary_cross_entropy" for step in d.steps)
    whole &= all(x.shape != (0,) for x in d.variables)
    d.taped |= whole
    return whole


def differentiated(d):
    """With create_graph of y², whose gradient depends on y: torch takes even a constant slope, as relu's, to require grad."""
    if (found := slope(d)) is None:
        return None
    (y, x), create = found, not d.flag() and taped(d)
    if not create:
        d.walked |= y.history
    return [y, x], {"of": ".square().sum()" if create else scalar_of(d, y), "create_graph": create}, x.shape


def twice(d):
    found = d.full and slope(d)
    if not found or not taped(d):
        return None
    d.reached |= found[0].origins
    d.walked |= found[0].history
    return [*found], {"of": ".square().sum()"}, ()


def collected(d):
    """.grad of a leaf that a backward has reached."""
    x = d.existing(lambda x: x.number in d.reached)
    return x and ([x], {}, x.shape)


# ------------------------------------------------------------------ writes


def alone(d, x):
    """Whether x shares its memory with nobody."""
    return sum(y.memory == x.memory for y in d.variables) == 1


def writable(d):
    """What may be written to: no leaf that wants a gradient, unless graphs are off; nothing that is stretched, or
    empty. Every other time something that others see too."""
    if d.mixed or d.taped or d.copied:
        return None
    fits = lambda x: sized(x) and not x.stretched and (quiet(d) or not x.fixed)
    return (d.existing(lambda x: fits(x) and not alone(d, x)) if d.flag() else None) or d.existing(fits)


def may_take(d, x):
    """Whether a value may be written to x. Where x shares memory, and no graph knows of it, only one that wants no gradient."""
    recorded = x.requires or alone(d, x)
    return lambda y: recorded or not y.requires


def written(d, **parameters):
    x = writable(d)
    return x and ([x], parameters, x.shape)


def written_first(d):
    """What nobody wrote to before: the sine of what exp_() has made large has no digit left, and nobody would see why."""
    found = written(d)
    return found and not found[0][0].written and found


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
    places = index.read(x.shape)
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
