"""torch's first way to make tensors, which scripts still use: `FloatTensor(2, 3)`, `LongTensor([1, 2])`, `x.new(3)`.

Sizes make a tensor whose numbers are not set (here: zeros); a sequence or an array is copied; a tensor is looked at.
"""

from collections.abc import Sequence

import numpy as np

from .arraylike import Size
from .creation import sizes
from .data import array_of, finished
from .device import device as place
from .dtype import bool as truth
from .dtype import dtype, float16, float32, float64, int8, int16, int32, int64, set_default_dtype, uint8
from .names import publish
from .tensor import Tensor
from .users import warn


def constructed(data, dtype, device=None, any_dtype=True):
    """A tensor of this dtype from sizes, data, or another tensor, which for `Tensor(x)` keeps its own dtype."""
    if device is not None and place(device).type != "cpu":
        raise RuntimeError(f"legacy constructor expects device type: cpu but device type: {place(device)} was passed")
    first = data[0] if data else 0
    if isinstance(first, Tensor) and len(data) == 1:
        if not any_dtype and first.dtype is not dtype:
            raise TypeError(f"expected a tensor of {dtype}, but got one of {first.dtype}: convert it with .to({dtype})")
        return first.view_as(first)
    if is_size(data):
        return finished(np.zeros(sizes(data) if data else 0, dtype.dtype), False)
    if len(data) > 1:
        kinds = ", ".join(type(d).__name__ for d in data)
        raise TypeError(
            f"new() received an invalid combination of arguments - got ({kinds}); it takes sizes or one sequence"
        )
    if isinstance(first, str):
        raise TypeError("new(): invalid data type 'str'")
    if not isinstance(first, (Sequence, np.ndarray)):
        raise TypeError(
            f"new(): data must be a sequence (got {type(first).__name__}): for one number, say tensor({first})"
        )
    return finished(array_of(first if isinstance(first, np.ndarray) else list(first), dtype), False)


def is_size(data):
    """Whether these are sizes, one by one or as a Size, and no data."""
    whole = lambda n: isinstance(n, (int, np.integer, Tensor)) and not isinstance(n, bool)
    return all(map(whole, data)) or (len(data) == 1 and type(data[0]) is Size)


def new(self, *data, device=None):
    """torch's old constructor, of self's dtype."""
    return constructed(data, self.dtype, device)


Tensor.constructed = staticmethod(constructed)
publish(new, "new", "Tensor")


class TensorType(type):
    """The kind of class that `FloatTensor` is: its instances are the tensors of its dtype, and it makes such."""

    dtype: dtype

    def __new__(meta, name, bases, body, dtype):
        return super().__new__(meta, name, bases, body)

    def __init__(cls, name, bases, body, dtype):
        super().__init__(name, bases, body)
        cls.dtype = dtype
        cls.__doc__ = f"The tensors of {dtype}."
        publish(cls, name, "torch")

    def __call__(cls, *data, device=None):
        return constructed(data, cls.dtype, device, any_dtype=False)

    def __instancecheck__(cls, x):
        return isinstance(x, Tensor) and x.dtype is cls.dtype

    def __repr__(cls):
        return f"<class 'torch.{cls.__name__}'>"


class FloatTensor(metaclass=TensorType, dtype=float32): ...


class DoubleTensor(metaclass=TensorType, dtype=float64): ...


class HalfTensor(metaclass=TensorType, dtype=float16): ...


class IntTensor(metaclass=TensorType, dtype=int32): ...


class LongTensor(metaclass=TensorType, dtype=int64): ...


class ShortTensor(metaclass=TensorType, dtype=int16): ...


class CharTensor(metaclass=TensorType, dtype=int8): ...


class ByteTensor(metaclass=TensorType, dtype=uint8): ...


class BoolTensor(metaclass=TensorType, dtype=truth): ...


TYPES = {name: kind for name, kind in globals().items() if isinstance(kind, TensorType)}


def old_type(dtype):
    """The old class of the tensors of a dtype."""
    return next(kind for kind in TYPES.values() if kind.dtype is dtype)


def type_of(named):
    """An old class, or that of its name: "torch.LongTensor"."""
    if isinstance(named, TensorType):
        return named
    if named.removeprefix("torch.") not in TYPES:
        raise ValueError(f"invalid type: '{named}'; take one of torch.{', torch.'.join(TYPES)}")
    return TYPES[named.removeprefix("torch.")]


def set_default_tensor_type(t):
    """Make the dtype of an old class the default one: `set_default_dtype`, as it was once called."""
    if isinstance(t, str) and t.startswith("torch.cuda."):
        raise TypeError(f"type {t} not available. Torch not compiled with CUDA enabled: tensors live on the CPU here")
    warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and"
        " torch.set_default_device() as alternatives."
    )
    set_default_dtype(type_of(t).dtype)


def typename(obj):
    """The old name of a tensor's class; of anything else, its class and where that is."""
    if isinstance(obj, Tensor):
        return f"torch.{old_type(obj.dtype).__name__}"
    module = getattr(obj, "__module__", None)
    return ("" if module in (None, "builtins") else f"{module}.") + getattr(obj, "__qualname__", type(obj).__name__)


publish(set_default_tensor_type, "set_default_tensor_type", "torch")
publish(typename, "typename", "torch")
