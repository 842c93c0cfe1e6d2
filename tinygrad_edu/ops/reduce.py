"""Many numbers to one: sums, means, maxima. Forward reduces, so backward copies."""

import math

import numpy as np

from ..dtype import as_dtype
from ..op import op
from .axes import axes, one_dim, restored
from .elementwise import away_from_zero


def copied(g, shape, dim, keepdim):
    """The adjoint of summing: every summand hears the same g."""
    return np.broadcast_to(restored(g, shape, dim, keepdim), shape)


def count(shape, dim):
    return math.prod(shape[i] for i in axes(dim, len(shape)))


OVER = [([(2, 3)], {}), ([(2, 3, 2)], {"dim": 1}), ([(2, 3, 2)], {"dim": (0, -1), "keepdim": True})]


@op(numpy=np.sum, dx=lambda g, shape, dim, keepdim: copied(g, shape, dim, keepdim), cases=OVER)
def sum(x, dim=None, keepdim=False, *, dtype=None):
    """Σ x over `dim` (all of them by default); integers and bools are counted in int64."""
    total = as_dtype(dtype).dtype if dtype else None if x.dtype.kind == "f" else np.int64
    return np.add.reduce(x, axes(dim, x.ndim), total, keepdims=keepdim)


@op(numpy=np.mean, dx=lambda g, shape, dim, keepdim: copied(g / count(shape, dim), shape, dim, keepdim), cases=OVER)
def mean(x, dim=None, keepdim=False, *, dtype=None):
    """Σ x / n over `dim`."""
    if dtype is None and x.dtype.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got:"
            f" {as_dtype(x.dtype)}: convert with .float(), or say dtype="
        )
    total = np.add.reduce(x, axes(dim, x.ndim), as_dtype(dtype).dtype if dtype else None, keepdims=keepdim)
    n = count(x.shape, dim)
    return total / n if n else total * np.nan


def shared(g, x, out, shape, dim, keepdim):
    """To where the extremum is: g, in equal parts where several are."""
    found = x == restored(out, shape, dim, keepdim)
    return restored(g, shape, dim, keepdim) / found.sum(axes(dim, len(shape)), keepdims=True) * found


def extremum(ufunc):
    """The forward of amax and amin."""

    def forward(x, dim=(), keepdim=False):
        if not count(x.shape, dim):
            error = RuntimeError if dim in ((), None) else IndexError
            raise error(
                f"the {ufunc.__name__} of no numbers is not defined: a reduced dim of {list(x.shape)} has size 0"
            )
        return ufunc.reduce(x, axes(dim, x.ndim), keepdims=keepdim)

    return forward


amax, amin = (
    op(
        extremum(ufunc),
        name=name,
        dx=lambda g, x, out, shape, dim, keepdim: shared(g, x, out, shape, dim, keepdim),
        sample=away_from_zero,
        cases=OVER,
    )
    for name, ufunc in (("amax", np.maximum), ("amin", np.minimum))
)


@op(
    dx=lambda g, x, out, shape, dim, keepdim: (
        restored(g, shape, dim, keepdim) * np.exp(x - restored(out, shape, dim, keepdim))
    ),
    promotes=("x",),
    floats=True,
    cases=OVER[1:],
)
def logsumexp(x, dim, keepdim=False):
    """log Σ eˣ, with the largest x taken out first so that nothing overflows; its slopes are softmax(x)."""
    over = axes(dim, x.ndim)
    top = np.maximum.reduce(x, over, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    total = np.log(np.add.reduce(np.exp(x - top), over, keepdims=True)) + top
    return total if keepdim else total.reshape([n for i, n in enumerate(x.shape) if i not in over])


def exps(x, dim):
    """x less its largest along dim, and the exponentials of that."""
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f'"softmax" not implemented for {as_dtype(x.dtype)}: convert with .float(), or say dtype='
        )
    dim = one_dim(dim, x.ndim)
    less = x - np.maximum.reduce(x, dim, keepdims=True) if x.ndim and x.size else x - x
    return less, np.exp(less)


@op(
    places="torch Tensor nn.functional",
    dx=lambda g, out, dim: out * (g - (g * out).sum(dim, keepdims=True)),
    cases=[([(2, 3)], {"dim": -1}), ([(2, 3, 2)], {"dim": 1})],
)
def softmax(x, dim):
    """eˣ / Σ eˣ along `dim`."""
    _, e = exps(x, dim)
    return e / np.add.reduce(e, dim, keepdims=True) if e.ndim else e / e


@op(
    places="torch Tensor nn.functional",
    dx=lambda g, out, dim: g - np.exp(out) * g.sum(dim, keepdims=True),
    cases=[([(2, 3)], {"dim": -1}), ([(2, 3, 2)], {"dim": 1})],
)
def log_softmax(x, dim):
    """x - log Σ eˣ along `dim`: log(softmax(x)), but exact where softmax underflows."""
    less, e = exps(x, dim)
    return less - np.log(np.add.reduce(e, dim, keepdims=True) if e.ndim else e)
