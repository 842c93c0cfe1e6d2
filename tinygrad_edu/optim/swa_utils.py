"""A model whose parameters are means of those that another one had while it was trained.

Izmailov et al., Averaging weights leads to wider optima and better generalization, 2018 (stochastic weight averaging); Polyak and
Juditsky, 1992, for exponential means.
"""

import math
from collections.abc import Callable, Iterable
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

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[list[Tensor], list[Tensor], Any], None]


def share(decay):
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """m ← β m + (1 - β) p, of one parameter."""
    share(decay)
    return no_grad()(lambda mean, p, n: decay * mean + (1 - decay) * p)


def get_swa_avg_fn() -> Average:
    """m ← m + (p - m) / (n + 1), the mean of all, of one parameter."""
    return no_grad()(lambda mean, p, n: mean + (p - mean) / (n + 1))


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """m ← β m + (1 - β) p, of all parameters."""
    share(decay)
    return no_grad()(lambda means, ps, n: followed(means, ps, 1 - decay, get_ema_avg_fn(decay), n))


def get_swa_multi_avg_fn() -> Averages:
    """m ← m + (p - m) / (n + 1), the mean of all, of all parameters."""
    return no_grad()(lambda means, ps, n: followed(means, ps, 1 / (float(n) + 1), get_swa_avg_fn(), n))


def followed(means, ps, weight, otherwise, n):
    """Each mean moved towards its parameter by this share of the way; integers as `otherwise` has it."""
    for mean, p in zip(means, ps, strict=True):
        if mean.is_floating_point():
            mean.lerp_(p, weight)
        else:
            mean.copy_(otherwise(mean, p, n))


class AveragedModel(Module):
    """A copy of a model, whose parameters `update_parameters(model)` makes means of the model's: equal ones, unless `avg_fn`
    or `multi_avg_fn` says how. The buffers are the model's last ones, or means, too, with `use_buffers`.

    https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Linear(1, 1)
    >>> average = tg.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = tg.nn.init.constant_(model.weight, value)
    ...     average.update_parameters(model)
    >>> average.module.weight.item()
    3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model) if device is None else deepcopy(model).to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters as they are now into the means."""
        held = lambda m: [t.detach() for t in chain(m.parameters(), m.buffers() if self.use_buffers else ())]
        means, ps = held(self.module), held(model)
        if self.n_averaged == 0:
            for mean, p in zip(means, ps):
                mean.copy_(p)
        elif self.avg_fn is None:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(means, ps, self.n_averaged)
        else:
            for mean, p in zip(means, ps):
                mean.copy_(self.avg_fn(mean, p, self.n_averaged))
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers()):
                mine.copy_(theirs)
        self.n_averaged += 1


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Have a model's batch norms track the statistics of one pass over the data anew: those of averaged weights differ.

    https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema"""
    norms = {m: m.momentum for m in model.modules() if isinstance(m, BatchNorm)}
    if not norms:
        return
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for norm, momentum in norms.items():
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the rate at the beginning to `swa_lr` in `anneal_epochs` steps, along a cosine or a line, and then on with it.

    https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema"""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for lr, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups):
            group["swa_lr"] = lr
        if anneal_strategy not in ANNEAL:
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._way(step - 1), self._way(step)
        groups = self.optimizer.param_groups
        begun = [g["swa_lr"] if before == 1 else (g["lr"] - before * g["swa_lr"]) / (1 - before) for g in groups]
        return [g["swa_lr"] * now + lr * (1 - now) for g, lr in zip(groups, begun)]

    def _way(self, step):
        """How much of the way is gone at this step."""
        return ANNEAL[self._anneal_strategy](max(0, min(1, step / max(1, self.anneal_epochs))))


ANNEAL = {"cos": lambda t: (1 - math.cos(math.pi * t)) / 2, "linear": lambda t: t}
