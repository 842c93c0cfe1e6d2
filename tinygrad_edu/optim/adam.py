"""Adam: steps of the size of lr, in the direction of the mean gradient over its own typical size."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, follow, follow_square, full, numbers, scalar


class Adam(FirstOrder):
    """m and v are running means of g and g²; p ← p - lr m̂ / (√v̂ + ε), the hats undoing the means' start from zero.

        m ← β₁ m + (1 - β₁) g          m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²         v̂ = v / (1 - β₂ᵗ)

    `weight_decay` λ adds λp to g; decoupled (as in AdamW) it shrinks p by lr λ instead. `amsgrad` divides by the
    largest v so far.
    Kingma and Ba, 2015. https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    unsaid = dict(
        amsgrad=False,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        decoupled_weight_decay=False,
        fused=None,
    )

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        scalars = tuple(beta.squeeze() if isinstance(beta, Tensor) else beta for beta in betas)
        options = dict(lr=lr, betas=scalars, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)
        switches = dict(
            maximize=maximize, foreach=foreach, capturable=capturable, differentiable=differentiable, fused=fused
        )
        super().__init__(params, options | switches | dict(decoupled_weight_decay=decoupled_weight_decay))

    def check(self, group):
        betas = group["betas"]
        for i, beta in enumerate(betas):
            if isinstance(beta, Tensor) and beta.array.size != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element, and has {beta.array.size}")
        super().check(group)
        if not any(all(isinstance(beta, kind) for beta in betas) for kind in (float, Tensor)):
            raise ValueError(f"betas must be either both floats or both Tensors, and not {betas}")
        for what, value in (("lr", group["lr"]), ("betas[0]", betas[0])):
            if isinstance(value, Tensor) and group["foreach"] and not group["capturable"]:
                raise ValueError(f"{what} as a Tensor is not supported for capturable=False and foreach=True")

    def begin(self, p, group):
        names = ("exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * group["amsgrad"])
        return {"step": scalar(0, group), **{name: full(p) for name in names}}

    def update(self, p, g, state, group):
        lr, (beta1, beta2) = group["lr"], group["betas"]
        m, v, t = state["exp_avg"].array, state["exp_avg_sq"].array, count(state)
        follow(m, g, beta1)
        follow_square(v, g, beta2)
        if group["amsgrad"]:
            top = state["max_exp_avg_sq"].array
            v = np.maximum(top, v, out=top)
        hat, eps, size = numbers(p.dtype, (1 - beta2**t) ** 0.5, group["eps"], lr / (1 - beta1**t))
        p -= m * size / (np.sqrt(v) / hat + eps)
