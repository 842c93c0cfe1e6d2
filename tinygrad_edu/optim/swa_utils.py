"""Averages of a model's weights over the steps of its training, which often generalize better than the last weights do.

Izmailov et al., Averaging weights leads to wider optima and better generalization, 2018; Polyak and Juditsky, 1992.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from ..autograd import no_grad
from ..data import tensor
from ..dtype import int64
from ..nn.batchnorm import BatchNorm
from ..nn.module import Module
from ..tensor import Tensor
from .lr_scheduler.base import LRScheduler, per_group
from .optimizer import Optimizer

__all__ = [
    "AveragedModel",
    "update_bn",
    "SWALR",
    "get_ema_multi_avg_fn",
    "get_swa_multi_avg_fn",
    "get_ema_avg_fn",
    "get_swa_avg_fn",
]

# ------------------------------------------------------------------ averages


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Tensor]:
    """avg ← decay · avg + (1 - decay) · p: the exponential moving average, in which old weights fade."""
    decay = share(decay)

    @no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable[..., Tensor]:
    """avg ← avg + (p - avg) / (n + 1): the mean, in which all weights count alike (stochastic weight averaging)."""

    @no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """get_ema_avg_fn, of lists of tensors of one dtype, in place."""
    decay = share(decay)

    @no_grad()
    def ema_update(ema_param_list, current_param_list, num_averaged):
        for average, p in zip(ema_param_list, current_param_list, strict=True):
            if average.is_floating_point():
                average.lerp_(p, 1 - decay)
            else:
                average.copy_(average * decay + p * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """get_swa_avg_fn, of lists of floating-point tensors of one dtype, in place."""

    @no_grad()
    def swa_update(averaged_param_list, current_param_list, num_averaged):
        for average, p in zip(averaged_param_list, current_param_list, strict=True):
            average.lerp_(p, float(1 / (num_averaged + 1)))

    return swa_update


def share(decay):
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


# ------------------------------------------------------------------ models


class AveragedModel(Module):
    """A copy of a model whose parameters are an average of those that the model has had at each `update_parameters`.

    The mean, unless `avg_fn(average, p, n)` gives another average, or `multi_avg_fn(averages, ps, n)` writes them, where n
    is how many were averaged. Buffers are copied, or averaged too under `use_buffers`; `update_bn` makes those of batch
    normalization fit the averaged weights.
    https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Linear(1, 1)
    >>> average = tg.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     model.weight.data.fill_(value)
    ...     average.update_parameters(model)
    tensor([[1.]])
    tensor([[2.]])
    tensor([[6.]])
    >>> average.module.weight.item()
    3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Tensor, Tensor, Tensor | int], Tensor] | None = None,
        multi_avg_fn: Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters, as they are now, into the average."""
        pairs = [
            (average.detach(), p.detach()) for average, p in zip(self._averaged(self.module), self._averaged(model))
        ]
        if self.n_averaged == 0:
            for average, p in pairs:
                average.copy_(p)
        elif self.multi_avg_fn is not None:
            for dtype in dict.fromkeys(average.dtype for average, _ in pairs):
                averages, ps = map(list, zip(*(pair for pair in pairs if pair[0].dtype is dtype)))
                self.multi_avg_fn(averages, ps, self.n_averaged)
        else:
            avg_fn = self.avg_fn or get_swa_avg_fn()
            for average, p in pairs:
                average.copy_(avg_fn(average, p, self.n_averaged))
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach())
        self.n_averaged += 1

    def _averaged(self, model):
        return chain(model.parameters(), model.buffers() if self.use_buffers else ())


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Have each batch normalization's running statistics be the averages over all batches of the loader.

    A batch that is a list or a tuple has the model's input first.
    https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html"""
    momenta = {module: module.momentum for module in model.modules() if isinstance(module, BatchNorm)}
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.reset_running_stats()
        module.momentum = None
    try:
        for batch in loader:
            input = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(input if device is None else input.to(device))
    finally:
        for module, momentum in momenta.items():
            module.momentum = momentum
        model.train(was_training)


# ------------------------------------------------------------------ the schedule


ANNEAL = {"cos": lambda t: (1 - math.cos(math.pi * t)) / 2, "linear": lambda t: t}


class SWALR(LRScheduler):
    """α swa_lr + (1 - α) η₀, where α goes from 0 to 1 over `anneal_epochs` steps, on a cosine or a line: then constant.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html"""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = per_group("swa_lr", optimizer, swa_lr)
        if anneal_strategy not in ANNEAL:
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        for group, lr in zip(optimizer.param_groups, rates):
            group["swa_lr"] = lr
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    @property
    def anneal_func(self) -> Callable[[float], float]:
        """α of the part of the way that is done."""
        return ANNEAL[self._anneal_strategy]

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (self.anneal_func(max(0, min(1, t / max(1, self.anneal_epochs)))) for t in (step - 1, step))
        return [
            group["swa_lr"] * now + start(group["lr"], group["swa_lr"], before) * (1 - now)
            for group in self.optimizer.param_groups
        ]


def start(lr, swa_lr, alpha):
    """The rate from which the way to swa_lr led to lr."""
    return swa_lr if alpha == 1 else (lr - alpha * swa_lr) / (1 - alpha)
