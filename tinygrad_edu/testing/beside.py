"""Two engines run the same training: what differs first, and is it more than rounding?

Both start from the weights that their own generator gives for one seed, which must be equal in every bit, and then go
on by themselves. In float64 a few steps leave rounding far below 1e-10 of a tensor's scale. Where they do not (a gradient
that is zero but for rounding; a maximum of two numbers that are equal but for rounding), ours is run again with its roundings
redone at random, and what that can do is not called a difference.
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .judge import KAPPA, Bits, Scaled, kappas
from .rounding import spread

FREE = 1e-10  # of a tensor's scale: what a few steps of float64 may come to
ZERO = (
    1e-14  # of the largest number of its quantity so far: where one engine has 0, the other may have this much rounding
)

Arrays = dict[tuple[int, str, str], np.ndarray]


class Record:
    """What a training computes, as arrays by (step, quantity, tensor), in the order in which it came to be."""

    def __init__(self) -> None:
        self.arrays: Arrays = {}
        self.step = 0

    def of(self, train: Callable[[Any, Any], None], torch: Any) -> Arrays:
        """What train(torch, record) computes."""
        train(torch, self)
        return self.arrays

    def note(self, quantity: str, **tensors: Any) -> None:
        for name, it in tensors.items():
            array = np.array(it.detach() if hasattr(it, "detach") else it)
            self.arrays[self.step, quantity, name] = array

    def start(self, model: Any) -> None:
        self.note("initial state", **model.state_dict())
        self.step = 1

    def outputs(self, **tensors: Any) -> None:
        """What the model says of a batch; of each, where a step has several."""
        many = sum(quantity == "output" and step == self.step for step, quantity, _ in self.arrays)
        self.note("output", **{f"{name} {many}" if many else name: it for name, it in tensors.items()})

    def gradients(self, model: Any) -> None:
        self.note("gradient", **{name: p.grad for name, p in model.named_parameters() if p.grad is not None})

    def update(self, model: Any, optimizer: Any) -> None:
        """What the optimizer made of it; with this a step ends."""
        for i, state in optimizer.state_dict()["state"].items():
            self.note("optimizer", **{f"{name} of parameter {i}": it for name, it in state.items() if it is not None})
        self.note("learning rate", **{f"group {i}": group["lr"] for i, group in enumerate(optimizer.param_groups)})
        self.note("state", **model.state_dict())
        self.step += 1


class Difference(NamedTuple):
    """The first of what two engines computed that differs by more than rounding, and by how much."""

    step: int
    quantity: str
    tensor: str
    told: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.quantity} {self.tensor!r} differs: {self.told}"


def difference(
    ours: Arrays, theirs: Arrays, sigma: Callable[[], Arrays] | None = None, bound: float = FREE
) -> Difference | None:
    """What differs first by more than rounding; None if nothing does.

    `sigma` says how far rounding moves ours, by `spread`: it is asked where they are farther apart than the bound."""
    rules: dict[tuple[str, ...], Scaled] = {}
    sigmas: Arrays = {}
    for key in theirs | ours:
        _, quantity, tensor = key
        told = unlike(ours.get(key), theirs.get(key))
        if not told:
            a, b = ours[key], theirs[key]
            same = (a == b) | ((a != a) & (b != b))
            if quantity == "initial state" or a.dtype.kind != "f":
                told = "" if a.tobytes() == b.tobytes() else apart(a, b, same, Bits.words)
            elif not finite(a, b, same):
                told = apart(a, b, same, "finite")
            else:
                rule = rules.setdefault((quantity, tensor), Scaled(bound))
                zero = rules.setdefault((quantity,), Scaled(ZERO))
                known = np.isfinite(b)  # elsewhere they are the same
                used = [limit.used(np.where(known, a, 0), np.where(known, b, 0)) for limit in (rule, zero)]
                if min(used) > 1 and sigma:
                    sigmas = sigmas or sigma()
                    kappa = kappas(a, b, sigmas.get(key, 0)).max()
                    told = "" if kappa <= KAPPA else apart(a, b, same, f"κ ≤ {KAPPA}") + f", and κ = {kappa:.3g}"
                elif min(used) > 1:
                    told = apart(a, b, same, rule.words)
        if told:
            return Difference(*key, told)
    return None


def unlike(ours, theirs):
    """Why the two cannot be compared number by number, in words."""
    if ours is None or theirs is None:
        return f"only {'the reference' if ours is None else 'ours'} has it"
    if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
        return f"ours is {ours.dtype} of shape {ours.shape}, the reference's {theirs.dtype} of shape {theirs.shape}"
    return ""


def finite(a, b, same):
    """Whether both are numbers wherever they are not the same."""
    return bool(np.isfinite(np.where(same, 0, a)).all() and np.isfinite(np.where(same, 0, b)).all())


def apart(a, b, same, bound):
    """The entry where they are farthest apart, in words."""
    with np.errstate(all="ignore"):
        off = np.where(same, -1, np.nan_to_num(np.abs(np.subtract(a, b, dtype=np.float64)), nan=np.inf))
    i = np.unravel_index(off.argmax(), off.shape)
    where = f"entry {[int(k) for k in i]} " if i else ""
    return f"{where}is {a[i]} here and {b[i]} in the reference, |Δ| = {off[i]:.3g}, and the bound is {bound}"


def compare(train: Callable[[Any, Any], None], engine: Any, torch: Any) -> int:
    """Train in both; print what differs first. What a program exits with: 1 if anything does, else 0."""
    us = sys.modules[__name__.partition(".")[0]]
    run = lambda it: Record().of(train, it)
    found = difference(run(engine), run(torch), lambda: spread(lambda: run(us))[1])
    print(found or "no difference")
    return int(found is not None)
