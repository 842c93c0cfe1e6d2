"""Suspects in the softmax and its logarithm."""

import numpy as np

from .suspects import Flaw, formula


def exps(x, dim, top=True):
    return np.exp(x - x.max(axis=dim, keepdims=True) if top else x)


def softmax(x, dim, top=True):
    y = exps(x, dim, top)
    return y / y.sum(axis=dim, keepdims=True)


SOFT = {
    "softmax": softmax,
    "log_softmax": lambda x, dim, top=True: np.log(softmax(x, dim, False)) if not top else log_softmax(x, dim),
}


def log_softmax(x, dim):
    less = x - x.max(axis=dim, keepdims=True)
    return less - np.log(np.exp(less).sum(axis=dim, keepdims=True))


@formula("output", *SOFT, dim=-1)
def soft(e, dim=None, top=True, times=1, of=lambda x, dim: x):
    """eˣ / Σ eˣ, or its logarithm."""
    (x,) = e.given
    dim = e.options.dim if dim is None else dim
    return SOFT[e.op](of(x, dim), dim, top)


soft.flaw(
    "softmax overflows",
    "ours has eˣ / Σ eˣ as it stands, which is ∞ / ∞ for large x: take the largest out first",
    top=False,
)
soft.flaw(
    "double softmax", "ours takes the softmax twice: the second nearly levels what the first has found", of=softmax
)


@soft.also
def along_another(e):
    for axis in range(e.given[0].ndim):
        yield Flaw(
            "wrong axis",
            f"ours is the {e.op} along axis {axis}, the reference's along dim={e.options.dim}",
            dict(dim=axis),
        )


@formula("gradient", "softmax", dim=-1)
def softmax_rule(e, rule=lambda g, y, dim: y * (g - (g * y).sum(axis=dim, keepdims=True)), dim=None):
    """y (g - Σ g y): each output's slope is in all inputs."""
    (x,) = e.given
    dim = e.options.dim if dim is None else dim
    return rule(e.g, softmax(x, dim), dim)


SLOPES = "where softmax's Jacobian is diag(y) - y yᵀ: each output depends on all inputs"
softmax_rule.flaw(
    "diagonal of softmax", f"ours has g y (1 - y), the diagonal only, {SLOPES}", rule=lambda g, y, dim: g * y * (1 - y)
)
softmax_rule.flaw("diagonal of softmax", f"ours has g y, {SLOPES}", rule=lambda g, y, dim: g * y)
softmax_rule.flaw(
    "a factor is missing",
    "ours is g - Σ g y, without the factor y",
    rule=lambda g, y, dim: g - (g * y).sum(axis=dim, keepdims=True),
)
softmax_rule.flaw(
    "sum for weighted sum",
    "ours is y (g - Σ g), where softmax's rule is y (g - Σ g y)",
    rule=lambda g, y, dim: y * (g - g.sum(axis=dim, keepdims=True)),
)


@formula("gradient", "log_softmax", dim=-1)
def log_softmax_rule(e, rule=lambda g, y, dim: g - np.exp(y) * g.sum(axis=dim, keepdims=True), dim=None):
    """g - softmax(x) Σ g."""
    (x,) = e.given
    dim = e.options.dim if dim is None else dim
    return rule(e.g, log_softmax(x, dim), dim)


LOGS = "where log softmax's rule is g - softmax(x) Σ g"
log_softmax_rule.flaw(
    "logarithms for probabilities",
    f"ours is g - y Σ g with the logarithms y themselves, {LOGS}",
    rule=lambda g, y, dim: g - y * g.sum(axis=dim, keepdims=True),
)
log_softmax_rule.flaw(
    "softmax's rule",
    f"ours is softmax's own rule, {LOGS}",
    rule=lambda g, y, dim: np.exp(y) * (g - (g * np.exp(y)).sum(axis=dim, keepdims=True)),
)
log_softmax_rule.flaw("sum missing", f"ours is g - g softmax(x), {LOGS}", rule=lambda g, y, dim: g - g * np.exp(y))
log_softmax_rule.flaw("a factor is missing", f"ours passes g on as it came, {LOGS}", rule=lambda g, y, dim: g)


@softmax_rule.also
@log_softmax_rule.also
def rule_along_another(e):
    for axis in range(e.given[0].ndim):
        yield Flaw(
            "wrong axis", f"ours sums along axis {axis}, the reference along dim={e.options.dim}", dict(dim=axis)
        )
