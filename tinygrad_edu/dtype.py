"""The number types: torch's names for NumPy's, the default one, and what two of them become when they meet."""

import builtins

import numpy as np


class dtype:
    """One of torch's number types; `numpy.dtype(tg.float32)` is NumPy's.

    >>> import tinygrad_edu as tg
    >>> tg.float32, tg.float32.itemsize, tg.float32.is_floating_point
    (torch.float32, 4, True)
    """

    __slots__ = ("dtype", "is_floating_point", "itemsize", "name")

    def __init__(self, name):
        self.name = name
        self.dtype = np.dtype(name)
        self.itemsize = self.dtype.itemsize
        self.is_floating_point = self.dtype.kind == "f"

    is_complex = False  # complex numbers are not supported yet

    @property
    def is_signed(self):
        return self.dtype.kind in "if"

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


bool = dtype("bool")
uint8, int8, int16, int32, int64 = (dtype(n) for n in ("uint8", "int8", "int16", "int32", "int64"))
float16, float32, float64 = (dtype(n) for n in ("float16", "float32", "float64"))
half, float, double = float16, float32, float64
short, int, long = int16, int32, int64

BY_NUMPY = {d.dtype: d for d in (bool, uint8, int8, int16, int32, int64, float16, float32, float64)}
BY_SCALAR = {builtins.bool: bool, builtins.int: int64, builtins.float: float32}

_default = float32


def get_default_dtype():
    """The floating-point type that Python floats become; float32 unless `set_default_dtype` said otherwise."""
    return _default


def set_default_dtype(d):
    """Make `d`, a floating-point dtype, the type of new tensors of Python floats.

    https://docs.pytorch.org/docs/stable/generated/torch.set_default_dtype.html"""
    global _default
    if not as_dtype(d).is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, and {d} is none")
    _default = BY_SCALAR[builtins.float] = as_dtype(d)


def as_dtype(d):
    """torch's dtype for torch's own, NumPy's, or Python's `bool`, `int`, `float`."""
    if isinstance(d, dtype):
        return d
    if d is builtins.float:
        return float64
    try:
        return BY_NUMPY[np.dtype(d)]
    except (KeyError, TypeError):
        raise TypeError(
            f"{d!r} is not a dtype we have; take one of {', '.join(map(repr, BY_NUMPY.values()))}"
        ) from None


FAST = (float32.dtype, float64.dtype)  # what the fast forms of ops take as it is


def native(array):
    """The array with NumPy's own dtype object, by which ops know it at a glance: pickle makes equal ones that are others."""
    d = BY_NUMPY[array.dtype].dtype
    return array if array.dtype is d else array.view(d)


def kind(d):
    """The category of a dtype, in torch's order: bool, integer, floating point."""
    return {"b": 0, "i": 1, "u": 1, "f": 2}[d.dtype.kind]


def promote(a, b):
    """The dtype of the higher category; within one category, the smallest that holds both."""
    if kind(a) != kind(b):
        return max(a, b, key=kind)
    return BY_NUMPY[np.promote_types(a.dtype, b.dtype)]


def promote_types(type1, type2):
    """The smallest dtype that is of neither's lower category, and holds both."""
    return promote(as_dtype(type1), as_dtype(type2))


def can_cast(from_, to):
    """Whether a conversion keeps to its category or goes to a higher one: bool, integer, floating point."""
    return kind(as_dtype(from_)) <= kind(as_dtype(to))


class finfo:
    """What a floating-point dtype can hold: `bits eps max min tiny smallest_normal resolution`.

    https://docs.pytorch.org/docs/stable/type_info.html

    >>> import tinygrad_edu as tg
    >>> tg.finfo(tg.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type=None):
        d = _default if type is None else as_dtype(type)
        if not d.is_floating_point:
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{d}'")
        info = np.finfo(d.dtype)
        self.dtype, self.bits = d.name, info.bits
        for name in ("eps", "max", "min", "tiny", "smallest_normal", "resolution"):
            setattr(self, name, builtins.float(getattr(info, name)))

    def __repr__(self):
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{n}={getattr(self, n):g}' for n in names)}, dtype={self.dtype})"


class iinfo:
    """What an integer dtype can hold: `bits max min`.

    https://docs.pytorch.org/docs/stable/type_info.html"""

    def __init__(self, type):
        d = as_dtype(type)
        if d.is_floating_point or d is bool:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{d}'")
        info = np.iinfo(d.dtype)
        self.dtype, self.bits, self.max, self.min = d.name, info.bits, builtins.int(info.max), builtins.int(info.min)

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def result_type(*operands):
    """What arrays and Python numbers become together: arrays with dimensions decide, then 0-d arrays, then numbers.

    A lower rank is heard only if its category is higher: float32 array * int number is float32, int64 * 2.5 is float32.
    https://docs.pytorch.org/docs/stable/tensor_attributes.html"""
    ranks = {}
    for x in operands:
        if isinstance(x, np.ndarray):
            rank, d = (0 if x.ndim else 1), BY_NUMPY[x.dtype]
        else:
            rank, d = 2, BY_SCALAR[type(x)]
        ranks[rank] = promote(ranks[rank], d) if rank in ranks else d
    best = None
    for rank in sorted(ranks):
        if best is None or kind(ranks[rank]) > kind(best):
            best = ranks[rank]
    return best
