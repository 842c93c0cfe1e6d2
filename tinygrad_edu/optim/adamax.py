"""Adamax: Adam that divides by the largest gradient, not by the typical one."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, follow, full, numbers, scalar


class Adamax(FirstOrder):
    """p ← p - lr m̂ / u, where u is the largest gradient lately, so that no step is longer than lr.

        m ← β₁ m + (1 - β₁) g          m̂ = m / (1 - β₁ᵗ)
        u ← max(β₂ u, |g| + ε)

    `weight_decay` λ adds λp to g.
    Kingma and Ba, 2015, section 7.1. https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
    """

    unsaid = dict(maximize=False, foreach=None, capturable=False, differentiable=False)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        switches = dict(foreach=foreach, maximize=maximize, differentiable=differentiable, capturable=capturable)
        super().__init__(params, options | switches)

    def begin(self, p, group):
        return dict(step=scalar(0, group), exp_avg=full(p), exp_inf=full(p))

    def update(self, p, g, state, group):
        beta1, beta2 = group["betas"]
        m, u, t = state["exp_avg"].array, state["exp_inf"].array, count(state)
        follow(m, g, beta1)
        beta2, eps = numbers(p.dtype, beta2, group["eps"])
        np.maximum(u * beta2, np.abs(g) + eps, out=u)
        p += m * -(group["lr"] / (1 - beta1**t)) / u
