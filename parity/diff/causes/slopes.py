"""Suspects in the slopes of one number: what people write in the place of f'(x), and at what they evaluate it.

A function is declared with its derivative as x and y = f(x) have it, `o` being its other arguments, and with the wrong
derivatives that are known of it. What goes wrong with any of them is said once, below."""

import math

import numpy as np

from .evidence import Unfit
from .suspects import Flaw, formula


def logistic(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def curve(name, f, slope, *wrong, **defaults):
    """Declare y = f(x) and its slope, and wrong ones as (name, words, slope)."""

    @formula("output", name, **defaults)
    def value(e, f=f):
        (x,) = e.given
        return f(x, e.options)

    @formula("gradient", name, **defaults)
    def rule(e, slope=slope, at=lambda x, y: (x, y), chain=lambda g, slope: g * slope):
        (x,) = e.given
        if e.g.shape != x.shape:
            raise Unfit("not a function of single numbers")
        return chain(e.g, slope(*at(x, f(x, e.options)), e.options))

    for words in wrong:
        rule.flaw(words[0], words[1], slope=words[2])

    @rule.also
    def anybodys(e):
        said = f"the slope of {name}"
        yield Flaw("a factor is missing", f"ours passes g on as it came: {said} is missing", dict(chain=lambda g, s: g))
        yield Flaw(
            "without g", f"ours is {said} alone: g, the gradient from above, is missing", dict(chain=lambda g, s: s)
        )
        words = f"ours divides g by {said}, where it must multiply"
        yield Flaw("divided by the slope", words, dict(chain=lambda g, s: g / s))
        yield Flaw("slope squared", f"ours has {said} twice in it", dict(chain=lambda g, s: g * s * s))
        words = f"ours evaluates {said} at the {{}}, where the formula wants the {{}}"
        yield Flaw("input for output", words.format("input x", "output y"), dict(at=lambda x, y: (x, x)))
        yield Flaw("output for input", words.format("output y", "input x"), dict(at=lambda x, y: (y, y)))
        words = f"ours evaluates {said} at y = {name}(x), not at x: {name} is applied twice"
        yield Flaw("applied twice", words, dict(at=lambda x, y: (y, f(y, e.options))))

    @value.also
    def anybodys_value(e):
        twice = dict(f=lambda x, o: f(f(x, o), o))
        yield Flaw(f"double {name}", f"ours is {name}({name}(x)): it is applied twice", twice)
        yield Flaw(f"{name} missing", f"ours is x itself: {name} is not applied", dict(f=lambda x, o: x))

    return value, rule


AT_ZERO = "ours has a slope of {} at 0, where torch has {}: at a corner any number between both sides' is a subgradient, and torch's is a convention"

curve(
    "sigmoid",
    lambda x, o: logistic(x),
    lambda x, y, o: y * (1 - y),
    ("s for s (1 - s)", "ours has g s, where the slope of s = σ(x) is s (1 - s)", lambda x, y, o: y),
    ("1 - s for s (1 - s)", "ours has g (1 - s), where the slope of s = σ(x) is s (1 - s)", lambda x, y, o: 1 - y),
    ("1 - s² for s (1 - s)", "ours has the slope of tanh, 1 - s², where σ has s (1 - s)", lambda x, y, o: 1 - y * y),
    ("plus for minus", "ours has s (1 + s), where the slope of s = σ(x) is s (1 - s)", lambda x, y, o: y * (1 + y)),
)
curve(
    "tanh",
    lambda x, o: np.tanh(x),
    lambda x, y, o: 1 - y * y,
    ("1 - y for 1 - y²", "ours has g (1 - y), where the slope of y = tanh x is 1 - y²", lambda x, y, o: 1 - y),
    ("y (1 - y) for 1 - y²", "ours has the slope of σ, y (1 - y), where tanh has 1 - y²", lambda x, y, o: y * (1 - y)),
    ("plus for minus", "ours has 1 + y², where the slope of y = tanh x is 1 - y²", lambda x, y, o: 1 + y * y),
)
curve(
    "relu",
    lambda x, o: np.maximum(x, 0),
    lambda x, y, o: x > 0,
    ("relu at zero", AT_ZERO.format(1, 0), lambda x, y, o: x >= 0),
    ("half at zero", AT_ZERO.format("1/2", 0), lambda x, y, o: (x > 0) + (x == 0) / 2),
    ("the other side", "ours passes g on where x is negative, not where it is positive", lambda x, y, o: x < 0),
)
curve(
    "leaky_relu",
    lambda x, o: np.where(x > 0, x, o.negative_slope * x),
    lambda x, y, o: np.where(x > 0, 1, o.negative_slope),
    ("relu for leaky relu", "ours has slope 0 for negative x, where it is {negative_slope}", lambda x, y, o: x > 0),
    ("sides exchanged", "ours leaks on the positive side", lambda x, y, o: np.where(x > 0, o.negative_slope, 1)),
    (
        "leaky relu at zero",
        "ours has slope 1 at 0, where torch has {negative_slope}",
        lambda x, y, o: np.where(x >= 0, 1, o.negative_slope),
    ),
    negative_slope=0.01,
)
curve(
    "elu",
    lambda x, o: np.where(x > 0, x, o.alpha * np.expm1(x)),
    lambda x, y, o: np.where(x > 0, 1, y + o.alpha),
    (
        "y for y + α",
        "ours has slope y for negative x, where it is y + α = α eˣ, α = {alpha}",
        lambda x, y, o: np.where(x > 0, 1, y),
    ),
    (
        "α forgotten",
        "ours has slope eˣ for negative x, where it is α eˣ, α = {alpha}",
        lambda x, y, o: np.where(x > 0, 1, np.exp(x)),
    ),
    alpha=1.0,
)
curve(
    "silu",
    lambda x, o: x * logistic(x),
    lambda x, y, o: logistic(x) + y * (1 - logistic(x)),
    ("product rule", "ours has s alone, where x s has the slope s + x s (1 - s)", lambda x, y, o: logistic(x)),
    (
        "product rule",
        "ours has x s (1 - s) alone, where x s has the slope s + x s (1 - s)",
        lambda x, y, o: y * (1 - logistic(x)),
    ),
)
curve(
    "softplus",
    lambda x, o: softplus(o.beta * x) / o.beta,
    lambda x, y, o: logistic(o.beta * x),
    ("1 - s for s", "ours has σ(-x), where the slope of log(1 + eˣ) is σ(x)", lambda x, y, o: logistic(-o.beta * x)),
    beta=1.0,
)
curve(
    "logsigmoid",
    lambda x, o: -softplus(-x),
    lambda x, y, o: logistic(-x),
    ("s for 1 - s", "ours has σ(x), where the slope of log σ(x) is σ(-x)", lambda x, y, o: logistic(x)),
)
curve(
    "exp",
    lambda x, o: np.exp(x),
    lambda x, y, o: y,
    ("x for eˣ", "ours has x, where the slope of eˣ is eˣ", lambda x, y, o: x),
)
curve(
    "log",
    lambda x, o: np.log(x),
    lambda x, y, o: 1 / x,
    ("x for 1 / x", "ours multiplies by x, where the slope of log x is 1 / x", lambda x, y, o: x),
)
curve(
    "log2",
    lambda x, o: np.log2(x),
    lambda x, y, o: 1 / (x * math.log(2)),
    ("the base", "ours has log x's slope 1 / x, without the log 2", lambda x, y, o: 1 / x),
)
curve(
    "log10",
    lambda x, o: np.log10(x),
    lambda x, y, o: 1 / (x * math.log(10)),
    ("the base", "ours has log x's slope 1 / x, without the log 10", lambda x, y, o: 1 / x),
)
curve(
    "log1p",
    lambda x, o: np.log1p(x),
    lambda x, y, o: 1 / (1 + x),
    ("1 / x for 1 / (1 + x)", "ours has log x's slope 1 / x, where log(1 + x) has 1 / (1 + x)", lambda x, y, o: 1 / x),
)
curve(
    "expm1",
    lambda x, o: np.expm1(x),
    lambda x, y, o: y + 1,
    ("y for y + 1", "ours has y, where the slope of eˣ - 1 is eˣ = y + 1", lambda x, y, o: y),
)
curve(
    "sqrt",
    lambda x, o: np.sqrt(x),
    lambda x, y, o: 1 / (2 * y),
    (
        "precedence",
        "ours is g / 2 · y, where the slope of y = √x makes it g / (2 y): two brackets are missing",
        lambda x, y, o: y / 2,
    ),
    ("x for √x", "ours is g / (2 x), where the slope of √x makes it g / (2 √x)", lambda x, y, o: 1 / (2 * x)),
    ("2 forgotten", "ours is g / √x, where the slope of √x makes it g / (2 √x)", lambda x, y, o: 1 / y),
)
curve(
    "rsqrt",
    lambda x, o: 1 / np.sqrt(x),
    lambda x, y, o: -(y**3) / 2,
    ("y for y³", "ours has -y / 2, where the slope of y = 1 / √x is -y³ / 2", lambda x, y, o: -y / 2),
    ("y² for y³", "ours has -y² / 2, where the slope of y = 1 / √x is -y³ / 2", lambda x, y, o: -y * y / 2),
)
curve(
    "reciprocal",
    lambda x, o: 1 / x,
    lambda x, y, o: -y * y,
    ("square missing", "ours has -1 / x, where the slope of 1 / x is -1 / x²", lambda x, y, o: -y),
)
curve(
    "sin",
    lambda x, o: np.sin(x),
    lambda x, y, o: np.cos(x),
    ("sine for cosine", "ours has sin x, where the slope of sin x is cos x", lambda x, y, o: y),
)
curve(
    "cos",
    lambda x, o: np.cos(x),
    lambda x, y, o: -np.sin(x),
    ("cosine for sine", "ours has -cos x, where the slope of cos x is -sin x", lambda x, y, o: -y),
)
curve(
    "tan",
    lambda x, o: np.tan(x),
    lambda x, y, o: 1 + y * y,
    ("minus for plus", "ours has 1 - y², where the slope of y = tan x is 1 + y²", lambda x, y, o: 1 - y * y),
)
curve(
    "abs",
    lambda x, o: np.abs(x),
    lambda x, y, o: np.sign(x),
    ("abs at zero", AT_ZERO.format(1, 0), lambda x, y, o: np.where(x >= 0, 1, -1)),
)
curve(
    "square",
    lambda x, o: x * x,
    lambda x, y, o: 2 * x,
    ("2 forgotten", "ours has x, where the slope of x² is 2 x", lambda x, y, o: x),
    ("y for 2 x", "ours has 2 x², where the slope of x² is 2 x", lambda x, y, o: 2 * y),
)
curve(
    "clamp",
    lambda x, o: np.clip(x, o.min, o.max),
    lambda x, y, o: within(x, o),
    (
        "clamp at its bounds",
        "ours has slope 0 on the bounds {min} and {max}, where torch has 1",
        lambda x, y, o: within(x, o) & (x != o.min) & (x != o.max),
    ),
    min=None,
    max=None,
)
curve(
    "hardtanh",
    lambda x, o: np.clip(x, o.min_val, o.max_val),
    lambda x, y, o: (x > o.min_val) & (x < o.max_val),
    (
        "hardtanh at its bounds",
        "ours has slope 1 on the bounds {min_val} and {max_val}, where torch has 0",
        lambda x, y, o: (x >= o.min_val) & (x <= o.max_val),
    ),
    min_val=-1.0,
    max_val=1.0,
)
curve(
    "relu6",
    lambda x, o: np.clip(x, 0, 6),
    lambda x, y, o: (x > 0) & (x < 6),
    ("relu6 at its bounds", "ours has slope 1 at 0 and at 6, where torch has 0", lambda x, y, o: (x >= 0) & (x <= 6)),
    ("bound forgotten", "ours has slope 1 above 6 too", lambda x, y, o: x > 0),
)


def within(x, o):
    return (True if o.min is None else x >= o.min) & (True if o.max is None else x <= o.max) & np.ones(x.shape, bool)
