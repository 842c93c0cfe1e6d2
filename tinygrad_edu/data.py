"""Tensors from data: numbers, lists, arrays, and other tensors."""

import functools

import numpy as np

from .device import layout, on_cpu, strided
from .dtype import BY_NUMPY, BY_SCALAR, as_dtype, get_default_dtype, native, promote_types
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


def placed(device, kind, pin_memory):
    """Refuse another place or form than we have."""
    on_cpu(device)
    if not isinstance(kind, (layout, type(None))):
        raise TypeError(f"argument 'layout' must be torch.layout, not {type(kind).__name__}")
    if pin_memory:
        raise RuntimeError("pin_memory=True requires a CUDA or other accelerator backend, and there is none here")


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
        if array.dtype.kind == "f" and not hasattr(innermost(data), "dtype"):
            array = thread.quietly(array.astype, get_default_dtype().dtype)
        elif not array.size and isinstance(data, (list, tuple)):
            array = array.astype(get_default_dtype().dtype)
    else:
        array = fitting(data, as_dtype(dtype))
    if array.dtype in (object, np.uint64):
        if isinstance(innermost(data), int):
            raise ValueError(f"Overflow when unpacking long long: {innermost(data)} has more than 64 bits")
        raise RuntimeError(f"Could not infer dtype of {type(innermost(data)).__name__}")
    if array.dtype not in BY_NUMPY:
        raise TypeError(f"can't make a tensor of {type(data).__name__} (NumPy's dtype would be {array.dtype})")
    return native(array)


def fitting(data, dtype):
    """Data as an array of a dtype that can hold it. As in torch, small negative numbers wrap round where it has none."""
    try:
        return thread.quietly(np.array, data, dtype.dtype)
    except (OverflowError, ValueError) as error:
        signed, most = np.array(data), np.iinfo(dtype.dtype).max if dtype.dtype.kind in "iu" else 0
        if dtype.is_signed or signed.dtype.kind != "i" or (abs(signed) > most).any():
            raise RuntimeError(f"value cannot be converted to type {dtype} without overflow: {error}") from None
        return signed.astype(dtype.dtype)


def innermost(data):
    """The first number in nested lists."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def dtypes_in(data):
    """The dtypes of what is in nested lists."""
    for d in data:
        yield from (
            dtypes_in(d)
            if isinstance(d, (list, tuple))
            else [d.dtype if isinstance(d, Tensor) else BY_SCALAR.get(type(d), type(d))]
        )


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


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, layout=strided, pin_memory=False):
    """tensor(data) of self's dtype."""
    return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad, pin_memory=pin_memory)


publish(new_tensor, "new_tensor", "Tensor")
