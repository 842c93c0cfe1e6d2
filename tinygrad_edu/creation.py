"""New tensors: from data, filled, counted, and like others."""

import functools

import numpy as np

from .dtype import BY_NUMPY, as_dtype, get_default_dtype, native
from .tensor import Tensor, made
from .thread import thread


def finished(array, requires_grad):
    t = made(array, None)
    if requires_grad:
        t.requires_grad = True
    return t


def tensor(data, *, dtype=None, device=None, requires_grad=False):
    """A tensor with its own copy of `data`: a number, (nested) lists, an array, a tensor.

    Python floats become the default dtype, ints int64; arrays keep their dtype.
    Raises ValueError where the lists are ragged, RuntimeError where a dtype that has no slope should require grad.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1.0, 2.0], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
    data = unwrapped(data)
    if dtype is None:
        array = np.array(data)
        if array.dtype.kind == "f" and not isinstance(innermost(data), (np.ndarray, np.generic)):
            array = thread.quietly(array.astype, get_default_dtype().dtype)
        elif not array.size and isinstance(data, (list, tuple)):
            array = array.astype(get_default_dtype().dtype)
    else:
        array = thread.quietly(np.array, data, as_dtype(dtype).dtype)
    if array.dtype not in BY_NUMPY:
        raise TypeError(f"can't make a tensor of {type(data).__name__} (NumPy's dtype would be {array.dtype})")
    return finished(native(array), requires_grad)


def innermost(data):
    """The first number in nested lists."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def unwrapped(data):
    if isinstance(data, Tensor):
        return data.array
    if isinstance(data, (list, tuple)):
        try:
            parts = [unwrapped(d) for d in data]
            np.shape(parts)
        except ValueError:
            raise ValueError("expected sequence of equal length at every depth: the lists are ragged") from None
        return parts
    return data


def as_tensor(data, dtype=None, device=None):
    """`data` as a tensor, without a copy where it is one, or an array, of that dtype."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        t = from_numpy(data)
        return t if dtype is None else t.to(dtype)
    return tensor(data, dtype=dtype)


def from_numpy(array):
    """A tensor that shares the array's memory: a write to one is seen in the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if array.dtype not in BY_NUMPY:
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The supported types are: {[str(d) for d in BY_NUMPY]}"
        )
    return made(native(array), None)


def sizes(shape):
    """Sizes given one by one, or as one sequence."""
    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def floats(dtype):
    return (get_default_dtype() if dtype is None else as_dtype(dtype)).dtype


def sized(create):
    """The same function, to which the sizes may come by name too: `size=(2, 3)`."""

    @functools.wraps(create)
    def by_name(*given, size=None, **options):
        return create(*given, **options) if size is None else create(*given, size, **options)

    return by_name


@sized
def zeros(*size, dtype=None, device=None, requires_grad=False):
    """Zeros of this size."""
    return finished(np.zeros(sizes(size), floats(dtype)), requires_grad)


@sized
def ones(*size, dtype=None, device=None, requires_grad=False):
    """Ones of this size."""
    return finished(np.ones(sizes(size), floats(dtype)), requires_grad)


@sized
def empty(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of this size whose numbers are not set (here: zeros)."""
    return zeros(*size, dtype=dtype, requires_grad=requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """One number, size times over, in the number's own dtype unless another is named."""
    d = tensor(fill_value).dtype if dtype is None else as_dtype(dtype)
    return finished(thread.quietly(np.full, sizes((size,)), fill_value, d.dtype), requires_grad)


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """start, start + step, ... before end; from 0 if only one number is given."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (n.item() if isinstance(n, Tensor) else n for n in (start, end, step))
    if not step or (end - start) * step < 0:
        raise RuntimeError(
            "step must be nonzero" if not step else "upper bound and lower bound inconsistent with step sign"
        )
    integral = all(isinstance(n, int) for n in (start, end, step))
    d = as_dtype(dtype).dtype if dtype else np.dtype(np.int64) if integral else floats(None)
    return finished(np.arange(start, end, step).astype(d), requires_grad)


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """`steps` numbers from start to end, both included, at equal distances."""
    return finished(np.linspace(start, end, steps, dtype=floats(dtype)), requires_grad)


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """Ones on the diagonal, zeros elsewhere."""
    return finished(np.eye(n, m, dtype=floats(dtype)), requires_grad)


def like(input, dtype):
    return input.array.dtype if dtype is None else as_dtype(dtype).dtype


def zeros_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Zeros of input's shape and dtype."""
    return finished(np.zeros(input.shape, like(input, dtype)), requires_grad)


def ones_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Ones of input's shape and dtype."""
    return finished(np.ones(input.shape, like(input, dtype)), requires_grad)


def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False):
    """One number in input's shape and dtype."""
    return finished(np.full(input.shape, fill_value, like(input, dtype)), requires_grad)


def empty_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """A tensor of input's shape and dtype whose numbers are not set (here: zeros)."""
    return zeros_like(input, dtype=dtype, requires_grad=requires_grad)


Tensor.numpy_functions[np.zeros_like] = zeros_like
Tensor.numpy_functions[np.ones_like] = ones_like
