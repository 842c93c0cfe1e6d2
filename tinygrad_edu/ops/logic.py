"""Questions, whose answers are true or false: flat almost everywhere, so they have no rules; and bits."""

import numpy as np

from ..dtype import as_dtype
from ..op import op

COMPARES = dict(numbers=("y",), dx=None, dy=None, floats=False)

eq = op(np.equal, name="eq", operator="eq", **COMPARES)
ne = op(np.not_equal, name="ne", operator="ne", also="not_equal", **COMPARES)
lt = op(np.less, name="lt", operator="lt", also="less", **COMPARES)
le = op(np.less_equal, name="le", operator="le", also="less_equal", **COMPARES)
gt = op(np.greater, name="gt", operator="gt", also="greater", **COMPARES)
ge = op(np.greater_equal, name="ge", operator="ge", also="greater_equal", **COMPARES)
isnan = op(np.isnan, dx=None, floats=False, inplace=False)
isinf = op(np.isinf, dx=None, floats=False, inplace=False)
isfinite = op(np.isfinite, dx=None, floats=False, inplace=False)
signbit = op(np.signbit, dx=None, floats=False, inplace=False)


@op(dx=None, promotes=("x",))
def isposinf(x):
    """Whether it is inf."""
    return x == np.inf


@op(dx=None, promotes=("x",))
def isneginf(x):
    """Whether it is -inf."""
    return x == -np.inf


logical_and = op(np.logical_and, numbers=(), dx=None, dy=None, floats=False)
logical_or = op(np.logical_or, numbers=(), dx=None, dy=None, floats=False)
logical_xor = op(np.logical_xor, numbers=(), dx=None, dy=None, floats=False)
logical_not = op(np.logical_not, dx=None, floats=False)
bitwise_and = op(np.bitwise_and, operator="and", takes="biu", dx=None, dy=None)
bitwise_or = op(np.bitwise_or, operator="or", takes="biu", dx=None, dy=None)
bitwise_xor = op(np.bitwise_xor, operator="xor", takes="biu", dx=None, dy=None)
bitwise_not = op(np.invert, name="bitwise_not", operator="invert", takes="biu", dx=None)


def shift(ufunc, name, operator, doc):
    """One of the two shifts."""

    def forward(x, y):
        if x.dtype.kind not in "iu":
            raise NotImplementedError(f'"{name}" not implemented for {as_dtype(x.dtype)}: convert with .long() first')
        return ufunc(x, y)

    forward.__doc__ = doc
    options = dict(promotes=("x", "y"), takes="biu", broadcasts=True, inplace=True, dx=None, dy=None)
    return op(forward, name=name, operator=operator, numpy=ufunc, **options)


bitwise_left_shift = shift(np.left_shift, "bitwise_left_shift", "lshift", "x · 2 to the y, as bits move to the left.")
bitwise_right_shift = shift(
    np.right_shift, "bitwise_right_shift", "rshift", "⌊x / 2 to the y⌋, as bits move to the right."
)
