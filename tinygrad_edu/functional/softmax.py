"""softmax and its kin as functions of a network, which may leave it to torch to choose the dim."""

from ..compose import composed
from ..ops import softmax as ops
from ..ops.elementwise import neg
from ..users import warn


def chosen(name, input, dim):
    """The dim, or torch's choice."""
    if dim is not None:
        return dim
    warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.")
    return 0 if input.array.ndim in (0, 1, 3) else 1


@composed(places="nn.functional")
def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """eˣ / Σ eˣ along `dim`."""
    return ops.softmax(input, chosen("softmax", input, dim), dtype)


@composed(places="nn.functional")
def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """x - log Σ eˣ along `dim`."""
    return ops.log_softmax(input, chosen("log_softmax", input, dim), dtype)


@composed(places="nn.functional")
def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """The softmax of -x."""
    return ops.softmax(neg(input), chosen("softmin", input, dim), dtype)
