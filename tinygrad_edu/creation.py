"""New tensors: filled, and like others."""

import functools
import inspect

import numpy as np

from .data import finished, fitting, placed
from .device import blank, contiguous_format, preserve_format, strided
from .dtype import as_dtype, get_default_dtype, int64
from .dtype import bool as truth
from .forms import spread
from .memory import into
from .names import publish
from .tensor import Tensor, made

# ------------------------------------------------------------------ what all of them have

OPTIONS = dict(out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False)


def creates(create):
    """What all of torch's functions that make a tensor have, for one that makes an array of a dtype of NumPy's (or None).

    They take `size=` by name, too, where sizes may come one by one; and with `out=` they write into that tensor."""

    @functools.wraps(create)
    def call(*args, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False, **named):
        placed(device, layout, pin_memory)
        if spreads and "size" in named:
            args = (named.pop("size"),)
        wanted = None if dtype is None else as_dtype(dtype).dtype
        if out is not None:
            if wanted not in (None, out.array.dtype):
                raise RuntimeError(f"dtype {dtype} does not match dtype of out parameter ({out.dtype})")
            wanted = out.array.dtype
        array = create(*args, dtype=wanted, **named)
        if out is None:
            return finished(array, requires_grad)
        result = into(out, made(array, None), create.__name__)
        return result.requires_grad_() if requires_grad else result

    given = inspect.signature(create).parameters.values()
    spreads = any(p.kind is p.VAR_POSITIONAL for p in given)
    options = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=d) for name, d in OPTIONS.items()]
    call.__signature__ = inspect.Signature([*(p for p in given if p.name != "dtype"), *options])
    return call


def sizes(shape):
    """Sizes given one by one, or as one sequence."""
    if not shape:
        raise TypeError('missing 1 required positional arguments: "size"')
    if any(type(n) is bool for n in shape):
        raise TypeError(f"argument 'size' must be tuple of ints, not {shape}")
    shape = spread(shape)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def one_size(size):
    """A size given as one sequence."""
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"argument 'size' must be tuple of ints, not {type(size).__name__}")
    return sizes((size,))


def floats(dtype):
    return get_default_dtype().dtype if dtype is None else dtype


# ------------------------------------------------------------------ filled


@creates
def zeros(*size, dtype):
    """Zeros of this size."""
    return np.zeros(sizes(size), floats(dtype))


@creates
def ones(*size, dtype):
    """Ones of this size."""
    return np.ones(sizes(size), floats(dtype))


@creates
def empty(*size, dtype, memory_format=contiguous_format):
    """A tensor of this size whose numbers are not set (here: zeros)."""
    if memory_format is preserve_format:
        raise RuntimeError("unsupported memory format Preserve: there is no tensor whose format to preserve")
    return filled(blank(sizes(size), floats(dtype), memory_format), 0)


@creates
def empty_strided(size, stride, dtype):
    """A tensor of this size and these strides whose numbers are not set (here: zeros)."""
    size, stride = one_size(size), spread((stride,))
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})"
        )
    n = 0 if 0 in size else 1 + sum((n - 1) * s for n, s in zip(size, stride))
    block = np.zeros(n, floats(dtype))
    return np.lib.stride_tricks.as_strided(block, size, [s * block.itemsize for s in stride])


@creates
def full(size, fill_value, dtype):
    """One number, size times over, in the number's own dtype unless another is named."""
    return filled(np.empty(one_size(size), dtype or own_dtype(fill_value)), fill_value)


def own_dtype(number):
    """The dtype that a number has as a tensor."""
    number = number.array.item() if isinstance(number, Tensor) else number
    d = {bool: truth, int: int64}.get(type(number))
    return floats(None) if d is None else d.dtype


def filled(array, number):
    """The array, full of one number."""
    if isinstance(number, Tensor) and number.array.size == 1 and number.node is None:
        number = number.array.item()
    if not isinstance(number, (bool, int, float, np.number, np.bool_)):
        raise TypeError(f"argument 'fill_value' must be Number, not {type(number).__name__}")
    array[...] = fitting(number, as_dtype(array.dtype))
    return array


@creates
def scalar_tensor(s, dtype):
    """One number as a tensor without dims."""
    return filled(np.empty((), floats(dtype)), s)


@creates
def eye(n, m=None, *, dtype):
    """Ones on the diagonal, zeros elsewhere."""
    for name, k in (("n", n), ("m", m)):
        if not isinstance(k, (int, type(None))):
            raise TypeError(f"eye(): argument '{name}' must be int, not {type(k).__name__}")
        if k is not None and k < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {k}")
    return np.eye(n, m, dtype=floats(dtype))


# ------------------------------------------------------------------ like others


def blank_like(input, dtype, memory_format=preserve_format):
    """An array of input's shape, not filled, in its dtype and laid out as it is, unless others are named."""
    if not isinstance(input, Tensor):
        raise TypeError(f"argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    x = input.array
    return blank(x.shape, dtype or x.dtype, memory_format, like=x)


@creates
def zeros_like(input, *, dtype, memory_format=preserve_format):
    """Zeros of input's shape and dtype."""
    return filled(blank_like(input, dtype, memory_format), 0)


@creates
def ones_like(input, *, dtype, memory_format=preserve_format):
    """Ones of input's shape and dtype."""
    return filled(blank_like(input, dtype, memory_format), 1)


@creates
def full_like(input, fill_value, *, dtype, memory_format=preserve_format):
    """One number in input's shape and dtype."""
    return filled(blank_like(input, dtype, memory_format), fill_value)


@creates
def empty_like(input, *, dtype, memory_format=preserve_format):
    """A tensor of input's shape and dtype whose numbers are not set (here: zeros)."""
    return filled(blank_like(input, dtype, memory_format), 0)


Tensor.numpy_functions[np.zeros_like] = zeros_like
Tensor.numpy_functions[np.ones_like] = ones_like


def new_kind(create):
    """The method that makes a tensor of self's dtype: `x.new_zeros(2, 3)`."""

    def new(self, *args, dtype=None, **options):
        return create(*args, dtype=self.dtype if dtype is None else dtype, **options)

    new.__doc__ = f"{create.__name__} of self's dtype."
    publish(new, f"new_{create.__name__}", "Tensor")


for create in zeros, ones, empty, full, empty_strided:
    new_kind(create)
