"""Reading and writing parts of a tensor: each is the other's adjoint."""

import math
from operator import index as as_int

import numpy as np

from ..op import op
from ..tensor import Tensor, made
from .elementwise import zero_where

# ------------------------------------------------------------------ torch's indices, as NumPy's

BASIC = frozenset({int, slice, type(None), type(Ellipsis)})


def is_basic(index):
    """Whether NumPy would give a view for this index: numbers, slices, None and Ellipsis only."""
    return BASIC.issuperset(map(type, index))


def as_index(index):
    """torch's index as NumPy's: a tuple, with tensors and lists as arrays of their own, which no later write can reach."""
    if type(index) is int:
        return (index,)
    if isinstance(index, list) and any(i is None or isinstance(i, (list, tuple, slice, Tensor)) for i in index):
        index = tuple(index)  # a list of indices is one per dim, as it was in old NumPy
    return tuple(map(as_one_index, index if isinstance(index, tuple) else (index,)))


def as_one_index(i):
    """A number, slice, None or Ellipsis as it is; anything else as an array of int64 or bool."""
    if type(i) in BASIC:
        if type(i) is slice and i.step is not None and as_int(i.step) < 1:
            raise ValueError("step must be greater than zero: torch has no negative strides; use .flip()")
        return i
    if isinstance(i, Tensor):
        i = i.array.copy()
    elif isinstance(i, (bool, list, tuple, range, np.ndarray)):
        i = array_of(i)
    elif isinstance(i, np.integer):
        i = np.asarray(i)
    else:
        raise (TypeError if isinstance(i, str) else IndexError)(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got"
            f" {type(i).__name__})"
        )
    if i.dtype not in INDICES:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if i.dtype == np.uint8:
        i = i.astype(bool)
    return i if i.ndim or i.dtype == bool else int(i)


INDICES = [np.dtype(d) for d in (np.int64, np.int32, np.uint8, bool)]


def array_of(numbers):
    """Nested lists as an array: the empty one is of indices, too."""
    array = np.array(
        [n.array if isinstance(n, Tensor) else n for n in numbers] if isinstance(numbers, list) else numbers
    )
    return array if array.size else array.astype(np.int64)


def span(i):
    """How many of a tensor's dims one index is about."""
    return 0 if i is None or i is Ellipsis else i.ndim if isinstance(i, np.ndarray) and i.dtype == bool else 1


def spelled_out(index, ndim):
    """The index with all the slices that its Ellipsis, or else its end, stands for."""
    rest = ndim - sum(map(span, index))
    if rest < 0:
        raise IndexError(
            f"too many indices for tensor of dimension {ndim}"
            if ndim
            else "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number"
        )
    at = next((k for k, i in enumerate(index) if i is Ellipsis), len(index))
    return (*index[:at], *[slice(None)] * rest, *index[at + 1 :])


def region(x, index):
    """x[index] in two steps, as torch takes it: a view by the numbers, slices and Nones; what is left for arrays to pick."""
    if is_basic(index):
        return getitem.op.forward(x, index), (Ellipsis,)
    basic, picks = [], []
    for i in spelled_out(index, x.ndim):
        if isinstance(i, np.ndarray):
            basic += [slice(None)] * span(i)
            picks.append(i)
        else:
            basic.append(i)
            picks += [] if isinstance(i, int) else [slice(None)]
    try:
        return x[(*basic, Ellipsis)], tuple(picks)
    except IndexError as error:
        raise mended(error, x, index) from None


