"""Rprop: only the signs of the gradients count, and each entry has a step size of its own."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .first_order import FirstOrder, count, full, number, scalar


class Rprop(FirstOrder):
    """p ← p - η sign(g), where η grows while the sign of g stays the same, and shrinks when it turns.

        η ← clamp(η₊ η, `step_sizes`)              if g · (the last g) > 0
        η ← clamp(η₋ η, `step_sizes`), g ← 0       if g · (the last g) < 0: it went too far, and now waits a step

    η starts at lr. It needs the gradient of all data, not of batches: their signs differ by chance.
    Riedmiller and Braun, 1993. https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
    """

    not_negative = ("lr",)
    unsaid = dict(foreach=None, maximize=False, differentiable=False, capturable=False)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = dict(lr=lr, etas=etas, step_sizes=step_sizes)
        switches = dict(foreach=foreach, maximize=maximize, differentiable=differentiable, capturable=capturable)
        super().__init__(params, options | switches)

    def check(self, group):
        super().check(group)
        less, more = group["etas"]
        if not 0.0 < less < 1.0 < more:
            raise ValueError(
                f"Invalid eta values: {less}, {more} (the first shrinks, the second grows: 0 < η₋ < 1 < η₊)"
            )

    def begin(self, p, group):
        return dict(step=scalar(0, group), prev=full(p), step_size=full(p, number(group["lr"])))

    def update(self, p, g, state, group):
        count(state)
        (less, more), last, size = group["etas"], state["prev"].array, state["step_size"].array
        kept, turned = g * last > 0, g * last < 0
        size *= np.where(kept, more, np.where(turned, less, 1)).astype(p.dtype)
        np.clip(size, *group["step_sizes"], out=size)
        last[...] = np.where(turned, 0, g)
        p -= (last > 0) * size - (last < 0) * size
