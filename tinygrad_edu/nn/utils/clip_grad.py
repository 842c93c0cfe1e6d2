"""Gradients that are too large, made smaller before the optimizer's step."""

import math
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from ...autograd import no_grad
from ...creation import zeros
from ...functional.joining import stack
from ...ops.piecewise import clamp
from ...ops.reduce import vector_norm
from ...tensor import Tensor
from ...users import warn


def several(given):
    """One tensor, or what gives several, as a list."""
    return [given] if isinstance(given, Tensor) else list(given)


def gradients(parameters):
    """The gradients of these parameters, of those that have one."""
    return [p.grad for p in several(parameters) if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Iterable[Tensor] | Tensor,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """(Σ |g|ᵖ)^(1/p) over all numbers of all tensors.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html"""
    tensors, norm_type = several(tensors), float(norm_type)
    if not tensors:
        return zeros(())
    norm = vector_norm(stack([vector_norm(t, norm_type) for t in tensors]), norm_type)
    if error_if_nonfinite and not math.isfinite(norm.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. To"
            " disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return norm


@no_grad()
def clip_grads_with_norm_(
    parameters: Iterable[Tensor] | Tensor, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """g ← g · min(max_norm / (total_norm + 1e-6), 1).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html"""
    share = clamp(float(max_norm) / (total_norm + 1e-6), max=1.0)
    for g in gradients(parameters):
        g.mul_(share)


def clip_grad_norm_(
    parameters: Iterable[Tensor] | Tensor,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients down, if they are longer, taken together, than `max_norm`; returns how long they were.

    Pascanu et al., On the difficulty of training recurrent neural networks, 2013.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html

    >>> import tinygrad_edu as tg
    >>> p = tg.zeros(2, requires_grad=True)
    >>> p.grad = tg.tensor([3.0, 4.0])
    >>> tg.nn.utils.clip_grad_norm_([p], max_norm=1.0), p.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    of_generator, parameters = isinstance(parameters, GeneratorType), several(parameters)
    if of_generator and not parameters:
        warn("`parameters` is an empty generator, no gradient clipping will occur.")
    norm = get_total_norm(gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, norm)
    return norm


def clip_grad_norm(
    parameters: Iterable[Tensor] | Tensor,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """clip_grad_norm_, by its deprecated name."""
    warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.", FutureWarning
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


@no_grad()
def clip_grad_value_(parameters: Iterable[Tensor] | Tensor, clip_value: Any, foreach: bool | None = None) -> None:
    """g ← min(max(g, -clip_value), clip_value).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html"""
    bound = float(clip_value)
    for g in gradients(parameters):
        g.clamp_(-bound, bound)