def mended(error, x, index):
    """NumPy's IndexError as torch words it."""
    axis = 0
    for i in spelled_out(index, x.ndim):
        sizes = x.shape[axis : axis + span(i)]
        if isinstance(i, np.ndarray) and i.dtype == bool and i.shape != sizes:
            return IndexError(
                f"The shape of the mask {list(i.shape)} at index {axis} does not match the shape of the indexed tensor"
                f" {list(x.shape)} at index {axis}"
            )
        numbers = np.asarray(i) if isinstance(i, (int, np.ndarray)) else np.zeros(0, bool)
        if numbers.dtype != bool and (stray := outside(numbers, -sizes[0], sizes[0])) is not None:
            return IndexError(f"index {stray} is out of bounds for dimension {axis} with size {sizes[0]}")
        axis += span(i)
    shapes = ", ".join(str(list(i.shape)) for i in index if isinstance(i, np.ndarray))
    return IndexError(f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}: {error}")


def outside(index, first, end):
    """The first of these indices that is not in [first, end), if there is one."""
    if index.size and (index.min() < first or index.max() >= end):
        return index[(index < first) | (index >= end)][0]
    return None


# ------------------------------------------------------------------ reading

REPEATED = np.array([0, 2, 2])
READS = [
    ([(3, 4)], {"index": (1, slice(None, None, 2))}),
    ([(3, 4)], {"index": (REPEATED, None)}),
    ([(3, 4)], {"index": (Ellipsis, 0)}),
    ([(2, 3, 2)], {"index": (slice(1, None), np.array([[True, False], [True, True], [False, True]]))}),
    ([(3, 2, 4)], {"index": (REPEATED, slice(None), np.array([[1], [3]]))}),
]


def last_step(node):
    """torch's name for an index: it takes one step for each part, from the left; a slice of all is none, unless alone."""
    (index,), (edge,) = node.params, node.edges
    if not is_basic(index):
        return "IndexBackward0"
    if len(index) == 1 and type(index[0]) is slice:
        return "SliceBackward0"
    sizes, name = iter(edge.shape), "Alias"
    for i in spelled_out(index, len(edge.shape)):
        n = 1 if i is None else next(sizes)
        if type(i) is not slice:
            name = "Unsqueeze" if i is None else "Select"
        elif i.indices(n) != (0, n, 1):
            name = "Slice"
    return f"{name}Backward0"


@op(dx=lambda g, shape, index: placed(g, shape, index), view=True, places="", torch=last_step, cases=READS)
def getitem(x, index):
    """x[index]: a view where the index is made of numbers, slices, None and Ellipsis; a copy where it has arrays."""
    try:
        if is_basic(index):
            return x[index if Ellipsis in index else (*index, Ellipsis)]
        part, picks = region(x, index)
        at = [axis for axis, pick in enumerate(picks) if isinstance(pick, np.ndarray)]
        if len(at) == 1 and picks[at[0]].dtype != bool and part.flags.c_contiguous:
            return part.take(picks[at[0]], at[0])  # which reads whole rows at a time
        return np.array(part[picks], order="C", copy=None)
    except IndexError as error:
        raise mended(error, x, index) from None


def placed(g, shape, index):
    """The adjoint of reading: g where it was read from, summed where one place was read more than once, 0 elsewhere."""
    return put(g, shape, index) if isinstance(g, Tensor) else put.op.forward(g, shape, index)


@op(
    dx=lambda g, index: taken(g, index),
    places="",
    cases=[
        ([(2,)], {"size": (3, 4), "index": (1, slice(None, None, 2))}),
        ([(3, 4)], {"size": (3, 4), "index": (REPEATED,)}),
    ],
)
def put(x, size, index):
    """A tensor of zeros of this size, with x added in at `index`."""
    return added(np.zeros(size, x.dtype), x, index)


def taken(g, index):
    """The adjoint of adding at an index: g where it was added to."""
    return g[index] if isinstance(g, Tensor) else getitem.op.forward(g, index)


def added(out, x, index):
    """out, with x added in at `index`: again and again where it names one place several times."""
    if is_basic(index):
        part = getitem.op.forward(out, index)
        part += fitted(x, part.shape)
        return out
    try:
        part, picks = region(out, index)
        at = positions(part.shape, picks)
    except IndexError as error:
        raise mended(error, out, index) from None
    total = part if part.flags.c_contiguous else part.copy()
    np.add.at(total.reshape(-1), at.reshape(-1), fitted(x, at.shape).reshape(-1))
    if total is not part:
        part[...] = total
    return out


