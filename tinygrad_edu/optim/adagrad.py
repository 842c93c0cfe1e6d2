"""Adagrad: each entry's steps shrink with all the gradients that it has seen."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, full, scalar


class Adagrad(FirstOrder):
    """s ← s + g²; p ← p - lrₜ g / (√s + ε), with lrₜ = lr / (1 + (t - 1) `lr_decay`).

    s starts at `initial_accumulator_value`, when the optimizer is made. `weight_decay` λ adds λp to g.
    Duchi, Hazan and Singer, 2011. https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
    """

    not_negative = ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
    unsaid = dict(foreach=None, maximize=False, differentiable=False, fused=None)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options = dict(lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay)
        start = dict(initial_accumulator_value=initial_accumulator_value)
        switches = dict(foreach=foreach, maximize=maximize, differentiable=differentiable, fused=fused)
        super().__init__(params, options | start | switches)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = self.begin(p.array, group)

    def begin(self, p, group):
        return dict(step=scalar(0, group), sum=full(p, self.defaults["initial_accumulator_value"]))

    def update(self, p, g, state, group):
        s, t = state["sum"].array, count(state)
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        s += g * g
        p += g * -lr / (np.sqrt(s) + group["eps"])
