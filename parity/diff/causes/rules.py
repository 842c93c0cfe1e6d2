"""Suspects in ops of several numbers and their rules: arithmetic, products of matrices, reductions, softmax, running sums."""

import math

import numpy as np

from .evidence import Unfit, axes, summed
from .suspects import Flaw, formula

# ------------------------------------------------------------------ arithmetic

ARITHMETIC = {
    "sub": np.subtract,
    "div": np.divide,
    "pow": np.power,
    "matmul": np.matmul,
    "mm": np.matmul,
    "atan2": np.arctan2,
}


@formula("output", *ARITHMETIC)
def arithmetic(e, order=lambda x, y: (x, y)):
    """f(x, y), for an f that is not symmetric."""
    return ARITHMETIC[e.op](*order(*e.given))


arithmetic.flaw(
    "inputs exchanged",
    "ours is f(y, x), where the reference is f(x, y): see __rsub__ and its kin",
    order=lambda x, y: (y, x),
)


def slope_of(op, place, name, slope, *wrong):
    """Declare what `op` gives to its input at this place: g times slope(x, y), and wrong slopes as (name, words, slope)."""

    @formula("gradient", op)
    def rule(e, slope=slope):
        e.of(place, name)
        x, y = e.given
        return summed(e.g * slope(x, y), (x, y)[place].shape)

    for words in wrong:
        rule.flaw(words[0], words[1], slope=words[2])
    rule.flaw("a factor is missing", f"ours passes g on as it came: the slope of {op} is missing", slope=lambda x, y: 1)


slope_of(
    "mul",
    0,
    "input",
    lambda x, y: y,
    ("its own factor", "ours multiplies g by x, where the slope of x y in x is y", lambda x, y: x),
)
slope_of(
    "mul",
    1,
    "other",
    lambda x, y: x,
    ("its own factor", "ours multiplies g by y, where the slope of x y in y is x", lambda x, y: y),
)
slope_of(
    "div",
    0,
    "input",
    lambda x, y: 1 / y,
    ("times for over", "ours multiplies g by y, where the slope of x / y in x is 1 / y", lambda x, y: y),
)
DIV = "where the slope of x / y in y is -x / y²"
slope_of(
    "div",
    1,
    "other",
    lambda x, y: -x / y**2,
    ("square missing", f"ours has -x / y, {DIV}", lambda x, y: -x / y),
    ("sign and square missing", f"ours has x / y, {DIV}", lambda x, y: x / y),
    ("sign missing", f"ours has x / y², {DIV}", lambda x, y: x / y**2),
    ("x missing", f"ours has -1 / y², {DIV}", lambda x, y: -1 / y**2),
    ("x for y", f"ours has -y / x², {DIV}", lambda x, y: -y / x**2),
)
POW = "where the slope of xⁿ in x is n xⁿ⁻¹"
slope_of(
    "pow",
    0,
    "input",
    lambda x, n: n * x ** (n - 1.0),
    ("exponent not lowered", f"ours has n xⁿ, {POW}", lambda x, n: n * x**n),
    ("exponent forgotten", f"ours has xⁿ⁻¹, {POW}", lambda x, n: x ** (n - 1.0)),
    ("the other slope", f"ours has xⁿ log x, the slope in n, {POW}", lambda x, n: x**n * np.log(x)),
)
slope_of(
    "pow",
    1,
    "exponent",
    lambda x, n: x**n * np.log(x),
    ("log missing", "ours has xⁿ, where the slope of xⁿ in n is xⁿ log x", lambda x, n: x**n),
    (
        "the other slope",
        "ours has n xⁿ⁻¹, the slope in x, where the slope in n is xⁿ log x",
        lambda x, n: n * x ** (n - 1.0),
    ),
)


@formula("gradient", "pow", exponent=None)
def power_rule(e, slope=lambda x, n: n * x ** (n - 1.0)):
    """n xⁿ⁻¹, for an n that is a number."""
    (x,) = e.given
    return e.g * slope(x, float(e.options.exponent))


