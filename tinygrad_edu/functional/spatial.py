"""How torch lets people say sizes along the spatial dims: one number for all of them, or one for each."""

from operator import index

from ..tensor import Tensor


def one_int(name, what, n):
    """An int, as torch takes it: no bool, and no float."""
    if isinstance(n, bool) or not (isinstance(n, Tensor) or hasattr(n, "__index__")):
        raise TypeError(f"{name}(): argument '{what}' must be tuple of ints, not {type(n).__name__}")
    return index(n)


def ints(name, what, value, dims):
    """`value`, one int or a sequence of 1 or `dims` ones, as a tuple of `dims` ints."""
    found = [one_int(name, what, n) for n in (value if isinstance(value, (tuple, list)) else (value,))]
    if len(found) not in (1, dims):
        raise RuntimeError(
            f"{name}(): expected {what} to be a single integer value or a list of {dims} values, but got {what}={found}"
        )
    return tuple(found if len(found) == dims else found * dims)


def at_least(least, name, what, values):
    """Raise torch's error if one of the values is less."""
    if any(n < least for n in values):
        raise RuntimeError(
            f"{name}(): {what} must be {'greater than zero' if least else 'non-negative'}, but got {list(values)}"
        )


def batched(x, dims):
    """(x with a batch dim, whether it had one) for an input with or without one."""
    return (x, True) if x.array.ndim == dims + 2 else (x.unsqueeze(0), False)
