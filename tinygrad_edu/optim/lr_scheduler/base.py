"""What every schedule shares: it counts steps, and writes a learning rate into each of an optimizer's groups."""

from functools import wraps
from typing import Any
from weakref import ref

from ...tensor import Tensor
from ...users import warn
from ..optimizer import Optimizer

HINT = "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"


class LRScheduler:
    """A schedule is a subclass with one method, `get_lr()`, which gives each group its rate for the step `last_epoch`.

    The first rates are set when it is made; from then on call `step()` after the optimizer's. The rates that it began with
    are `base_lrs`, and stay in the groups as `initial_lr`, so that a schedule can be resumed at any `last_epoch`.
    https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.zeros(1)], lr=1.0)
    >>> schedule = tg.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += schedule.get_last_lr()
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    _get_lr_called_within_step = False
    _is_initial = False  # while the first rates are set
    _last_lr: list[Any]
    last_epoch: int

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with last_epoch >= 0:"
                    " load the optimizer's state first, or begin with last_epoch=-1"
                )
        self.base_lrs = values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        watch(optimizer)
        self._initial_step()

    def _initial_step(self):
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def get_last_lr(self) -> list[Any]:
        """The groups' rates, as the last step left them."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The groups' rates for the step `last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} defines no get_lr")

    def step(self, epoch: int | None = None) -> None:
        """Go on by one step; or, which is deprecated, to step `epoch`."""
        if self._step_count == 1:
            self._warn_of_order()
        self._step_count += 1
        if epoch is not None:
            warn(
                "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please"
                " use `scheduler.step()` to step the scheduler."
            )
        self._update_lr(epoch)

    def _warn_of_order(self):
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, make"
                f" sure to call `optimizer.step()` before `lr_scheduler.step()`. {HINT}"
            )
        elif not getattr(self.optimizer, "_opt_called", False):
            warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first value of the learning rate"
                f" schedule is skipped. Call them in the opposite order. {HINT}"
            )

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = getattr(self, "_get_closed_form_lr", None)
        self._write(self.get_lr if epoch is None or closed is None else closed)

    def _write(self, rates):
        """Write what `rates()` gives into the groups."""
        self._get_lr_called_within_step = True
        try:
            found = rates()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, found, strict=True):
            put(group, "lr", lr)
        self._last_lr = values(self.optimizer, "lr")

    def _warn_outside_step(self):
        if not self._get_lr_called_within_step:
            warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.")

    # ---------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Any]:
        """All that it knows, but for the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what another schedule of this kind knew. The rates themselves are in the optimizer's state."""
        self.__dict__.update(state_dict)


class _LRScheduler(LRScheduler):
    """LRScheduler, by its old name."""


def checked(optimizer):
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def watch(optimizer):
    """Have the optimizer note that its step was called."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    method, owner = optimizer.step.__func__, ref(optimizer)  # (weak, for the optimizer is about to hold this function)

    @wraps(method)
    def step(*args, **kwargs):
        owner()._opt_called = True
        return method(owner(), *args, **kwargs)

    step._wrapped_by_lr_sched = True
    optimizer.step = step


def copied(value):
    return value.clone() if isinstance(value, Tensor) else value


def values(optimizer, key):
    """What each group has under this key."""
    return [copied(group[key]) for group in optimizer.param_groups]


def put(group, key, value):
    """Give a group a new value; a tensor is overwritten, since others may hold it."""
    if isinstance(group[key], Tensor):
        group[key].fill_(float(value))
    else:
        group[key] = value


def per_group(name, optimizer, value):
    """One value for each group, given as a list or as one for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * groups
    elif len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, param_groups has"
            f" {groups}."
        )
    return [copied(v) for v in value]
