"""Suspects in NAdam and RAdam: a μ that is not warmed up, a step that is not rectified."""

import numpy as np

from .adam import EPS
from .steps import Step, decays, mean, shrinks
from .suspects import formula


@formula(
    "update",
    "NAdam",
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    momentum_decay=4e-3,
    weight_decay=0.0,
    maximize=False,
    decoupled_weight_decay=False,
)
def nadam(
    e,
    root=lambda v, eps: np.sqrt(v) + eps,
    hat_v=lambda v, beta, t: v / (1 - beta**t),
    warm=lambda beta, t, psi: beta * (1 - 0.5 * 0.96 ** (t * psi)),
    ahead=1,
    **parts,
):
    """Adam, by a mean that is one step ahead: g once more, and m with the next μ."""
    s = Step(e, **parts)
    o, t = s.o, s.t
    beta1, beta2 = o.betas
    m, v = mean(s.was("exp_avg"), s.g, beta1), mean(s.was("exp_avg_sq"), s.g**2, beta2)
    mu, nxt = warm(beta1, t, o.momentum_decay), warm(beta1, t + ahead, o.momentum_decay)
    so_far = float(e.before.get("mu_product", np.float32(1)) * mu)  # in float32, as torch keeps it
    by = (1 - mu) * s.g / (1 - so_far) + nxt * m / (1 - so_far * nxt)
    return s.made(
        s.p - o.lr * by / root(hat_v(v, beta2, t), o.eps), exp_avg=m, exp_avg_sq=v, mu_product=np.asarray(so_far)
    )


decays(nadam)
shrinks(nadam)
nadam.flaw("eps inside the root", f"ours divides by √(v̂ + ε), {EPS}", root=lambda v, eps: np.sqrt(v + eps))
nadam.flaw("eps forgotten", f"ours divides by √v̂, {EPS}", root=lambda v, eps: np.sqrt(v))
nadam.flaw(
    "no bias correction of v",
    "ours does not correct the mean square for its start from zero",
    hat_v=lambda v, beta, t: v,
)
nadam.flaw(
    "momentum not warmed up",
    "ours has μ = β₁ from the start, and the reference μₜ = β₁ (1 - 0.96^(t ψ) / 2)",
    warm=lambda beta, t, psi: beta,
)
nadam.flaw("not one ahead", "ours weighs m with this step's μ, and the reference with the next one's", ahead=0)
nadam.flaw("one step ahead", "ours counts t + 1, and the reference t", time=lambda t: t + 1)


@formula(
    "update",
    "RAdam",
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    maximize=False,
    decoupled_weight_decay=False,
)
def radam(
    e,
    root=lambda v, correction, eps: (np.sqrt(v) + eps) / np.sqrt(correction),
    hat_m=lambda m, beta, t: m / (1 - beta**t),
    rectified=True,
    limit=5,
    **parts,
):
    """Adam whose step is r lr m̂ / √v̂ once ρ > 5, and lr m̂ before."""
    s = Step(e, **parts)
    o, t = s.o, s.t
    beta1, beta2 = o.betas
    m, v = mean(s.was("exp_avg"), s.g, beta1), mean(s.was("exp_avg_sq"), s.g**2, beta2)
    correction, most = 1 - beta2**t, 2 / (1 - beta2) - 1
    rho = most - 2 * t * beta2**t / correction
    by = hat_m(m, beta1, t)
    if rho > limit:
        r = np.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        by = by * (r if rectified else 1) / root(v, correction, o.eps)
    return s.made(s.p - o.lr * by, exp_avg=m, exp_avg_sq=v)


decays(radam)
shrinks(radam)
radam.flaw(
    "eps after the hat",
    "ours adds ε to √v̂, as Adam does; torch's RAdam adds it to √v, before that is corrected",
    root=lambda v, correction, eps: np.sqrt(v / correction) + eps,
)
radam.flaw(
    "eps inside the root",
    "ours has ε inside the root, ε = {eps}",
    root=lambda v, correction, eps: np.sqrt(v / correction + eps),
)
radam.flaw(
    "no bias correction of m",
    "ours does not correct the mean gradient for its start from zero",
    hat_m=lambda m, beta, t: m,
)
radam.flaw("not rectified", "ours lacks the factor r, by which the step is rectified", rectified=False)
radam.flaw("another threshold", "ours rectifies from ρ > 4 on, as the paper does, and torch from ρ > 5", limit=4)
radam.flaw("one step ahead", "ours counts t + 1, and the reference t", time=lambda t: t + 1)
