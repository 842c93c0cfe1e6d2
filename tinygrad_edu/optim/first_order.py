"""First-order methods: each step changes a parameter by its own gradient, and by what is remembered of earlier ones."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd import enable_grad
from ..dtype import get_default_dtype
from ..memory import wrote
from ..tensor import Tensor, made
from ..thread import thread
from .optimizer import Optimizer


class FirstOrder(Optimizer):
    """An algorithm is a subclass with two methods, and options of its own as `defaults`.

    `begin(p, group)` gives what it remembers of an array p before its first step, a dict; `update(p, g, state, group)`
    changes p by its gradient g, and that state. torch's switches `foreach` and `fused` choose between implementations
    that differ in rounding: they are kept, so that checkpoints travel, and ignored.
    """

    not_negative: tuple[str, ...] = ("lr", "eps", "weight_decay")
    words = {"lr": "learning rate", "eps": "epsilon value"}  # torch's, where they are not "NAME value"
    unsaid: dict[str, Any] = {}  # options that older checkpoints may lack, and what they then are
    counts: tuple[str, ...] = ("step",)  # state that older checkpoints may have as plain numbers

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if isinstance(param_group, dict):
            self.check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def check(self, group):
        """Raise an exception where options make no sense. Subclasses add their own."""
        if isinstance(group["lr"], Tensor) and group["lr"].array.size != 1:
            raise ValueError(f"Tensor lr must be 1-element, and has {group['lr'].array.size}")
        for name in self.not_negative:
            if not group[name] >= 0.0:
                what = self.words.get(name, f"{name} value")
                raise ValueError(f"Invalid {what}: {group[name]} (it must not be negative)")
        for i, beta in enumerate(group.get("betas", ())):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta} (it must be in [0, 1))")
        if group.get("fused") and group["differentiable"]:
            raise RuntimeError("`fused` does not support `differentiable`: choose one of them")
        if group.get("fused") and group["foreach"]:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together: choose one of them")

    def begin(self, p, group):
        return {}

    def update(self, p, g, state, group):
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. `closure`, if given, recomputes the loss, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        thread.quietly(self.descend)
        return loss

    def descend(self):
        for group in self.param_groups:
            if group.get("capturable") or group["differentiable"]:
                refuse(group)
            options = plain(group)
            straight = not (options["maximize"] or options.get("weight_decay"))
            for p in group["params"]:
                leaf, array = p.leaf, p.array
                if leaf is not None and leaf.grad is not None:
                    g = leaf.grad.array if straight else decayed(array, leaf.grad.array, options)
                    self.update(array, g, self.state.get(p) or self.remember(p, options), options)
                    wrote(p)

    def remember(self, p, options):
        """The state of a parameter that has none yet; it is kept, unless the algorithm remembers nothing."""
        state = self.begin(p.array, options)
        if state:
            self.state[p] = state
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.unsaid.items():
                group.setdefault(name, value)
            for kept in (self.state[p] for p in group["params"] if self.state.get(p)):
                kept.update({n: scalar(kept[n], group) for n in self.counts if isinstance(kept.get(n), (int, float))})


def refuse(group):
    """Say why there is no such step: torch has it for other devices, or to differentiate the step itself."""
    if group.get("capturable"):
        raise AssertionError(
            "If capturable=True, params and state_steps must be on supported devices: ['cuda', 'xpu', 'hpu', 'xla']. On the"
            " CPU there is no graph to capture: leave capturable=False"
        )
    raise NotImplementedError(
        "differentiable=True: our optimizers write arrays, and no gradient flows through that. Write the step as a formula"
        " of tensors, p_new = p - lr * g, with g from autograd.grad(..., create_graph=True)"
    )


def decayed(p, g, group):
    """The gradient to go down by: turned if it is to go up; with `weight_decay` λ, that of loss + λ p² / 2.

    A decoupled decay leaves the gradient alone, and shrinks p instead."""
    if group["maximize"]:
        g = -g
    decay = group.get("weight_decay")
    if not decay:
        return g
    if group.get("decoupled_weight_decay"):
        p *= 1 - group["lr"] * decay
        return g
    (decay,) = numbers(p.dtype, decay)
    return g + p * decay


# -------------------------------------------------------------------- numbers and state


def plain(group):
    """A group's options, where a tensor stands for a number that number, which rounds what it is part of to its dtype."""
    if PLAIN.issuperset(map(type, (group["lr"], group.get("weight_decay"), *group.get("betas", ())))):
        return group  # nearly always, and soon found
    return {name: number(value) for name, value in group.items()}


PLAIN = {int, float, type(None)}


def number(value):
    if isinstance(value, tuple):
        return tuple(map(number, value))
    if not isinstance(value, Tensor):
        return value
    x = value.array.reshape(())[()]
    return float(x) if x.dtype == np.float64 else x


@lru_cache
def numbers(dtype, *values):
    """Python numbers as 0-d arrays, which NumPy takes in half the time."""
    return [np.array(value, dtype) for value in values]


def scalar(value, group):
    """What is counted, as a tensor: float32 unless the default dtype is float64, whatever the parameter's dtype."""
    wide = get_default_dtype().dtype == np.float64 and not group.get("fused")
    return made(np.array(value, np.float64 if wide else np.float32), None)


def full(p, value=0):
    """A tensor like the array p, with this number everywhere."""
    return made(np.full_like(p, value), None)


# -------------------------------------------------------------------- what several algorithms do


def count(state):
    """The number of this step, from 1."""
    step = state["step"].array
    step[...] = t = step.item() + 1
    return t


def follow(mean, x, beta):
    """mean ← β mean + (1 - β) x, from the end that it is nearer to, as torch's lerp has it."""
    if beta > 0.5:
        (rest,) = numbers(mean.dtype, 1 - beta)
        mean += (x - mean) * rest
    else:
        (beta,) = numbers(mean.dtype, beta)
        mean[...] = x - (x - mean) * beta


def follow_square(mean, x, beta):
    """mean ← β mean + (1 - β) x²."""
    beta, rest = numbers(mean.dtype, beta, 1 - beta)
    mean *= beta
    mean += x * rest * x
