"""Exponentials and their sums, kept from overflowing: log Σ eˣ, and the softmax, which is its slope."""

import numpy as np

from ..dtype import as_dtype
from ..op import op
from ..sums import total
from .axes import axes, one_dim, restored


@op(
    dx=lambda g, x, out, shape, dim, keepdim: (
        restored(g, shape, dim, keepdim) * np.exp(x - restored(out, shape, dim, keepdim))
    ),
    promotes=("x",),
    floats=True,
    also="special.logsumexp",
    cases=[([(2, 3, 2)], {"dim": 1}), ([(2, 3, 2)], {"dim": (0, -1), "keepdim": True})],
)
def logsumexp(x, dim, keepdim=False):
    """log Σ eˣ, with the largest x taken out first so that nothing overflows; its slopes are softmax(x)."""
    over = axes(dim, x.ndim)
    top = np.maximum.reduce(x, over, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    sums = np.log(total(np.exp(x - top), over, keepdims=True)) + top
    return sums if keepdim else sums.reshape([n for i, n in enumerate(x.shape) if i not in over])


def exps(name, x, dim, dtype):
    """x less its largest along dim, row by row in memory, and the exponentials of that; and dim as a tuple of axes."""
    x = np.asarray(x, as_dtype(dtype).dtype if dtype else None, order="C")
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f'"{name}" not implemented for {as_dtype(x.dtype)}: convert with .float(), or say dtype='
        )
    over = (one_dim(dim, x.ndim),) if x.ndim else axes(dim, 0)
    less = x - np.maximum.reduce(x, over, keepdims=True) if x.size else x
    return less, np.exp(less), over


ALONG = [([(2, 3)], {"dim": -1}), ([(2, 3, 2)], {"dim": 1})]


@op(
    dx=lambda g, out, dim: out * (g - (g * out).sum(dim, keepdims=True)),
    also="special.softmax",
    cases=ALONG,
)
def softmax(x, dim, dtype=None):
    """eˣ / Σ eˣ along `dim`."""
    _, e, over = exps("softmax", x, dim, dtype)
    return e / total(e, over, keepdims=True)


@op(
    dx=lambda g, out, dim: g - np.exp(out) * g.sum(dim, keepdims=True),
    also="special.log_softmax",
    cases=ALONG,
)
def log_softmax(x, dim, dtype=None):
    """x - log Σ eˣ along `dim`: log(softmax(x)), but exact where softmax underflows."""
    less, e, over = exps("log_softmax", x, dim, dtype)
    return less - np.log(total(e, over, keepdims=True))
