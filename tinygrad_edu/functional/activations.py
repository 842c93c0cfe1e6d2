"""Activations as torch.nn.functional has them: with a flag for working in place."""

import functools
from inspect import Parameter, signature

import numpy as np

from ..compose import composed
from ..generator import default_generator
from ..inplace import in_place, write
from ..names import publish
from ..ops import activations, elementwise, piecewise
from ..ops.activations import exponential_unit, gelu_erf, gelu_tanh, leaky_relu, rectified
from ..ops.axes import one_dim
from ..tensor import Tensor, made
from .pieces import split


def placeable(function=None, *, also=()):
    """Publish an activation in nn.functional with torch's last argument, `inplace=False`; and its form `name_` there.

    `also` are the other namespaces that have it, without the flag."""
    if function is None:
        return functools.partial(placeable, also=also)
    of = getattr(function, "op", None)
    code = function.__code__
    own = len(of.inputs) + len(of.parameters) if of else code.co_argcount
    name = function.__name__

    @functools.wraps(function)
    def call(*args, inplace=False, **named):
        if len(args) > own:
            *args, inplace = args
        if args and not isinstance(args[0], Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(args[0]).__name__}")
        return write(args[0], function, args[1:], named) if inplace else function(*args, **named)

    before = [p for p in signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    flag = Parameter("inplace", Parameter.POSITIONAL_OR_KEYWORD, default=False)
    call.__signature__ = signature(function).replace(parameters=[*before, flag])
    publish(call, name, "nn.functional")
    for place in also:
        publish(function, name, place)
    form = (
        in_place(function, name)
        if "Tensor" in also
        else lambda input, *args, **named: write(input, function, args, named)
    )
    for place in ("nn.functional", *(p for p in also if p != "Tensor")):
        publish(form, f"{name}_", place)
    for published in (call, form):
        published.__module__ = "tinygrad_edu.nn.functional"  # where pickle finds it
    form.__name__ = form.__qualname__ = f"{name}_"
    return function


relu = placeable(elementwise.relu, also=("torch", "Tensor"))
for of in (activations.leaky_relu, activations.hardtanh, activations.hardsigmoid, activations.hardswish):
    placeable(of)
placeable(activations.silu)
placeable(activations.mish)
placeable(activations.threshold, also=("torch",))


@placeable
def relu6(input):
    """min(max(x, 0), 6)."""
    return activations.hardtanh(input, 0.0, 6.0)


@placeable
def elu(input, alpha=1.0):
    """x where x > 0, else α (eˣ - 1)."""
    return exponential_unit(input, alpha)


@placeable(also=("torch",))
def celu(input, alpha=1.0):
    """x where x > 0, else α (e^(x/α) - 1)."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU, which divides by it")
    return exponential_unit(input, alpha, 1.0, 1 / alpha)


ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@placeable(also=("torch",))
def selu(input):
    """1.0507 · (x where x > 0, else 1.6733 (eˣ - 1)): keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    return exponential_unit(input, ALPHA, SCALE)


@placeable(also=("torch",))
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False):
    """x where x > 0, else a x: a is uniform between lower and upper in training, half-way between them otherwise."""
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, but got {lower} and {upper}")
    input = input.contiguous()
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    slopes, falling = np.ones_like(input.array), input.array <= 0
    lower, upper = (float(slopes.dtype.type(bound)) for bound in (lower, upper))
    slopes[falling] = default_generator.unit(int(falling.sum())) * (upper - lower) + lower
    return input * made(slopes, None)


@composed(places="nn.functional")
def gelu(input, *, approximate="none"):
    """x Φ(x), Φ being the share of a standard normal distribution below x; with approximate="tanh", nearly that.

    Φ needs the error function, which is SciPy's; the tanh form needs nothing."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, but got {approximate!r}")
    return gelu_tanh(input) if approximate == "tanh" else gelu_erf(input)


@composed(places="torch Tensor nn.functional")
def prelu(input, weight):
    """x where x > 0, else w x, for one weight, or one for each channel of dim 1."""
    if not isinstance(weight, Tensor):
        raise TypeError(f"prelu(): argument 'weight' must be Tensor, not {type(weight).__name__}")
    n, channels = weight.array.size, input.array.shape[1] if input.array.ndim > 1 else 1
    if weight.array.dtype != input.array.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    if weight.array.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.array.ndim}")
    if n != 1:
        if not input.array.ndim:
            raise RuntimeError("Not allow zero-dim input tensor with more than one weight.")
        if n != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {n} and channel size ="
                f" {channels}."
            )
    shape = (-1,) + (1,) * (input.array.ndim - 2) if input.array.ndim > 1 and n != 1 else (n,) * (input.array.ndim > 0)
    return rectified(input, weight.reshape(shape))


@composed(places="nn.functional")
def glu(input, dim=-1):
    """a σ(b), for the two halves a and b of the input along `dim`."""
    if not input.array.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    size = input.array.shape[one_dim(dim, input.array.ndim)]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    a, b = split(input, size // 2, dim) if size else (input, input)
    return a * elementwise.sigmoid(b)


@composed(places="nn.functional")
def softsign(input):
    """x / (1 + |x|)."""
    return input / (piecewise.abs(input) + 1)


@composed(places="nn.functional")
def tanhshrink(input):
    """x - tanh x."""
    return input - elementwise.tanh(input)
