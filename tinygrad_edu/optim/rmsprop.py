"""RMSprop: the gradient over its own typical size."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, follow, follow_square, full, numbers, scalar


class RMSprop(FirstOrder):
    """v ← α v + (1 - α) g²; p ← p - lr g / (√v + ε).

    With momentum μ, p ← p - lr b, where b ← μ b + g / (√v + ε). `centered` puts the variance in the place of v: v - m², with
    m ← α m + (1 - α) g. `weight_decay` λ adds λp to g.
    Tieleman and Hinton, 2012; Graves, 2013. https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    not_negative = ("lr", "eps", "momentum", "weight_decay", "alpha")
    unsaid = dict(momentum=0, centered=False, foreach=None, maximize=False, differentiable=False, capturable=False)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = dict(lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay)
        switches = dict(capturable=capturable, foreach=foreach, maximize=maximize, differentiable=differentiable)
        super().__init__(params, options | switches)

    def begin(self, p, group):
        names = ("square_avg", *["momentum_buffer"] * (group["momentum"] > 0), *["grad_avg"] * group["centered"])
        return {"step": scalar(0, group), **{name: full(p) for name in names}}

    def update(self, p, g, state, group):
        count(state)
        v, alpha, momentum = state["square_avg"].array, group["alpha"], group["momentum"]
        follow_square(v, g, alpha)
        if group["centered"]:
            m = state["grad_avg"].array
            follow(m, g, alpha)
            v = v - m * m
        (eps,) = numbers(p.dtype, group["eps"])
        root = np.sqrt(v) + eps
        if momentum > 0:
            b = state["momentum_buffer"].array
            b *= momentum
            b += g / root
            p += b * -group["lr"]
        else:
            p += g * -group["lr"] / root
