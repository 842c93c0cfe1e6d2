"""`torch.func`: modules as functions of their parameters."""

from collections.abc import Sequence
from typing import Any

from .names import missing_from
from .nn.module import Module
from .nn.utils.stateless import call
from .tensor import Tensor

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What the module gives for these arguments if these tensors, by their dotted names, are its parameters and buffers.

    The others are its own, unless `strict` asks for all. A buffer that the call has replaced is replaced in its dictionary.
    https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(2, 1)
    >>> w = tg.tensor([[1.0, 2.0]], requires_grad=True)
    >>> tg.func.functional_call(layer, {"weight": w, "bias": tg.zeros(1)}, tg.ones(1, 2))
    tensor([[3.]], grad_fn=<AddmmBackward0>)
    """
    dicts = parameter_and_buffer_dicts
    if isinstance(dicts, dict):
        return call(module, dicts, args, kwargs, tie_weights, strict)
    if not isinstance(dicts, Sequence):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    if not all(isinstance(each, dict) for each in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for each in dicts for name in each]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    whole = {name: tensor for each in dicts for name, tensor in each.items()}
    return call(module, whole, args, kwargs, tie_weights, strict)


__getattr__ = missing_from(__name__)
