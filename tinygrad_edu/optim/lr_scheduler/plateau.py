"""A schedule that watches a number: the rate is lowered once it has not improved for a while."""

import math
from typing import Any, SupportsFloat

from ...users import warn
from ..optimizer import Optimizer
from .base import LRScheduler, checked, put, values


class ReduceLROnPlateau(LRScheduler):
    """η ← max(η · factor, min_lr) once `patience` steps have passed without a better number, then `cooldown` steps of rest.

    Better is less ("min"), or more ("max"), than the best so far by the `threshold`, as a part of it ("rel") or itself
    ("abs"). Call `step(loss)`.
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html"""

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(f"Factor should be < 1.0, and is {factor}: the rate would not be lowered.")
        self.optimizer, self.factor = checked(optimizer), factor
        groups, several = len(optimizer.param_groups), isinstance(min_lr, (list, tuple))
        self.default_min_lr = None if several else min_lr
        self.min_lrs: list[Any] = list(min_lr) if several else [min_lr] * groups  # type: ignore[arg-type]
        if len(self.min_lrs) != groups:
            raise ValueError(f"expected {groups} min_lrs, got {len(self.min_lrs)}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.patience, self.cooldown, self.eps, self.last_epoch = patience, cooldown, eps, 0
        self._last_lr = values(optimizer, "lr")
        self._reset()

    def _reset(self):
        """Forget what was seen."""
        self.best, self.cooldown_counter, self.num_bad_epochs = self.mode_worse, 0, 0

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Hear how good the last epoch was."""
        if epoch is not None:
            warn("The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible.")
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        current = float(metrics)
        if self._is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = values(self.optimizer, "lr")

    def _is_better(self, a, best):
        part = 1.0 - self.threshold if self.mode == "min" else self.threshold + 1.0
        apart = -self.threshold if self.mode == "min" else self.threshold
        bound = best * part if self.threshold_mode == "rel" else best + apart
        return a < bound if self.mode == "min" else a > bound

    def _reduce_lr(self):
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from when `ReduceLROnPlateau` was"
                    f" initialized ({len(self.min_lrs)}), usually due to a new param group being added to the optimizer."
                    " Please modify the `min_lrs` field to match the length of the `optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs):
            old = float(group["lr"])
            new = max(old * self.factor, least)
            if old - new > self.eps:
                put(group, "lr", new)
