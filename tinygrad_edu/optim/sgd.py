"""SGD: a step against the gradient, with momentum if wanted."""

from typing import Any

import numpy as np

from ..tensor import made
from .optimizer import Optimizer


class SGD(Optimizer):
    """p ← p - lr g; with momentum μ, p ← p - lr b, where b ← μ b + (1 - dampening) g starts at the first g.

    Nesterov's form steps by g + μ b. `weight_decay` λ adds λp to g.
    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    switches = dict(foreach=None, differentiable=False, fused=None)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        options = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov)
        super().__init__(params, options | dict(maximize=maximize) | self.checked(switches))

    def check(self, group):
        super().check(group)
        if group["momentum"] < 0.0:
            raise ValueError(f"Invalid momentum value: {group['momentum']} (it must not be negative)")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def update(self, p, g, state, group):
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + p * group["weight_decay"]
        if momentum:
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = made(np.array(g), None)
                b = state["momentum_buffer"].array
            else:
                b = state["momentum_buffer"].array
                b *= momentum
                b += g * (1 - group["dampening"])
            g = g + b * momentum if group["nesterov"] else b
        p += g * -group["lr"]
