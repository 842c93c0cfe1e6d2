"""NAdam: Adam with Nesterov's look ahead."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, follow, follow_square, full, numbers, scalar


class NAdam(FirstOrder):
    """Adam, stepping by a mean that is one step ahead: it weighs the new gradient once more.

        μₜ = β₁ (1 - 0.96^(t ψ) / 2), with ψ = `momentum_decay`;  m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²
        p ← p - lr [(1 - μₜ) g / (1 - μ₁ ⋯ μₜ) + μₜ₊₁ m / (1 - μ₁ ⋯ μₜ₊₁)] / (√v̂ + ε), with v̂ = v / (1 - β₂ᵗ)

    `weight_decay` λ adds λp to g; decoupled it shrinks p by lr λ instead.
    Dozat, 2016. https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
    """

    not_negative = ("lr", "eps", "weight_decay", "momentum_decay")
    unsaid = dict(maximize=False, foreach=None, capturable=False, differentiable=False, decoupled_weight_decay=False)
    counts = ("step", "mu_product")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        switches = dict(maximize=maximize, foreach=foreach, capturable=capturable, differentiable=differentiable)
        super().__init__(params, options | dict(decoupled_weight_decay=decoupled_weight_decay) | switches)

    def begin(self, p, group):
        return dict(step=scalar(0, group), mu_product=scalar(1, group), exp_avg=full(p), exp_avg_sq=full(p))

    def update(self, p, g, state, group):
        lr, (beta1, beta2) = group["lr"], group["betas"]
        m, v, t = state["exp_avg"].array, state["exp_avg_sq"].array, count(state)
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (t, t + 1))
        product = state["mu_product"].array
        product *= mu
        so_far = product.item()
        follow(m, g, beta1)
        follow_square(v, g, beta2)
        (eps,) = numbers(p.dtype, group["eps"])
        root = np.sqrt(v / (1 - beta2**t)) + eps
        p += g * (-lr * (1 - mu) / (1 - so_far)) / root
        p += m * (-lr * mu_next / (1 - so_far * mu_next)) / root