power_rule.flaw("exponent not lowered", f"ours has n xⁿ, {POW}, n = {{exponent}}", slope=lambda x, n: n * x**n)
power_rule.flaw("exponent forgotten", f"ours has xⁿ⁻¹, {POW}, n = {{exponent}}", slope=lambda x, n: x ** (n - 1))
power_rule.flaw("a factor is missing", f"ours passes g on as it came, {POW}, n = {{exponent}}", slope=lambda x, n: 1)


@formula("gradient", "maximum", "minimum")
def extreme_rule(e, tie=(1 / 2, 1 / 2)):
    """g to the one that is chosen, and of equals half to each."""
    x, y = e.given
    own, other = (x, y) if e.place == 0 else (y, x)
    chosen = own > other if (e.op != "minimum") else own < other
    return summed(e.g * np.where(own == other, tie[e.place], chosen), own.shape)


TIE = "where x = y, ours gives {} {}, and torch half to each"
extreme_rule.flaw("ties of maximum", TIE.format("input", "the whole gradient"), tie=(1, 0))
extreme_rule.flaw("ties of maximum", TIE.format("other", "the whole gradient"), tie=(0, 1))
extreme_rule.flaw("ties of maximum", TIE.format("both", "the whole gradient"), tie=(1, 1))

# ------------------------------------------------------------------ products of matrices

MAYBE_T = lambda a: a.mT if a.ndim > 1 else a


@formula("gradient", "matmul", "mm", "bmm")
def product_rule(e, turned=MAYBE_T, upstream=lambda g, other: g):
    """g yᵀ for x, and xᵀ g for y."""
    x, y = e.given
    if x.ndim < 2 or y.ndim < 2:
        raise Unfit("vectors")
    return summed(e.g @ turned(y), x.shape) if e.place == 0 else summed(turned(x) @ e.g, y.shape)


product_rule.flaw(
    "not transposed",
    "ours multiplies g by the other matrix as it is; the rule of x y is g yᵀ for x, and xᵀ g for y",
    turned=lambda a: a,
)


@formula("gradient", "linear")
def linear_rule(e, weight=lambda w: w, bias=np.sum, turned=lambda d: d):
    """g w for the input, gᵀ x for the weight, Σ g for the bias."""
    x, w = e.given[:2]
    if e.place == 0:
        return e.g @ weight(w)
    g = e.g.reshape(-1, e.g.shape[-1])
    return turned(g.T @ x.reshape(len(g), -1)) if e.place == 1 else bias(g, axis=0)


linear_rule.flaw(
    "not transposed", "ours multiplies g by wᵀ; of y = x wᵀ the gradient of x is g w", weight=lambda w: w.T
)
linear_rule.flaw("transposed", "ours is xᵀ g, the transposed of the weight's gradient gᵀ x", turned=lambda d: d.T)
linear_rule.flaw(
    "mean for sum",
    "ours is the mean over the batch, where a bias, which every row gets, has the sum of their gradients",
    bias=np.mean,
)


@formula("output", "linear")
def linear(e, turned=lambda w: w.T, bias=lambda b: b):
    """x wᵀ + b."""
    x, w, *b = e.given
    return x @ turned(w) + (bias(b[0]) if b else 0)


linear.flaw(
    "not transposed",
    "ours is x w, where torch's linear is x wᵀ: its weight has a row for each output",
    turned=lambda w: w,
)
linear.flaw("bias forgotten", "ours is x wᵀ, without the bias", bias=lambda b: 0)
linear.flaw("wrong sign", "ours takes the bias away, where it is to be added", bias=lambda b: -b)

# ------------------------------------------------------------------ reductions

REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "prod": np.prod,
    "amax": np.max,
    "amin": np.min,
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
}
SPREADS = {"var": lambda v: v, "std": np.sqrt}


