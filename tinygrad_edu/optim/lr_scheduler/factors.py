"""Schedules that multiply: by a factor at each step, so that several of them can be chained; or by a function of the step.

In the formulas t is the step, `last_epoch`, and η₀ the rate at the beginning, `initial_lr`.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler


class Factor(LRScheduler):
    """η ← η · factor(t)."""

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        factor = self._factor(self.last_epoch)
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> list[Any]:
        return [base_lr * self._whole(self.last_epoch) for base_lr in self.base_lrs]

    def _factor(self, t):
        """What the rate is multiplied by at step t."""
        raise NotImplementedError

    def _whole(self, t):
        """The product of all factors up to step t."""
        raise NotImplementedError


class StepLR(Factor):
    """η₀ γ^⌊t / step_size⌋. https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html"""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        return self.gamma if t and t % self.step_size == 0 else 1

    def _whole(self, t):
        return self.gamma ** (t // self.step_size)


class MultiStepLR(Factor):
    """η₀ γⁿ after n of the milestones. A milestone named twice counts twice.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html"""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        return self.gamma ** self.milestones[t]

    def _whole(self, t):
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), t)


class ConstantLR(Factor):
    """η₀ · factor up to step total_iters, then η₀.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html"""

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        if t == 0:
            return self.factor
        return 1.0 / self.factor if t == self.total_iters else 1

    def _whole(self, t):
        return self.factor + (t >= self.total_iters) * (1 - self.factor)


class LinearLR(Factor):
    """η₀ (start + (end - start) min(t, T) / T) for T = total_iters: a warm-up, for example.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html"""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if not 0 <= end_factor <= 1:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        if t == 0:
            return self.start_factor
        if self._is_initial or t > self.total_iters:
            return 1
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)

    def _whole(self, t):
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(self.total_iters, t) / self.total_iters


class ExponentialLR(Factor):
    """η₀ γᵗ. https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html"""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        return 1 if self._is_initial else self.gamma

    def _whole(self, t):
        return self.gamma**t


class PolynomialLR(Factor):
    """η₀ (1 - min(t, T) / T)^power for T = total_iters.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html"""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        if self._is_initial or t > self.total_iters:
            return 1
        return ((1.0 - t / self.total_iters) / (1.0 - (t - 1) / self.total_iters)) ** self.power

    def _whole(self, t):
        return (1.0 - min(self.total_iters, t) / self.total_iters) ** self.power


# ------------------------------------------------------------------ functions of yours


class OfFunctions(LRScheduler):
    """A schedule of functions of the step, one for each group or one for all. A checkpoint has the attributes of those that
    are objects, and nothing of plain functions."""

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], Any] | list[Callable[[int], Any]], last_epoch: int = -1
    ) -> None:
        groups = len(optimizer.param_groups)
        several = isinstance(lr_lambda, (list, tuple))
        self.lr_lambdas: list[Any] = list(lr_lambda) if several else [lr_lambda] * groups  # type: ignore[arg-type]
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(self.lr_lambdas)}")
        for f in self.lr_lambdas:
            if not callable(f):
                raise TypeError(f"lr_lambda should be a function, but got {type(f).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        kept = [None if isinstance(f, FunctionType) else f.__dict__.copy() for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for f, kept in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if kept is not None:
                f.__dict__.update(kept)


class LambdaLR(OfFunctions):
    """η₀ f(t). https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html"""

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        return [base_lr * f(self.last_epoch) for f, base_lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(OfFunctions):
    """η ← η f(t). https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html"""

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        pairs = zip(self.lr_lambdas, self.optimizer.param_groups, strict=True)
        return [group["lr"] * (1 if self._is_initial else f(self.last_epoch)) for f, group in pairs]
