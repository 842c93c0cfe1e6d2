"""RAdam: Adam that waits until it knows how large a gradient typically is."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, follow, follow_square, full, numbers, scalar


class RAdam(FirstOrder):
    """Adam whose early steps are rectified: few gradients say little about their mean square.

        ρ∞ = 2 / (1 - β₂) - 1, and ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ), over so many gradients v̂ is a mean
        p ← p - lr m̂ r / (√v̂ + ε') if ρ > 5, with r² = (ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ);  else p ← p - lr m̂

    m̂ and v̂ are Adam's; ε' is ε, added before v is corrected. `weight_decay` λ adds λp to g; decoupled it shrinks p by lr λ.
    Liu and others, 2020. https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html
    """

    unsaid = dict(maximize=False, foreach=None, capturable=False, differentiable=False, decoupled_weight_decay=False)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        switches = dict(maximize=maximize, foreach=foreach, capturable=capturable)
        decoupled = dict(decoupled_weight_decay=decoupled_weight_decay)
        super().__init__(params, options | switches | decoupled | dict(differentiable=differentiable))

    def begin(self, p, group):
        return dict(step=scalar(0, group), exp_avg=full(p), exp_avg_sq=full(p))

    def update(self, p, g, state, group):
        lr, (beta1, beta2) = group["lr"], group["betas"]
        m, v, t = state["exp_avg"].array, state["exp_avg_sq"].array, count(state)
        follow(m, g, beta1)
        follow_square(v, g, beta2)
        correction = 1 - beta2**t
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / correction
        by = m / (1 - beta1**t) * lr
        if rho > 5:
            (eps,) = numbers(p.dtype, group["eps"])
            rectified = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
            by = by * (correction**0.5 / (np.sqrt(v) + eps)) * rectified
        p -= by