@formula("output", *REDUCTIONS, *SPREADS, dim=None, keepdim=False, correction=1)
def reduction(e, dim=None, keepdim=None, less=None):
    """Σ x, Σ x / n, Σ (x - x̄)² / (n - correction) ... over the axes `dim`."""
    (x,), o = e.given, e.options
    where = axes(o.dim if dim is None else dim, x.ndim)
    keep = dict(axis=where, keepdims=o.keepdim if keepdim is None else keepdim)
    if e.op in REDUCTIONS:
        return np.asarray(REDUCTIONS[e.op](x, **keep))
    return np.asarray(SPREADS[e.op](np.var(x, ddof=o.correction if less is None else less, **keep)))


@reduction.also
def reduced_otherwise(e):
    said = f"ours is the {e.op} over axis {{}}, where the reference's is over dim={e.options.dim}"
    for axis in range(e.given[0].ndim):
        yield Flaw("wrong axis", said.format(axis), dict(dim=axis))
    if e.op in SPREADS:
        c = e.options.correction
        said = f"ours divides by {'n' if c else 'n - 1'}, and the reference by n - {c} (correction={c}, NumPy's ddof, which is 0 unless said)"
        yield Flaw("ddof", said, dict(less=0 if c else 1))


@formula("output", "mean", dim=None, keepdim=False)
def average(e, count=lambda x, dim: math.prod(x.shape[i] for i in dim)):
    """Σ x / n."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    return np.sum(x, axis=dim, keepdims=o.keepdim) / count(x, dim)


def put_back(g, shape, dim, keepdim):
    """g with the axes that a reduction took away."""
    return g if keepdim else np.expand_dims(g, dim)


@formula("gradient", "sum", "mean", dim=None, keepdim=False)
def average_rule(e, back=put_back, count=lambda x, dim: math.prod(x.shape[i] for i in dim)):
    """g to each of those that were added, over their number n if it is a mean."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    shared = e.g if e.op == "sum" else e.g / count(x, dim)
    return np.broadcast_to(back(shared, x.shape, dim, o.keepdim), x.shape)


average_rule.flaw(
    "axis not put back",
    "ours stretches g along another axis than the one that was summed over: put that back first (expand_dims), and then broadcast",
    back=lambda g, shape, dim, keepdim: g,
)


@average.also
@average_rule.also
def counted_otherwise(e):
    (x,) = e.given
    right = math.prod(x.shape[i] for i in axes(e.options.dim, x.ndim))
    lengths = {n: f"the length of axis {i}" for i, n in enumerate(x.shape)} | {x.size: "the number of all entries"}
    for n, what in lengths.items():
        if n != right and e.op == "mean":
            words = f"ours divides by {n}, {what}, where a mean of {right} numbers divides by {right}"
            yield Flaw("wrong count", words, dict(count=lambda x, dim, n=n: n))


@formula("gradient", "amax", "amin", "max", "min", dim=None, keepdim=False)
def largest_rule(e, share=lambda found, dim: found / found.sum(axis=dim, keepdims=True)):
    """g, shared among those that are the largest."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    best = np.max if e.op.endswith("max") else np.min
    found = x == best(x, axis=dim, keepdims=True)
    return put_back(e.g, x.shape, dim, o.keepdim) * share(found, dim)


def one_of(found, dim, last):
    """The first, or the last, of those found along the axes."""
    order = [*(i for i in range(found.ndim) if i not in dim), *dim]
    flat = found.transpose(order).reshape(*(found.shape[i] for i in order[: found.ndim - len(dim)]), -1)
    flat = flat[..., ::-1] if last else flat
    one = flat & (np.cumsum(flat, axis=-1) == 1)
    one = one[..., ::-1] if last else one
    return one.reshape([found.shape[i] for i in order]).transpose(np.argsort(order))


TIES = "where several are the largest, ours gives {}, and torch's amax shares g among them"
largest_rule.flaw("ties of amax", TIES.format("the whole of g to each"), share=lambda found, dim: found)
largest_rule.flaw("ties of amax", TIES.format("it to the first"), share=lambda found, dim: one_of(found, dim, False))
largest_rule.flaw("ties of amax", TIES.format("it to the last"), share=lambda found, dim: one_of(found, dim, True))


def others(x, dim):
    """The product of all others along the axes, also where one is 0."""
    order = [*(i for i in range(x.ndim) if i not in dim), *dim]
    flat = x.transpose(order).reshape(*(x.shape[i] for i in order[: x.ndim - len(dim)]), -1)
    before = np.concatenate([np.ones_like(flat[..., :1]), np.cumprod(flat, -1)[..., :-1]], -1)
    after = np.concatenate([np.cumprod(flat[..., ::-1], -1)[..., -2::-1], np.ones_like(flat[..., :1])], -1)
    return (before * after).reshape([x.shape[i] for i in order]).transpose(np.argsort(order))


@formula("gradient", "prod", dim=None, keepdim=False)
def prod_rule(e, slope=others):
    """g times the product of all others."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    return put_back(e.g, x.shape, dim, o.keepdim) * slope(x, dim)


