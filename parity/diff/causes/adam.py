"""Suspects in Adam and its kin: where ε stands, what is corrected for its start from zero, what the decay is added to.

Each formula gives all that a step makes, by torch's names, and the evidence is about one of these quantities."""

import numpy as np

from .steps import COMMON, Step, decays, mean, shrinks
from .suspects import formula

BETAS = dict(betas=(0.9, 0.999), eps=1e-8, amsgrad=False)


@formula("update", "Adam", "AdamW", **BETAS, **COMMON)
def adam(
    e,
    betas=lambda b1, b2: (b1, b2),
    square=lambda g: g * g,
    hat_m=lambda m, beta, t: m / (1 - beta**t),
    hat_v=lambda v, beta, t: v / (1 - beta**t),
    top=np.maximum,
    root=lambda v, hat, eps: np.sqrt(hat) + eps,
    new=lambda now, was: now,
    **parts,
):
    """p ← p - lr m̂ / (√v̂ + ε)."""
    s = Step(e, **parts)
    o = s.o
    beta1, beta2 = betas(*o.betas)
    m, v = mean(s.was("exp_avg"), s.g, beta1), mean(s.was("exp_avg_sq"), square(s.g), beta2)
    most = top(s.was("max_exp_avg_sq"), v) if o.amsgrad else v
    m_used, v_used = new(m, s.was("exp_avg")), new(most, s.was("exp_avg_sq"))
    p = s.p - o.lr * hat_m(m_used, o.betas[0], s.t) / root(v_used, hat_v(v_used, o.betas[1], s.t), o.eps)
    return s.made(p, exp_avg=m, exp_avg_sq=v, max_exp_avg_sq=most)


EPS = "where the reference has √v̂ + ε, ε = {eps}"
decays(adam)
shrinks(adam)
adam.flaw("eps inside the root", f"ours divides by √(v̂ + ε), {EPS}", root=lambda v, hat, eps: np.sqrt(hat + eps))
adam.flaw("eps inside the root", f"ours divides by √(v̂ + ε²), {EPS}", root=lambda v, hat, eps: np.sqrt(hat + eps * eps))
adam.flaw(
    "eps before the hat",
    f"ours adds ε to √v before that is corrected, {EPS}",
    root=lambda v, hat, eps: (np.sqrt(v) + eps) * np.sqrt(hat / v),
)
adam.flaw("eps forgotten", f"ours divides by √v̂, {EPS}", root=lambda v, hat, eps: np.sqrt(hat))
adam.flaw("no root", f"ours divides by v̂ + ε, {EPS}", root=lambda v, hat, eps: hat + eps)
adam.flaw(
    "no bias correction of m",
    "ours does not correct the mean gradient for its start from zero: m̂ = m / (1 - β₁ᵗ)",
    hat_m=lambda m, beta, t: m,
)
adam.flaw(
    "no bias correction of v",
    "ours does not correct the mean square for its start from zero: v̂ = v / (1 - β₂ᵗ)",
    hat_v=lambda v, beta, t: v,
)
adam.flaw(
    "no bias correction",
    "ours corrects neither mean for its start from zero: m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ)",
    hat_m=lambda m, beta, t: m,
    hat_v=lambda v, beta, t: v,
)
adam.flaw(
    "corrected as in the first step",
    "ours corrects by 1 - β in every step, and not by 1 - βᵗ",
    hat_m=lambda m, beta, t: m / (1 - beta),
    hat_v=lambda v, beta, t: v / (1 - beta),
)
adam.flaw(
    "one step ahead",
    "ours corrects with t + 1, and the reference with t, which is 1 in the first step",
    time=lambda t: t + 1,
)
adam.flaw(
    "one step behind",
    "ours corrects with t - 1, and the reference with t, which is 1 in the first step",
    time=lambda t: t - 1,
)
adam.flaw(
    "one beta for two", "ours follows g² with β₁, and the reference with β₂, {betas}", betas=lambda b1, b2: (b1, b1)
)
adam.flaw(
    "one beta for two", "ours follows g with β₂, and the reference with β₁, {betas}", betas=lambda b1, b2: (b2, b2)
)
adam.flaw("betas exchanged", "ours has β₁ and β₂ exchanged, {betas} in the reference", betas=lambda b1, b2: (b2, b1))
adam.flaw(
    "beta for 1 - beta",
    "ours keeps 1 - β of its means, and the reference β, {betas}",
    betas=lambda b1, b2: (1 - b1, 1 - b2),
)
adam.flaw("amsgrad forgotten", "ours divides by v itself, and amsgrad by the largest so far", top=lambda top, v: v)
adam.flaw("square forgotten", "ours follows |g|, where v is the mean of g²", square=np.abs)
adam.flaw("the old means", "ours steps by the means before this gradient was added", new=lambda now, was: was)


@formula("update", "Adamax", **{k: v for k, v in BETAS.items() if k != "amsgrad"}, **COMMON)
def adamax(
    e, hat=lambda m, beta, t: m / (1 - beta**t), largest=lambda u, g, eps: np.maximum(u, np.abs(g) + eps), **parts
):
    """u ← max(β₂ u, |g| + ε); p ← p - lr m̂ / u."""
    s = Step(e, **parts)
    o = s.o
    m = mean(s.was("exp_avg"), s.g, o.betas[0])
    u = largest(o.betas[1] * s.was("exp_inf"), s.g, o.eps)
    return s.made(s.p - o.lr * hat(m, o.betas[0], s.t) / u, exp_avg=m, exp_inf=u)


decays(adamax)
adamax.flaw(
    "no bias correction of m",
    "ours does not correct the mean gradient for its start from zero: m̂ = m / (1 - β₁ᵗ)",
    hat=lambda m, beta, t: m,
)
adamax.flaw("one step ahead", "ours corrects with t + 1, and the reference with t", time=lambda t: t + 1)
adamax.flaw(
    "eps forgotten", "ours has max(β₂ u, |g|), without ε = {eps}", largest=lambda u, g, eps: np.maximum(u, np.abs(g))
)
