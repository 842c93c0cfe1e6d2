"""Schedules that follow a cosine from the rate at the beginning down to a smallest one.

Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017.
"""

import math
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler


class CosineAnnealingLR(LRScheduler):
    """η_min + (η₀ - η_min) (1 + cos(π t / T_max)) / 2, as a factor on η - η_min, so that it can be chained.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html"""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        t, T, low, groups = self.last_epoch, self.T_max, self.eta_min, self.optimizer.param_groups
        if self._is_initial:
            return [group["lr"] * 1 for group in groups]
        if self._step_count == 1 and t > 0:  # resumed
            return [low + (base_lr - low) * (1 + math.cos(t * math.pi / T)) / 2 for base_lr in self.base_lrs]
        if (t - 1 - T) % (2 * T) == 0:  # from the bottom, where every factor would be 0
            rise = 1 - math.cos(math.pi / T)
            return [group["lr"] + (base_lr - low) * rise / 2 for base_lr, group in zip(self.base_lrs, groups)]
        factor = (1 + math.cos(math.pi * t / T)) / (1 + math.cos(math.pi * (t - 1) / T))
        return [factor * (group["lr"] - low) + low for group in groups]

    def _get_closed_form_lr(self) -> list[Any]:
        return annealed(self.base_lrs, self.eta_min, self.last_epoch, self.T_max)


def annealed(base_lrs, low, t, T):
    return [low + (base_lr - low) * (1 + math.cos(math.pi * t / T)) / 2 for base_lr in base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """η_min + (η₀ - η_min) (1 + cos(π T_cur / T_i)) / 2: cycles of T_i steps, the first of T_0, each T_mult times the last.

    `step(epoch)` may be given a fraction of an epoch.
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html"""

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min = T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        return annealed(self.base_lrs, self.eta_min, self.T_cur, self.T_i)

    def step(self, epoch: float | None = None) -> None:
        """Go on by one step, or to `epoch`."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch, self.T_cur = self.last_epoch + 1, self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        else:
            self.T_cur, self.T_i = self._place(epoch)
        self.last_epoch = math.floor(epoch)
        self._write(self.get_lr)

    def _place(self, epoch):
        """(T_cur, T_i) at an epoch: the first n cycles take T_0 (T_multⁿ - 1) / (T_mult - 1) steps."""
        first, mult = self.T_0, self.T_mult
        if epoch < first:
            return epoch, first
        if mult == 1:
            return epoch % first, self.T_i
        n = int(math.log(epoch / first * (mult - 1) + 1, mult))
        return epoch - first * (mult**n - 1) / (mult - 1), first * mult**n
