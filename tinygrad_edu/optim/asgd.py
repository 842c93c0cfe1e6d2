"""ASGD: plain steps, and beside them the mean of where they have been."""

from typing import Any

from ..tensor import Tensor
from .first_order import FirstOrder, count, full, number, scalar


class ASGD(FirstOrder):
    """p ← (1 - λη) p - η g; from step t₀ on, state["ax"] is the mean of all p since then, and before that p itself.

        η = lr / (1 + λ lr t)^α after t steps, with λ = `lambd`;  ax ← ax + μ (p - ax), with μ = 1 / max(1, t - t₀)

    `weight_decay` adds its multiple of p to g.
    Polyak and Juditsky, 1992. https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html
    """

    not_negative = ("lr", "weight_decay")
    unsaid = dict(foreach=None, maximize=False, differentiable=False, capturable=False)
    counts = ("step", "eta", "mu")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        options = dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)
        switches = dict(foreach=foreach, maximize=maximize, differentiable=differentiable, capturable=capturable)
        super().__init__(params, options | switches)

    def begin(self, p, group):
        eta = scalar(number(group["lr"]), group)
        return dict(step=scalar(0, group), eta=eta, mu=scalar(1, group), ax=full(p))

    def update(self, p, g, state, group):
        lr, lambd, t = group["lr"], group["lambd"], count(state)
        eta, mu, mean = state["eta"].array, state["mu"].array, state["ax"].array
        p *= 1 - lambd * eta.item()
        p += g * -eta.item()
        mean[...] = p if mu == 1 else mean + (p - mean) * mu.item()
        eta[...] = scalar(lr / (1 + lambd * lr * t) ** group["alpha"], group).array
        mu[...] = scalar(1 / max(1, t - group["t0"]), group).array
