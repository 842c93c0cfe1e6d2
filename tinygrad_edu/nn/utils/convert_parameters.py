"""All parameters as one vector, and back."""

from collections.abc import Iterable

from ...functional.joining import cat
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The numbers of all parameters in a row.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html"""
    return cat([p.view(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make these parameters parts of a vector, in their order: the inverse. A vector that is too short changes none.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html"""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start, parts = 0, []
    for p in parameters:
        parts.append((p, vec[start : start + p.numel()].view_as(p)))
        start += p.numel()
    for p, part in parts:
        p.data = part.data
