"""What a Tensor has of an array: sizes, numbers, printing, and NumPy's protocols. Nothing here touches the graph."""

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import printing
from .device import CHANNELS, CPU, contiguous_format, is_laid_out, strided
from .dtype import BY_NUMPY
from .teaching import taught
from .thread import thread


class Size(tuple):
    """A shape, as torch prints it."""

    __slots__ = ()

    def numel(self) -> int:
        return int(np.prod(self, dtype=int))

    def __getitem__(self, i):
        return Size(tuple.__getitem__(self, i)) if isinstance(i, slice) else tuple.__getitem__(self, i)

    def __add__(self, other):
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other):
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times):
        return Size(tuple(self) * times)

    __rmul__ = __mul__

    def __repr__(self):
        return f"torch.Size({list(self)})"


class ArrayLike:
    """The part of Tensor that reads its `array`."""

    __slots__ = ()
    array: np.ndarray
    node: Any
    __getitem__: Any
    unbind: Any
    numpy_functions = {}  # NumPy's function -> ours, filled by the declarations

    shape = property(lambda self: Size(self.array.shape))
    dtype = property(lambda self: BY_NUMPY[self.array.dtype])
    ndim = property(lambda self: self.array.ndim)
    device = property(lambda self: CPU)
    layout = property(lambda self: strided)
    is_cuda = is_mps = is_sparse = is_quantized = is_mkldnn = is_meta = False
    is_cpu = True
    itemsize = property(lambda self: self.array.itemsize)
    nbytes = property(lambda self: self.array.nbytes)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.array.shape[self.which(dim)]

    def dim(self) -> int:
        return self.array.ndim

    def numel(self) -> int:
        """How many numbers it has."""
        return self.array.size

    ndimension, nelement = dim, numel

    def stride(self, dim: int | None = None) -> Any:
        """How many numbers further in memory the next one along each dim is."""
        strides = tuple(n // self.array.itemsize for n in self.array.strides)
        return strides if dim is None else strides[self.which(dim)]

    def which(self, dim: int) -> int:
        """`dim`, if there is such a one."""
        n = self.array.ndim
        if not n:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        if not -n <= dim < n:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
        return dim

    def element_size(self) -> int:
        return self.array.itemsize

    def is_contiguous(self, memory_format=contiguous_format) -> bool:
        """Whether its numbers lie in memory in the order of its dims."""
        if memory_format in CHANNELS:
            return self.array.ndim == len(CHANNELS[memory_format]) and is_laid_out(self.array, memory_format)
        return self.array.flags.c_contiguous

    def is_floating_point(self) -> bool:
        """Whether its dtype is float16, float32 or float64."""
        return self.array.dtype.kind == "f"

    def is_signed(self) -> bool:
        """Whether its dtype has negative numbers."""
        return self.array.dtype.kind in "if"

    def is_complex(self) -> bool:
        """No: all numbers are real here."""
        return False

    is_conj = is_neg = is_pinned = is_shared = is_complex

    def is_nonzero(self) -> bool:
        """Whether the one number in it is not 0."""
        return bool(self)

    def get_device(self) -> int:
        return -1

    def data_ptr(self) -> int:
        """The address of its first number in memory."""
        return self.array.ctypes.data

    def is_same_size(self, other) -> bool:
        return self.array.shape == other.array.shape

    def item(self) -> Any:
        """The one number in it, as Python's."""
        return self.one(RuntimeError, f"a Tensor with {self.array.size} elements cannot be converted to Scalar")

    def tolist(self) -> Any:
        return self.array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """NumPy's array of the same memory: a write to one is seen in the other."""
        if self.node is not None and thread.grad and not force:
            raise RuntimeError(
                taught(
                    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
                    why="what NumPy computes of it leaves no node behind, so its gradient would be lost without a word",
                    fix="say that no gradient is wanted, `.detach().numpy()`, or compute with the tensor itself",
                )
            )
        return self.array

    __bool__ = lambda self: bool(
        self.one(RuntimeError, "Boolean value of Tensor with more than one value is ambiguous")
    )
    __int__ = lambda self: int(self.one(ValueError, "only one element tensors can be converted to Python scalars"))
    __float__ = lambda self: float(self.one(ValueError, "only one element tensors can be converted to Python scalars"))
    __index__ = lambda self: operator.index(
        self.one(TypeError, "only integer tensors of a single element can be converted to an index")
    )
    __hash__ = object.__hash__

    def one(self, error, complaint):
        """The number in a tensor of one; else torch's complaint."""
        if self.array.size != 1:
            raise error(f"{complaint}: this one has shape {list(self.shape)}; reduce it first, or take .tolist()")
        return self.array.item()

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind())

    def __contains__(self, x):
        return bool((self.array == (x.array if isinstance(x, ArrayLike) else x)).any())

    def __repr__(self) -> str:
        return printing.tensor_text(self)

    def __format__(self, spec):
        return format(self.item(), spec) if self.array.ndim == 0 else object.__format__(self, spec)

    # ---------------------------------------------------------------- NumPy's protocols

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype, copy=copy)

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        if method == "__call__" and ufunc in self.numpy_functions and not kwargs:
            return self.numpy_functions[ufunc](*args)
        result = getattr(ufunc, method)(*as_arrays(args), **kwargs)
        return result if kwargs.get("out") is not None else self.of(np.asarray(result))

    def __array_function__(self, function, types, args, kwargs):
        if function in self.numpy_functions:
            names = {"axis": "dim", "keepdims": "keepdim"}
            return self.numpy_functions[function](*args, **{names.get(k, k): v for k, v in kwargs.items()})
        if function in UNLIKE:
            raise TypeError(
                f"np.{function.__name__} and torch's {function.__name__} differ, so it is not hooked: call"
                f" tensor.{function.__name__}(...), or np.{function.__name__}(tensor.detach().numpy(), ...)"
            )
        return function(*as_arrays(args), **{k: as_arrays([v])[0] for k, v in kwargs.items()})


# These mean one thing in NumPy and another in torch: ddof, an index beside the maximum, sections for lengths.
UNLIKE = {np.std, np.var, np.repeat, np.split, np.sort, np.size, np.median, np.max, np.min}


def as_arrays(values):
    """The values, with every tensor among them, or in lists among them, as its array."""
    return [
        as_arrays(v) if isinstance(v, (list, tuple)) else np.asarray(v) if isinstance(v, ArrayLike) else v
        for v in values
    ]
