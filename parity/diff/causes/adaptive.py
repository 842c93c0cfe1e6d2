"""Suspects in the optimizers that divide by the gradient's own size: where ε stands, what is kept of the squares."""

import numpy as np

from .steps import Step, decays, mean
from .suspects import formula


@formula(
    "update", "RMSprop", lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0, centered=False, weight_decay=0.0, maximize=False
)
def rmsprop(
    e,
    share=lambda alpha: alpha,
    root=lambda v, eps: np.sqrt(v) + eps,
    centre=lambda v, m: v - m * m,
    velocity=lambda b, step, lr, mu: (mu * b + step, lr),
    **parts,
):
    """v ← α v + (1 - α) g²; p ← p - lr g / (√v + ε)."""
    s = Step(e, **parts)
    o, alpha = s.o, share(s.o.alpha)
    v, m = mean(s.was("square_avg"), s.g**2, alpha), mean(s.was("grad_avg"), s.g, alpha)
    step, b, lr = s.g / root(centre(v, m) if o.centered else v, o.eps), None, o.lr
    if o.momentum:
        b, lr = velocity(s.was("momentum_buffer"), step, o.lr, o.momentum)
        step = b
    return s.made(s.p - lr * step, square_avg=v, grad_avg=m, momentum_buffer=b)


ROOTS = "where the reference has √v + ε, ε = {eps}"
decays(rmsprop)
rmsprop.flaw("eps inside the root", f"ours divides by √(v + ε), {ROOTS}", root=lambda v, eps: np.sqrt(v + eps))
rmsprop.flaw("eps forgotten", f"ours divides by √v, {ROOTS}", root=lambda v, eps: np.sqrt(v))
rmsprop.flaw("no root", f"ours divides by v + ε, {ROOTS}", root=lambda v, eps: v + eps)
rmsprop.flaw(
    "alpha for 1 - alpha",
    "ours keeps 1 - α of the mean square, and the reference α = {alpha}",
    share=lambda alpha: 1 - alpha,
)
rmsprop.flaw("not centred", "ours divides by √v, where centered=True divides by √(v - m²)", centre=lambda v, m: v)
rmsprop.flaw(
    "lr inside the velocity",
    "ours has lr inside the buffer, b ← μ b + lr g / √v",
    velocity=lambda b, step, lr, mu: (mu * b + lr * step, 1),
)


@formula(
    "update",
    "Adagrad",
    lr=1e-2,
    lr_decay=0.0,
    eps=1e-10,
    initial_accumulator_value=0.0,
    weight_decay=0.0,
    maximize=False,
)
def adagrad(
    e,
    total=lambda was, g: was + g * g,
    root=lambda s, eps: np.sqrt(s) + eps,
    rate=lambda lr, decay, t: lr / (1 + (t - 1) * decay),
    divides=lambda now, was: now,
    **parts,
):
    """s ← s + g²; p ← p - lr g / (√s + ε)."""
    s = Step(e, **parts)
    o = s.o
    squares = total(s.was("sum"), s.g)
    return s.made(s.p - rate(o.lr, o.lr_decay, s.t) * s.g / root(divides(squares, s.was("sum")), o.eps), sum=squares)


SUMS = "where the reference has √s + ε, ε = {eps}"
decays(adagrad)
adagrad.flaw("eps inside the root", f"ours divides by √(s + ε), {SUMS}", root=lambda s, eps: np.sqrt(s + eps))
adagrad.flaw("eps forgotten", f"ours divides by √s, {SUMS}", root=lambda s, eps: np.sqrt(s))
adagrad.flaw("no root", f"ours divides by s + ε, {SUMS}", root=lambda s, eps: s + eps)
adagrad.flaw("nothing kept", "ours has the last g² only, where s is the sum of all", total=lambda was, g: g * g)
adagrad.flaw(
    "the old sum", "ours divides by the root of the sum before this g² was added", divides=lambda now, was: was
)
adagrad.flaw(
    "one step ahead",
    "ours lets lr fall with t, and the reference with t - 1, lr_decay = {lr_decay}",
    time=lambda t: t + 1,
)
adagrad.flaw("lr_decay ignored", "ours does not let lr fall: lr_decay = {lr_decay}", rate=lambda lr, decay, t: lr)


@formula("update", "Adadelta", lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False)
def adadelta(
    e,
    share=lambda rho: rho,
    root=lambda v, eps: np.sqrt(v + eps),
    by=lambda lr: lr,
    moved=lambda delta, g: delta,
    **parts,
):
    """Δ = g √(u + ε) / √(v + ε); u ← ρ u + (1 - ρ) Δ²; p ← p - lr Δ."""
    s = Step(e, **parts)
    o, rho = s.o, share(s.o.rho)
    v, u = mean(s.was("square_avg"), s.g**2, rho), s.was("acc_delta")
    delta = s.g * root(u, o.eps) / root(v, o.eps)
    u = mean(u, moved(delta, s.g) ** 2, rho)
    return s.made(s.p - by(o.lr) * delta, square_avg=v, acc_delta=u)


decays(adadelta)
adadelta.flaw(
    "eps outside the root",
    "ours has √v + ε, where the reference has √(v + ε), ε = {eps}",
    root=lambda v, eps: np.sqrt(v) + eps,
)
adadelta.flaw(
    "rho for 1 - rho", "ours keeps 1 - ρ of its means, and the reference ρ = {rho}", share=lambda rho: 1 - rho
)
adadelta.flaw("lr ignored", "ours steps by Δ, and the reference by lr Δ, lr = {lr}", by=lambda lr: 1.0)
adadelta.flaw("g for Δ", "ours follows g², where u is the mean of Δ²", moved=lambda delta, g: g)
