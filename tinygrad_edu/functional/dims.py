"""The dims of a tensor in another order, and as many as it takes."""

import functools

from ..compose import composed
from ..names import publish
from ..ops.axes import axes
from ..ops.shape import reshape, transpose
from ..tensor import Tensor
from ..users import warn

# ------------------------------------------------------------------ in another order


@composed
def t(input):
    """A matrix transposed; a vector as it is."""
    if input.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D")
    return input.transpose(0, 1 if input.array.ndim == 2 else 0)


@composed
def swapaxes(input, axis0, axis1):
    """Two dims exchanged."""
    return input.transpose(axis0, axis1)


publish(transpose, "swapdims", "torch Tensor")


@composed(also="moveaxis")
def movedim(input, source, destination):
    """The dims in `source` moved to the places in `destination`; the others keep their order."""
    source, destination = (((d,) if isinstance(d, int) else tuple(d)) for d in (source, destination))
    if len(source) != len(destination):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source"
            f" ({list(source)} dims) should contain the same number of dims as destination ({list(destination)} dims)"
        )
    n = input.array.ndim
    source, destination = axes(source, n) if source else (), axes(destination, n) if destination else ()
    if not n:
        return input.view(())
    dims = [d for d in range(n) if d not in source]
    for to, d in sorted(zip(destination, source)):
        dims.insert(to, d)
    return input.permute(dims)


def flat(name, ndim):
    """torch's warning where a tensor of so many dims is no matrix."""
    if ndim == 0:
        warn(f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases.")
    elif name == "T" and ndim != 2:
        warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an"
            " error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(...)`."
        )


@composed
def adjoint(input):
    """Each matrix transposed (and conjugated, which changes no real number)."""
    return matrices_transposed(input, "adjoint()")


def matrices_transposed(x, name):
    if x.array.ndim == 1:
        raise RuntimeError(f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor.")
    if not x.array.ndim:
        flat(name, 0)
        return x
    return x.transpose(-2, -1)


def matrix_transposed(x):
    """H: a matrix transposed (and conjugated, which changes no real number)."""
    if x.array.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {x.array.ndim}-D tensor.")
    return matrices_transposed(x, "H")


def dims_reversed(x):
    """T: all dims in reverse order."""
    flat("T", x.array.ndim)
    return x.permute(tuple(range(x.array.ndim))[::-1])


for name, get in {
    "mT": lambda x: matrices_transposed(x, "mT"),
    "mH": lambda x: matrices_transposed(x, "mH"),
    "H": matrix_transposed,
    "T": dims_reversed,
}.items():
    setattr(Tensor, name, property(get))


# ------------------------------------------------------------------ as many dims as it takes


def listed(name, tensors):
    """A list of tensors, and nothing else."""
    if isinstance(tensors, Tensor):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    tensors = list(tensors)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    return tensors


def one_or_several(function):
    """The function of one tensor, to which a list of them, or several, may be given too: a tuple comes back."""

    @functools.wraps(function)
    def call(*tensors):
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return function(tensors[0])
        return tuple(map(function, listed(function.__name__, tensors[0] if len(tensors) == 1 else tensors)))

    publish(call, function.__name__, "torch")
    return call


@one_or_several
def atleast_1d(input):
    """A number as a vector of one; others as they are."""
    return input if input.array.ndim else reshape(input, (1,))


@one_or_several
def atleast_2d(input):
    """A number or vector as a matrix of one row; others as they are."""
    return input if input.array.ndim > 1 else reshape(input, (1, -1 if input.array.size else 0))


@one_or_several
def atleast_3d(input):
    """A number or vector with a dim put in before and behind it, a matrix with one behind it; others as they are."""
    return input if input.array.ndim > 2 else atleast_2d(input).unsqueeze(-1)
