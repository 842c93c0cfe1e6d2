"""softmax and its kin as functions of a network, which may leave it to torch to choose the dim; and its samples."""

from ..compose import composed
from ..creation import empty_like, zeros_like
from ..ops import softmax as ops
from ..ops.elementwise import neg
from ..users import warn
from .scattering import scatter


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


@composed(places="nn.functional")
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """softmax((x + γ) / τ) for γ from Gumbel's distribution: near one-hot, at i with probability softmax(x)ᵢ.

    `hard` makes it one-hot forwards, and leaves its gradient as it is. Jang et al., 2016; Maddison et al., 2016.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html"""
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    gumbel = neg(empty_like(logits).exponential_().log())
    soft = ops.softmax((logits + gumbel) / tau, dim)
    if not hard:
        return soft
    one_hot = scatter(zeros_like(soft.detach()), dim, soft.detach().argmax(dim, keepdim=True), 1.0)
    return one_hot - soft.detach() + soft
