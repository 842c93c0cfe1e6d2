"""Adadelta: steps in the units of the parameters themselves, so that lr may be 1."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, follow_square, full, numbers, scalar


class Adadelta(FirstOrder):
    """The step is the gradient times the typical step over the typical gradient.

        v ← ρ v + (1 - ρ) g²        Δ = g √(u + ε) / √(v + ε)
        u ← ρ u + (1 - ρ) Δ²        p ← p - lr Δ

    `weight_decay` λ adds λp to g.
    Zeiler, 2012. https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
    """

    unsaid = dict(foreach=None, maximize=False, differentiable=False, capturable=False)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        switches = dict(maximize=maximize, capturable=capturable, foreach=foreach, differentiable=differentiable)
        super().__init__(params, options | switches)

    def check(self, group):
        super().check(group)
        if not 0.0 <= group["rho"] <= 1.0:
            raise ValueError(f"Invalid rho value: {group['rho']} (it must be in [0, 1])")

    def begin(self, p, group):
        return dict(step=scalar(0, group), square_avg=full(p), acc_delta=full(p))

    def update(self, p, g, state, group):
        count(state)
        rho, (eps,) = group["rho"], numbers(p.dtype, group["eps"])
        v, u = state["square_avg"].array, state["acc_delta"].array
        follow_square(v, g, rho)
        delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        follow_square(u, delta, rho)
        p += delta * -group["lr"]
