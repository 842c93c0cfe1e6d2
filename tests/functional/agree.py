"""Whether a small program does the same in both engines."""

import numpy as np

from tests.snippets import outcome


def agree(program, ours, theirs):
    """The same numbers, but for rounding, or exceptions of the same type."""
    a, b = outcome(program, ours), outcome(program, theirs)
    if isinstance(b, Exception):
        assert type(a).__name__ == type(b).__name__.lstrip("_"), (a, b)
    elif isinstance(a, Exception):
        raise a
    else:
        close(a, b)


def close(a, b):
    if isinstance(b, list) and any(isinstance(v, (list, type(None))) for v in b):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            close(x, y)
    elif isinstance(b, (list, float)):
        assert np.shape(a) == np.shape(b)
        scale = max(1, np.abs(np.where(np.isfinite(b), b, 0)).max(initial=0))
        assert np.allclose(a, b, rtol=1e-10, atol=1e-11 * scale, equal_nan=True), (a, b)
    else:
        assert a == b


def values(t, *shape):
    """Numbers that are neither round nor alike."""
    count = int(np.prod(shape, dtype=int))
    return (t.arange(1, count + 1, dtype=t.float64).reshape(shape) * 0.37).sin()


def slopes(t, function, *inputs):
    """What the function makes of the inputs, and the gradients of its weighted sum."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = function(*inputs)
    return [out, *t.autograd.grad((out * values(t, *out.shape)).sum(), inputs)]