def positions(shape, picks):
    """The places, in a row of all its numbers, of what x[picks] reads of an x of this shape.

    (np.add.at takes a tenth of the time where it is told the place of each number, and not of each row.)"""
    last = 1 + max(axis for axis, pick in enumerate(picks) if isinstance(pick, np.ndarray))
    ndim = sum(map(span, picks[:last]))
    rows = np.arange(math.prod(shape[:ndim])).reshape(shape[:ndim])[picks[:last]]
    width = math.prod(shape[ndim:])
    places = rows if width == 1 else rows[..., None] * width + np.arange(width)
    return places.reshape(rows.shape + shape[ndim:])


# ------------------------------------------------------------------ writing


@op(
    dx=lambda g: g,
    dy=lambda g, index: taken(g, index),
    broadcasts=True,
    places="",
    torch="IndexPut",
    cases=[
        ([(3, 4), (3, 4)], {"index": (REPEATED,)}),
        ([(3, 4), (2,)], {"index": (slice(1, None), slice(None, None, 2))}),
    ],
)
def additem(x, y, index):
    """x with y added at `index`."""
    return added(x.copy(), y, index)


@op(
    dx=lambda g, index: without(g, index),
    dy=lambda g, index: heard(g, index),
    broadcasts=True,
    places="",
    torch="IndexPut",
    cases=[
        ([(3, 4), (2, 4)], {"index": (slice(1, None),)}),
        ([(3, 4), ()], {"index": (np.array([0, 2]),)}),
        ([(3, 4), (3, 4)], {"index": (REPEATED,)}),
    ],
)
def setitem(x, y, index):
    """x with y written at `index`: what was there hears nothing any more, y hears what it became."""
    out = x.copy()
    assign(out, y, index)
    return out


def without(g, index):
    """The adjoint of being written over: g, but 0 at `index`."""
    return setitem(g, made(NOTHING, None), index) if isinstance(g, Tensor) else setitem.op.forward(g, NOTHING, index)


NOTHING = np.zeros(())


def heard(g, index):
    """The adjoint of writing: g where it was written to, but 0 for what a later write to the same place replaced.

    (torch gives g to all that were written to one place, and says that this is wrong.)"""
    got = taken(g, index)
    if is_basic(index) or all(i.dtype == bool for i in index if isinstance(i, np.ndarray)):
        return got  # no place is written to twice
    part, picks = region(np.broadcast_to(NOTHING, g.shape), index)
    return unreplaced(got, positions(part.shape, picks), part.size)


def unreplaced(g, at, size):
    """g, but 0 for those numbers, of all that were written to these places of so many, which later ones replaced."""
    order = np.arange(at.size).reshape(at.shape)
    last = np.empty(size, order.dtype)
    last[at] = order
    lost = last[at] != order
    return zero_where(g, lost) if lost.any() else g


def assign(x, y, index):
    """x[index] = y for arrays. The last of several writes to one place is the one that stays."""
    try:
        part, picks = region(x, index)
        try:
            part[picks] = y
        except (TypeError, ValueError):  # NumPy's words for what does not fit
            part[picks] = fitted(y, part[picks].shape)
    except IndexError as error:
        raise mended(error, x, index) from None


def fitted(y, shape):
    """y broadcast to the shape of its place; as in torch, it may have more axes of length 1 in front."""
    extra = max(0, y.ndim - len(shape))
    try:
        return np.broadcast_to(y.reshape(y.shape[extra:]) if all(n == 1 for n in y.shape[:extra]) else y, shape)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(y.shape)} cannot be broadcast to indexing result of shape"
            f" {list(shape)}"
        ) from None


Tensor.__getitem__ = lambda x, index: getitem(x, as_index(index))
