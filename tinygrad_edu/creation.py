"""New tensors: from data, filled, and like others."""

import functools
import inspect

import numpy as np

from .device import blank, contiguous_format, layout, on_cpu, preserve_format, strided
from .dtype import BY_NUMPY, BY_SCALAR, as_dtype, get_default_dtype, int64, native, promote_types
from .dtype import bool as truth
from .forms import spread
from .memory import into
from .names import publish
from .tensor import Tensor, made
from .thread import inferred, thread
from .users import warn


def finished(array, requires_grad):
    t = made(array, None)
    if thread.inference:
        inferred[id(array)] = array
    if requires_grad:
        t.requires_grad = True
    return t


# ------------------------------------------------------------------ from data


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A tensor with its own copy of `data`: a number, (nested) lists, an array, a tensor.

    Python floats become the default dtype, ints int64; arrays keep their dtype.
    Raises ValueError where the lists are ragged, RuntimeError where a dtype that has no slope should require grad.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1.0, 2.0], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
    placed(device, strided, pin_memory)
    if isinstance(data, Tensor):
        warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or"
            " sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
        )
    return finished(array_of(data, dtype), requires_grad)


def array_of(data, dtype):
    """A new array of what people call data."""
    if dtype is None and isinstance(data, (list, tuple)) and isinstance(innermost(data), Tensor):
        dtype = functools.reduce(promote_types, dtypes_in(data))
    data = unwrapped(data)
    if dtype is None:
        array = np.array(data)
        if array.dtype.kind == "f" and not isinstance(innermost(data), (np.ndarray, np.generic)):
            array = thread.quietly(array.astype, get_default_dtype().dtype)
        elif not array.size and isinstance(data, (list, tuple)):
            array = array.astype(get_default_dtype().dtype)
    else:
        try:
            array = thread.quietly(np.array, data, as_dtype(dtype).dtype)
        except (OverflowError, ValueError) as error:
            raise RuntimeError(f"value cannot be converted to type {as_dtype(dtype)} without overflow: {error}") from None
    if array.dtype in (object, np.uint64):
        if isinstance(innermost(data), int):
            raise ValueError(f"Overflow when unpacking long long: {innermost(data)} has more than 64 bits")
        raise RuntimeError(f"Could not infer dtype of {type(innermost(data)).__name__}")
    if array.dtype not in BY_NUMPY:
        raise TypeError(f"can't make a tensor of {type(data).__name__} (NumPy's dtype would be {array.dtype})")
    return native(array)


def innermost(data):
    """The first number in nested lists."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def dtypes_in(data):
    """The dtypes of what is in nested lists."""
    for d in data:
        yield from dtypes_in(d) if isinstance(d, (list, tuple)) else [d.dtype if isinstance(d, Tensor) else BY_SCALAR.get(type(d), type(d))]


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
    return asarray(data, dtype=dtype, device=device)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """`obj` as a tensor: without a copy where it is one, or an array, of that dtype, unless `copy`; never with one if False."""
    placed(device, strided, False)
    shared = isinstance(obj, (Tensor, np.ndarray)) and copy is not True
    t = obj if isinstance(obj, Tensor) else from_numpy(obj) if shared else finished(array_of(obj, dtype), False)
    changes = dtype is not None and as_dtype(dtype) is not t.dtype
    if copy is False and (changes or not shared):
        raise ValueError("can't alias what is no tensor or array of that dtype: copy=False asks for its own memory")
    if changes or (copy and isinstance(obj, Tensor)):
        t = t.to(t.dtype if dtype is None else dtype, copy=copy or False)
    return t.requires_grad_() if requires_grad else t


def from_numpy(array):
    """A tensor that shares the array's memory: a write to one is seen in the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if array.dtype not in BY_NUMPY:
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The supported types are: {[str(d) for d in BY_NUMPY]}"
        )
    return made(native(array), None)


# ------------------------------------------------------------------ what all functions that make tensors have


def placed(device, kind, pin_memory):
    """Refuse another place or form than we have."""
    on_cpu(device)
    if not isinstance(kind, (layout, type(None))):
        raise TypeError(f"argument 'layout' must be torch.layout, not {type(kind).__name__}")
    if pin_memory:
        raise RuntimeError("pin_memory=True requires a CUDA or other accelerator backend, and there is none here")


OPTIONS = dict(out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False)


def creates(create):
    """What all of torch's functions that make a tensor have, for one that makes an array of a dtype of NumPy's (or None).

    They take `size=` by name, too, where sizes may come one by one; and with `out=` they write into that tensor."""

    @functools.wraps(create)
    def call(
        *args, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False, **named
    ):
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
        raise RuntimeError(f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})")
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
    try:
        thread.quietly(array.fill, number)
    except OverflowError:
        raise RuntimeError(f"value cannot be converted to type {as_dtype(array.dtype)} without overflow: {number}") from None
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


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, layout=strided, pin_memory=False):
    """tensor(data) of self's dtype."""
    return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad, pin_memory=pin_memory)


publish(new_tensor, "new_tensor", "Tensor")
