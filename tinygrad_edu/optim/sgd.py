"""SGD: a step against the gradient, with momentum if wanted."""

from typing import Any

import numpy as np

from ..tensor import Tensor, made
from .first_order import FirstOrder, numbers


class SGD(FirstOrder):
    """p ← p - lr g; with momentum μ, p ← p - lr b, where b ← μ b + (1 - dampening) g starts at the first g.

    Nesterov's form steps by g + μ b. `weight_decay` λ adds λp to g.

    >>> from tinygrad_edu import optim, tensor
    >>> x = tensor([3.0], requires_grad=True)
    >>> optimizer = optim.SGD([x], lr=0.25)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).sum().backward()
    ...     optimizer.step()
    >>> x
    tensor([0.7500], requires_grad=True)

    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    not_negative = ("lr", "momentum", "weight_decay")
    unsaid = dict(nesterov=False, maximize=False, foreach=None, differentiable=False, fused=False)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov)
        switches = dict(maximize=maximize, foreach=foreach, differentiable=differentiable, fused=fused)
        super().__init__(params, options | switches)

    def check(self, group):
        super().check(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def begin(self, p, group):
        return {"momentum_buffer": None} if group["momentum"] else {}

    def update(self, p, g, state, group):
        momentum = group["momentum"]
        if momentum:
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = made(np.array(g), None)
                b = state["momentum_buffer"].array
            else:
                b = state["momentum_buffer"].array
                b *= momentum
                b += g * (1 - group["dampening"])
            g = g + b * momentum if group["nesterov"] else b
        (lr,) = numbers(p.dtype, group["lr"])
        p -= g * lr
