"""Suspects in arithmetic and products: whose slope is whose, what is squared, what is transposed."""

import numpy as np

from .evidence import Unfit, summed
from .suspects import formula

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
    (x,), o = e.given, e.options
    return e.g * slope(x, float(getattr(o, "other", o.exponent)))


power_rule.flaw("exponent not lowered", f"ours has n xⁿ, {POW}", slope=lambda x, n: n * x**n)
power_rule.flaw("exponent forgotten", f"ours has xⁿ⁻¹, {POW}", slope=lambda x, n: x ** (n - 1))
power_rule.flaw("a factor is missing", f"ours passes g on as it came, {POW}", slope=lambda x, n: 1)


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


@formula("gradient", "matmul", "mm", "bmm")
def product_rule(e, turned=lambda a: a.mT):
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
