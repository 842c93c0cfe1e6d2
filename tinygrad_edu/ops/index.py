"""Reading and writing parts of a tensor: each is the other's adjoint."""

import numpy as np

from ..op import op
from ..tensor import Tensor


def is_basic(index):
    """Whether NumPy would give a view for this index: numbers, slices, None and Ellipsis only."""
    return BASIC.issuperset(map(type, index))


BASIC = frozenset({int, slice, type(None), type(Ellipsis)})


def as_index(index):
    """torch's index as NumPy's: a tuple, with tensors and lists as arrays of their own, which no later write can reach."""
    if type(index) is int:
        return (index,)
    if isinstance(index, list) and any(i is None or isinstance(i, (list, tuple, slice, Tensor)) for i in index):
        index = tuple(index)  # a list of indices is one per dim, as it was in old NumPy
    found = []
    for i in index if isinstance(index, tuple) else (index,):
        if isinstance(i, Tensor):
            i = i.array.copy() if i.array.ndim or i.array.dtype.kind == "b" else i.array.item()
        elif isinstance(i, (list, range)):
            i = np.asarray(i) if len(i) else np.zeros(0, int)
        elif isinstance(i, bool):
            i = np.asarray(i)
        elif isinstance(i, np.integer):
            i = int(i)
        if isinstance(i, float) or (isinstance(i, np.ndarray) and i.dtype.kind not in "biu"):
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        if isinstance(i, slice) and isinstance(i.step, int) and i.step < 1:
            raise ValueError("step must be greater than zero: torch has no negative strides; use .flip()")
        found.append(i.astype(bool) if isinstance(i, np.ndarray) and i.dtype == np.uint8 else i)
    return tuple(found)


def region(x, index):
    """x[index] in two steps, as torch takes it: a view by the numbers, slices and Nones; what is left for arrays to pick."""
    if is_basic(index):
        return getitem.op.forward(x, index), (Ellipsis,)
    arrays = [isinstance(i, np.ndarray) for i in index]
    spans = [i.ndim if a and i.dtype == bool else i is not None and i is not Ellipsis for i, a in zip(index, arrays)]
    rest = (slice(None),) * (x.ndim - sum(spans))
    basic, picks = [], []
    for i, is_array, span in zip(index, arrays, spans):
        some = rest if i is Ellipsis else (slice(None),) * span if is_array else (i,)
        basic += some
        picks += [i] if is_array else [slice(None)] * sum(not isinstance(k, int) for k in some)
    return x[(*basic, Ellipsis)], tuple(picks)


def mended(error, x, index):
    """NumPy's IndexError as torch words it."""
    for axis, (i, n) in enumerate(zip((i for i in index if i is not None), x.shape)):
        if isinstance(i, int) and not -n <= i < n:
            return IndexError(f"index {i} is out of bounds for dimension {axis} with size {n}")
    return IndexError(f"{error}: the tensor has shape {list(x.shape)}")


REPEATED = np.array([0, 2, 2])
READS = [
    ([(3, 4)], {"index": (1, slice(None, None, 2))}),
    ([(3, 4)], {"index": (REPEATED, None)}),
    ([(3, 4)], {"index": (Ellipsis, 0)}),
]
WRITES = [
    ([(2,)], {"size": (3, 4), "index": (1, slice(None, None, 2))}),
    ([(3, 4)], {"size": (3, 4), "index": (REPEATED,)}),
]


@op(dx=lambda g, shape, index: placed(g, shape, index), view=True, places="", torch="Index", cases=READS)
def getitem(x, index):
    """x[index]: a view where the index is made of numbers, slices, None and Ellipsis; a copy where it has arrays."""
    try:
        if is_basic(index):
            return x[index if Ellipsis in index else (*index, Ellipsis)]
        part, picks = region(x, index)
        return np.array(part[picks], order="C", copy=None)
    except IndexError as error:
        raise mended(error, x, index) from None


def placed(g, shape, index):
    """The adjoint of reading: g where it was read from, summed where one place was read more than once, 0 elsewhere."""
    return put(g, shape, index) if isinstance(g, Tensor) else put.op.forward(g, shape, index)


def taken(g, index):
    """The adjoint of writing: g where it was written to."""
    return g[index] if isinstance(g, Tensor) else getitem.op.forward(g, index)


@op(dx=lambda g, index: taken(g, index), places="", cases=WRITES)
def put(x, size, index):
    """A tensor of zeros of this size, with x added in at `index`."""
    out = np.zeros(size, x.dtype)
    part, picks = region(out, index)
    if is_basic(index):
        part[...] = x
    else:
        np.add.at(part, picks, x)
    return out


def blanked(g, index):
    """g, but 0 at `index`."""
    keep = np.ones(g.shape, bool)
    assign(keep, np.False_, index)
    return np.where(keep, g, 0)


@op(
    dx=lambda g, index: blanked(g, index),
    dy=lambda g, index: taken(g, index),
    broadcasts=True,
    places="",
    torch="IndexPut",
    cases=[([(3, 4), (2, 4)], {"index": (slice(1, None),)}), ([(3, 4), ()], {"index": (np.array([0, 2]),)})],
)
def setitem(x, y, index):
    """x with y written at `index`: what was there hears nothing any more, y hears what it became."""
    out = x.copy()
    assign(out, y, index)
    return out


def assign(x, y, index):
    """x[index] = y for arrays, with torch's errors."""
    try:
        part, picks = region(x, index)
        if y.ndim > 1 and not is_basic(index):  # as torch, let go of axes of length 1 that the place does not have
            extra = max(0, y.ndim - part[picks].ndim)
            y = y.reshape(y.shape[extra:]) if all(n == 1 for n in y.shape[:extra]) else y
        part[picks] = y
    except IndexError as error:
        raise mended(error, x, index) from None
    except (TypeError, ValueError):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(y.shape)} cannot be broadcast to indexing result of shape"
            f" {list(part[picks].shape)}"
        ) from None


Tensor.__getitem__ = lambda x, index: getitem(x, as_index(index))