prod_rule.flaw(
    "divided by zero",
    "ours has product / x, which is 0 / 0 where x = 0: there the slope is the product of all others",
    slope=lambda x, dim: x.prod(axis=dim, keepdims=True) / x,
)
prod_rule.flaw(
    "the product itself",
    "ours has the whole product, where the slope is the product of all others",
    slope=lambda x, dim: x.prod(axis=dim, keepdims=True),
)


@formula("gradient", "var", "std", dim=None, keepdim=False, correction=1)
def spread_rule(e, less=lambda c: c, centred=lambda x, dim: x - x.mean(axis=dim, keepdims=True), two=2):
    """2 (x - x̄) / (n - correction); of its root that over 2 σ."""
    (x,), o = e.given, e.options
    dim = axes(o.dim, x.ndim)
    n = math.prod(x.shape[i] for i in dim)
    slope = two * centred(x, dim) / (n - less(o.correction))
    if e.op == "std":
        slope = slope / (2 * x.std(axis=dim, keepdims=True, ddof=o.correction))
    return put_back(e.g, x.shape, dim, o.keepdim) * slope


spread_rule.flaw("ddof", "ours divides by another n: correction is {correction} in the reference", less=lambda c: 1 - c)
spread_rule.flaw(
    "mean not taken out", "ours has 2 x / n, where the slope of a variance is 2 (x - x̄) / n", centred=lambda x, dim: x
)
spread_rule.flaw("2 forgotten", "ours lacks the 2 of the square's slope", two=1)

# ------------------------------------------------------------------ softmax


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


# ------------------------------------------------------------------ running sums, and the order of axes


@formula("gradient", "cumsum", dim=0)
def cumsum_rule(e, running=lambda g, dim: np.flip(np.cumsum(np.flip(g, dim), dim), dim)):
    """The sum of g from each place on: a number is in all later sums."""
    return running(e.g, e.options.dim)


cumsum_rule.flaw(
    "cumsum not turned round",
    "ours runs forward, as the sum does; a number is in all later sums, so its gradient is the sum of g from its place on",
    running=lambda g, dim: np.cumsum(g, dim),
)
cumsum_rule.flaw(
    "a sum is missing", "ours passes g on as it came; a number is in all later sums", running=lambda g, dim: g
)


@formula("output", "cumsum", "cumprod", dim=0)
def running(e, dim=None):
    (x,) = e.given
    return (np.cumsum if e.op == "cumsum" else np.cumprod)(x, e.options.dim if dim is None else dim)


@running.also
def running_along_another(e):
    for axis in range(e.given[0].ndim):
        yield Flaw(
            "wrong axis", f"ours runs along axis {axis}, the reference along dim={e.options.dim}", dict(dim=axis)
        )


@formula("gradient", "permute")
def permute_rule(e, order=np.argsort):
    """g with its axes back in the input's order."""
    (x,) = e.given
    return e.g.transpose(order([i % x.ndim for i in e.options.dims]))


permute_rule.flaw(
    "permuted again",
    "ours permutes g once more by {dims}; the way back is the inverse order, which is the same for two axes only",
    order=lambda dims: dims,
)
