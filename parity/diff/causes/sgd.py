"""Suspects in SGD, and in what stands around a step: a first step that is dampened, half of Nesterov, learning rates that fall too soon.

Each formula gives all that a step makes, by torch's names, and the evidence is about one of these quantities."""

import numpy as np

from .steps import COMMON, Step, decays
from .suspects import Flaw, formula


@formula("update", "SGD", momentum=0.0, dampening=0.0, nesterov=False, **COMMON)
def sgd(
    e,
    first=lambda g, momentum, dampening: g,
    follow=lambda b, g, momentum, dampening: momentum * b + (1 - dampening) * g,
    ahead=lambda g, b, momentum: g + momentum * b,
    direction=lambda b, g: b,
    length=lambda lr, o: lr,
    borrowed=False,
    **parts,
):
    """b ← μ b + (1 - dampening) g, at first g; p ← p - lr b, or with Nesterov p - lr (g + μ b)."""
    s = Step(e, **parts)
    o, d = s.o, s.g
    b = None
    if o.momentum:
        was = e.was("momentum_buffer")
        b = first(s.g, o.momentum, o.dampening) if was is None else follow(was, s.g, o.momentum, o.dampening)
        d = ahead(s.g, b, o.momentum) if o.nesterov else direction(b, s.g)
    if borrowed and e.wrt == "grad":
        return b
    return s.made(s.p - length(o.lr, o) * d, momentum_buffer=b)


decays(sgd)
sgd.flaw(
    "dampened start",
    "ours dampens the first gradient too, by 1 - {dampening}; torch's buffer begins with the gradient itself",
    first=lambda g, momentum, dampening: (1 - dampening) * g,
)
sgd.flaw(
    "half of Nesterov",
    "ours steps by g + b, where Nesterov's is g + μ b, μ = {momentum}",
    ahead=lambda g, b, momentum: g + b,
)
sgd.flaw(
    "Nesterov forgotten", "ours steps by b, where Nesterov's is g + μ b, μ = {momentum}", ahead=lambda g, b, momentum: b
)
sgd.flaw(
    "Nesterov twice",
    "ours steps by b + μ b, where Nesterov's is g + μ b, μ = {momentum}",
    ahead=lambda g, b, momentum: b + momentum * b,
)
sgd.flaw("momentum unused", "ours remembers the momentum, but steps by the gradient", direction=lambda b, g: g)
sgd.flaw(
    "mean for momentum",
    "ours has b ← μ b + (1 - μ) g, a mean, and torch b ← μ b + g, μ = {momentum}",
    follow=lambda b, g, momentum, dampening: momentum * b + (1 - momentum) * g,
)
sgd.flaw(
    "mean for momentum",
    "ours begins with (1 - μ) g, as a mean does, and torch with g, μ = {momentum}",
    first=lambda g, momentum, dampening: (1 - momentum) * g,
)
sgd.flaw(
    "dampening ignored",
    "ours has b ← μ b + g, without 1 - dampening, {dampening}",
    follow=lambda b, g, momentum, dampening: momentum * b + g,
)
sgd.flaw(
    "momentum for 1 - momentum",
    "ours keeps 1 - μ of the buffer, and torch μ = {momentum}",
    follow=lambda b, g, momentum, dampening: (1 - momentum) * b + (1 - dampening) * g,
)
sgd.flaw(
    "momentum forgotten",
    "ours forgets the buffer: it has the new gradient only",
    follow=lambda b, g, momentum, dampening: (1 - dampening) * g,
)
sgd.flaw(
    "borrowed buffer",
    "the step has changed .grad, which now is the buffer: it was taken as it is, and not copied, and is then written to",
    borrowed=True,
)


@sgd.also
def velocity(e):
    """b has lr inside: b ← μ b + lr g, p ← p - b."""
    words = "ours has lr inside the buffer, b ← μ b + lr g, as the paper has it, and torch multiplies the step by it"
    inside = dict(
        first=lambda g, momentum, dampening: e.options.lr * g,
        follow=lambda b, g, m, d: m * b + e.options.lr * (1 - d) * g,
    )
    yield Flaw(
        "lr inside the velocity", words, inside if e.wrt == "momentum_buffer" else dict(inside, length=lambda lr, o: 1)
    )


# ------------------------------------------------------------------ around the step


@formula("accumulated gradient", "clip_grad_norm_", norm_type=2.0)
def clipped(e, share=lambda ratio: min(1.0, ratio), tiny=1e-6):
    """g · min(1, max_norm / (norm + 1e-6))."""
    o, g = e.options, e.was("grad")
    norm = getattr(o, "total_norm", None)
    norm = np.linalg.norm(g.ravel(), ord=float(o.norm_type)) if norm is None else float(norm)
    return g * share(float(o.max_norm) / (norm + tiny))


clipped.flaw(
    "clipped to a length",
    "ours makes gradients as long as max_norm = {max_norm}, also those that are shorter",
    share=lambda ratio: ratio,
)
clipped.flaw("not clipped", "ours is not clipped to max_norm = {max_norm}", share=lambda ratio: 1.0)


@formula("update", "StepLR", gamma=0.1)
def step_lr(e, falls=lambda t, size: t // size):
    """lr γ^⌊t / size⌋."""
    o = e.options
    return np.asarray(o.initial_lr * o.gamma ** falls(int(o.last_epoch), o.step_size))


step_lr.flaw(
    "a step too soon",
    "ours lets the learning rate fall one step before it is due, step_size = {step_size}",
    falls=lambda t, size: (t + 1) // size,
)
step_lr.flaw(
    "a step too late",
    "ours lets the learning rate fall one step after it is due, step_size = {step_size}",
    falls=lambda t, size: max(t - 1, 0) // size,
)
