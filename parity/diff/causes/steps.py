"""What every optimizer's formula begins with: the gradient as it goes into the step, and what goes wrong before that."""

import numpy as np

from .evidence import Unfit

COMMON = dict(lr=1e-3, weight_decay=0.0, maximize=False)


class Step:
    """What an optimizer's formula begins with: its options, and the state before the step, 0 where there was none."""

    def __init__(
        self,
        e,
        up=lambda g: -g,
        coupled=lambda g, p, decay: g + decay * p,
        shrunk=lambda p, lr, decay: p * (1 - lr * decay),
        decoupled=None,
        time=lambda t: t,
    ):
        self.o, self.p, self.g, self.e = e.options, e.was("parameter"), e.was("grad"), e
        if self.p is None or self.g is None:
            raise Unfit("a step without a parameter or a gradient")
        apart = getattr(self.o, "decoupled_weight_decay", e.op == "AdamW") if decoupled is None else decoupled
        if self.o.maximize:
            self.g = up(self.g)
        if self.o.weight_decay and apart:
            self.p = shrunk(self.p, self.o.lr, self.o.weight_decay)
        elif self.o.weight_decay:
            self.g = coupled(self.g, self.p, self.o.weight_decay)
        was = e.was("step")
        self.t = time(1 if was is None else float(was) + 1)

    def was(self, name):
        a = self.e.was(name)
        return np.zeros_like(self.p) if a is None else a

    def made(self, p, **state):
        """That of the quantities which the evidence is about."""
        made = {"parameter": p, "grad": self.e.was("grad"), **state}
        return made[self.e.wrt or "parameter"]


def mean(was, x, beta):
    return beta * was + (1 - beta) * x


def decays(step):
    """Declare what goes wrong, in every optimizer, with the sign of a step, and with a decay that is added to the gradient."""
    words = "ours goes down, and the reference up: maximize=True turns the gradient"
    step.flaw("maximize forgotten", words, up=lambda g: g)
    words = "weight decay has the wrong sign in ours: it must be added to the gradient, g + λ p, λ = {weight_decay}"
    step.flaw("growth for decay", words, coupled=lambda g, p, decay: g - decay * p)
    words = "ours has no weight decay, which is {weight_decay} in the reference"
    step.flaw("weight decay forgotten", words, coupled=lambda g, p, decay: g)
    words = "ours adds 2 λ p to the gradient: λ = {weight_decay} is of λ p² / 2, whose slope is λ p"
    step.flaw("decay twice", words, coupled=lambda g, p, decay: g + 2 * decay * p)
    words = "ours decays by the sign of p, as for the sum of |p|, and the reference by p"
    step.flaw("sign for decay", words, coupled=lambda g, p, decay: g + decay * np.sign(p))
    words = "ours shrinks the parameters by lr λ, λ = {weight_decay}; the reference adds λ p to the gradient"
    step.flaw("decoupled for coupled decay", f"{words}, and so to what it remembers", decoupled=True)


def shrinks(step):
    """Declare what goes wrong with a decay that leaves the gradient alone."""
    words = "ours adds the weight decay, λ = {weight_decay}, to the gradient, and so to what it remembers"
    step.flaw("coupled for decoupled decay", f"{words}; the reference shrinks the parameters by lr λ", decoupled=False)
    words = "ours shrinks the parameters by λ = {weight_decay}, where it is lr λ, lr = {lr}"
    step.flaw("decay without lr", words, shrunk=lambda p, lr, decay: p * (1 - decay))
    words = "ours grows the parameters by lr λ, and is to shrink them, λ = {weight_decay}"
    step.flaw("growth for decay", words, shrunk=lambda p, lr, decay: p * (1 + lr * decay))
    words = "ours has no weight decay, which is {weight_decay} in the reference"
    step.flaw("weight decay forgotten", words, shrunk=lambda p, lr, decay: p)
