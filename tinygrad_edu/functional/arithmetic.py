"""Arithmetic of several steps: sums and products of three, rounded quotients, other units."""

import math

from ..compose import composed
from ..constants import converted
from ..dtype import float64
from ..inplace import write
from ..names import publish
from ..ops import elementwise, piecewise, special
from ..ops.piecewise import clamp
from ..ops.steps import floor_quotient, trunc_divide
from ..tensor import Tensor
from .scattering import nonzero


def times(number, x):
    """number · x, for a tensor or a number x; torch's errors for a number that x's dtype has no room for."""
    if isinstance(number, bool) and not (isinstance(x, Tensor) and x.array.dtype == bool) and not isinstance(x, bool):
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(number, float) and isinstance(x, Tensor) and not x.is_floating_point():
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(x, Tensor) and x.array.dtype.kind in "iu":
        number = converted(number, x.array.dtype)
    return x if number == 1 else x * number


@composed(numbers=True)
def add(input, other, *, alpha=1):
    """input + alpha · other."""
    return elementwise.add(input, other if alpha == 1 else times(alpha, other))


@composed(also="subtract", numbers=True)
def sub(input, other, *, alpha=1):
    """input - alpha · other."""
    return elementwise.sub(input, other if alpha == 1 else times(alpha, other))


def add_(self, other, *, alpha=1):
    """In-place add. Its last step, the sum, goes straight into self's memory; so it does in sub_."""
    return write(self, elementwise.add, (other if alpha == 1 else times(alpha, other),), {})


def sub_(self, other, *, alpha=1):
    """In-place sub."""
    return write(self, elementwise.sub, (other if alpha == 1 else times(alpha, other),), {})


publish(add_, "add_", "Tensor")
publish(sub_, "sub_", "Tensor", "subtract_")


@composed(places="torch")
def rsub(input, other, *, alpha=1):
    """other - alpha · input."""
    return elementwise.sub(other, input if alpha == 1 else times(alpha, input))


ROUNDED = {None: elementwise.div, "floor": floor_quotient, "trunc": trunc_divide}


@composed(also="divide", inplace=True, numbers=True)
def div(input, other, *, rounding_mode=None):
    """input / other; rounded down ("floor"), or towards 0 ("trunc")."""
    if rounding_mode not in ROUNDED:
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    return ROUNDED[rounding_mode](input, other)


@composed(inplace=True)
def lerp(input, end, weight):
    """input + weight · (end - input); for |weight| >= 1/2 reckoned from the end, which is then exact at 1."""
    if isinstance(weight, Tensor) and not weight.array.ndim and weight.node is None:
        weight = weight.item()
    for name, t in (("end", end), ("weight", weight)):
        if isinstance(t, Tensor) and t.dtype is not input.dtype:
            raise RuntimeError(f"expected dtype {input.dtype} for `{name}` but got dtype {t.dtype}")
    if not input.is_floating_point():
        raise NotImplementedError(f'"lerp" not implemented for {input.dtype}: convert with .float() first')
    apart = end - input
    if not isinstance(weight, Tensor):
        return input + weight * apart if abs(weight) < 0.5 else end - apart * (1 - weight)
    near = input + weight * apart
    return piecewise.where(abs(weight) < 0.5, near, end - apart * (1 - weight))


@composed(inplace=True)
def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 · tensor2."""
    return elementwise.add(input, times(value, tensor1 * tensor2))


@composed(inplace=True)
def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 / tensor2."""
    if not (tensor1.is_floating_point() or tensor2.is_floating_point()):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported: use floats, or div with a rounding_mode and add"
        )
    return elementwise.add(input, times(value, tensor1 / tensor2))


@composed(inplace=True)
def clamp_min(input, min):
    """max(input, min)."""
    return clamp(input, min)


@composed(inplace=True)
def clamp_max(input, max):
    """min(input, max)."""
    return clamp(input, None, max)


@composed(places="torch")
def where(condition, input=None, other=None):
    """input where the condition holds, else other; of a condition alone, the indices where it holds, a tensor a dim."""
    if input is None and other is None and isinstance(condition, Tensor):
        return nonzero(condition, as_tuple=True)
    return piecewise.where(condition, input, other)


@composed(places="Tensor", name="where")
def where_of(self, condition, other):
    """self where the condition holds, else other."""
    return piecewise.where(condition, self, other)


@composed
def positive(input):
    """+x: the very same tensor."""
    if input.array.dtype == bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported: convert with .long() first")
    return input


Tensor.__pos__, Tensor.__rdiv__ = positive, Tensor.__rtruediv__


@composed(inplace=True)
def deg2rad(input):
    """Degrees in radians: x π / 180."""
    return input * (math.pi / 180)


@composed(inplace=True)
def rad2deg(input):
    """Radians in degrees: x 180 / π."""
    return input * (180 / math.pi)


@composed(inplace=True)
def ldexp(input, other):
    """input · 2 to the other."""
    return input * elementwise.pow(2.0, other)


@composed(numbers=True)
def float_power(input, exponent):
    """input to the exponent, in float64."""
    wide = [x.to(float64) if isinstance(x, Tensor) else float(x) for x in (input, exponent)]
    return elementwise.pow(*wide)


def float_power_(self, exponent):
    """In-place float_power, of a float64 tensor."""
    if self.dtype is not float64:
        raise RuntimeError(f"the base given to float_power_ has dtype {self.dtype}, and the result requires {float64}")
    return write(self, float_power, (exponent,), {})


publish(float_power_, "float_power_", "Tensor")


@composed(places="special")
def ndtr(input):
    """(1 + erf(x / √2)) / 2: the share of a standard normal distribution below x."""
    return (1 + special.erf(input * math.sqrt(0.5))) * 0.5


@composed(places="torch special")
def polygamma(n, input):
    """The n-th derivative of digamma, n >= 0."""
    return special.polygamma(input, n)


# torch's oldest functions of one tensor have their in-place forms as functions too: torch.exp_(x).
OLDEST = """abs acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil clamp clamp_max clamp_min
clip cos cosh deg2rad erf erfc exp exp2 expm1 fix floor frac i0 ldexp log log10 log1p log2 logit nan_to_num neg negative
rad2deg reciprocal round rsqrt sigmoid sin sinc sinh sqrt square tan tanh trunc xlogy"""
for name in OLDEST.split():
    publish(getattr(Tensor, f"{name}_"), f"{name}_", "torch")
