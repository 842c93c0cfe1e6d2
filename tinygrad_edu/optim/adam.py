"""Adam, and AdamW: steps of the size of lr, in the direction of the mean gradient over its own typical size."""

from functools import lru_cache
from typing import Any

import numpy as np

from ..tensor import made
from .optimizer import Optimizer


class Adam(Optimizer):
    """m and v are running means of g and g²; p ← p - lr m̂ / (√v̂ + ε), the hats undoing the means' start from zero.

        m ← β₁ m + (1 - β₁) g          m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²         v̂ = v / (1 - β₂ᵗ)

    `weight_decay` λ adds λp to g; decoupled (as in AdamW) it shrinks p by lr λ instead. `amsgrad` divides by the
    largest v so far.
    Kingma and Ba, 2015. https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        **switches: Any,
    ) -> None:
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad, maximize=maximize)
        super().__init__(params, options | self.checked(switches) | dict(decoupled_weight_decay=decoupled_weight_decay))

    def update(self, p, g, state, group):
        if not state:
            state["step"] = made(np.zeros((), np.float32), None)
            for name in ("exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * group["amsgrad"]):
                state[name] = made(np.zeros_like(p), None)
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        rest1, beta2_, rest2, eps = numbers(p.dtype, 1 - beta1, beta2, 1 - beta2, group["eps"])
        m, v, step = state["exp_avg"].array, state["exp_avg_sq"].array, state["step"].array
        step[...] = t = step.item() + 1
        if decay and group["decoupled_weight_decay"]:
            p *= 1 - lr * decay
        elif decay:
            g = g + p * decay
        if beta1 > 0.5:  # the mean of m and g, from the end that it is nearer to
            m += (g - m) * rest1
        else:
            m[...] = g - (g - m) * beta1
        v *= beta2_
        v += g * rest2 * g
        if group["amsgrad"]:
            top = state["max_exp_avg_sq"].array
            v = np.maximum(top, v, out=top)
        root = np.sqrt(v) / (1 - beta2**t) ** 0.5 + eps
        p += m * -(lr / (1 - beta1**t)) / root


@lru_cache
def numbers(dtype, *values):
    """Python numbers as 0-d arrays, which NumPy takes in half the time."""
    return [np.array(value, dtype) for value in values]


class AdamW(Adam):
    """Adam with decoupled weight decay: p shrinks by lr λ each step, whatever its gradient.

    Loshchilov and Hutter, 2019. https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html"""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True, **switches
        )
