"""How parameters begin: torch's initialisers, which draw the same bits for the same seed.

A layer that sums fan_in numbers multiplies their variance by fan_in times that of its weights, so weights begin with a
variance near 1 / fan_in, or signals would grow or die from layer to layer. Each function here overwrites a tensor,
returns it, and takes no part in the graph. https://docs.pytorch.org/docs/stable/nn.init.html
"""

import math

import numpy as np

from ..autograd import no_grad
from ..creation import empty_like
from ..data import tensor as new
from ..ops.piecewise import where
from ..random import randperm
from ..tensor import made
from ..users import warn

MODES = ("fan_in", "fan_out")
WITHOUT_GAIN = ("linear", "sigmoid", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)))


def calculate_gain(nonlinearity, param=None):
    """By how much a nonlinearity shrinks what passes through it, so that an initialiser can make up for it."""
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    gains = {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}
    if nonlinearity not in gains and nonlinearity not in WITHOUT_GAIN:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return gains.get(nonlinearity, 1)


def fans(tensor):
    """How many numbers each output sums over, and how many outputs each input reaches."""
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


_calculate_fan_in_and_fan_out = fans  # torch's name, which layers in the wild call


# ------------------------------------------------------------------ one distribution for all numbers


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Uniform in [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Normal with this mean and standard deviation."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Normal with this mean and standard deviation, within [a, b]: what falls outside is drawn again.

    Where [a, b] is so far out in the tail that most would fall outside, uniform numbers in it are accepted instead,
    each with a probability proportional to the density there.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect."
        )
    below = lambda x: (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0
    draw = from_the_bulk if below(b) - below(a) > 0.3 else from_the_tail
    return draw(tensor, mean, std, a, b, generator)


def from_the_bulk(tensor, mean, std, a, b, generator):
    low, high = (new(float(x), dtype=tensor.dtype) for x in (a, b))
    tensor.normal_(mean, std, generator=generator)
    while (outside := (tensor < low) | (tensor > high)).array.any():
        tensor.copy_(where(outside, empty_like(tensor).normal_(mean, std, generator=generator), tensor))
    return tensor


def from_the_tail(tensor, mean, std, a, b, generator):
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2  # the log density where it is highest in [a, b]
    pending = made(np.ones(tensor.shape, bool), None)
    while pending.array.any():
        candidates = empty_like(tensor).uniform_(a, b, generator=generator)
        tensor.copy_(where(pending, candidates, tensor))
        density = ((candidates - mean) / std).square() * -0.5 - peak
        pending = pending & (empty_like(tensor).uniform_(generator=generator).log() > density)
    return tensor


@no_grad()
def constant_(tensor, val):
    """One number everywhere."""
    return tensor.fill_(val)


def ones_(tensor):
    """Ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor):
    """Zeros."""
    return constant_(tensor, 0.0)


# ------------------------------------------------------------------ by the fans


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Uniform with variance gain² · 2 / (fan in + fan out). (Glorot and Bengio, 2010.)"""
    bound = math.sqrt(3.0) * xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal with variance gain² · 2 / (fan in + fan out). (Glorot and Bengio, 2010.)"""
    return normal_(tensor, 0.0, xavier_std(tensor, gain), generator)


def xavier_std(tensor, gain):
    return gain * math.sqrt(2.0 / float(sum(fans(tensor))))


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Uniform with variance gain² / fan. (He et al., 2015.)"""
    if is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal with variance gain² / fan. (He et al., 2015.)"""
    return tensor if is_empty(tensor) else normal_(tensor, 0.0, kaiming_std(tensor, a, mode, nonlinearity), generator)


def kaiming_std(tensor, a, mode, nonlinearity):
    if mode.lower() not in MODES:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(MODES)}")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[MODES.index(mode.lower())])


def is_empty(tensor):
    if 0 in tensor.shape:
        warn("Initializing zero-element tensors is a no-op")
    return 0 in tensor.shape


# ------------------------------------------------------------------ matrices with a structure


@no_grad()
def eye_(tensor):
    """The identity matrix: ones on the diagonal, zeros elsewhere."""
    if tensor.dim() != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, and this one has {tensor.dim()}")
    return tensor.copy_(made(np.eye(*tensor.shape), None))


@no_grad()
def dirac_(tensor, groups=1):
    """A convolution's weight (out, in, ...) that hands channel i of its input on as channel i, in each group."""
    if tensor.dim() not in (3, 4, 5):
        raise ValueError(f"Only tensors with 3, 4, or 5 dimensions are supported, and this one has {tensor.dim()}")
    if tensor.shape[0] % groups:
        raise ValueError(f"dim 0 must be divisible by groups, and {tensor.shape[0]} is not by {groups}")
    weight, size = np.zeros(tensor.shape), tensor.shape[0] // groups
    centre = tuple(n // 2 for n in tensor.shape[2:])
    for start in range(0, tensor.shape[0], size):
        for channel in range(min(size, tensor.shape[1])):
            weight[(start + channel, channel, *centre)] = 1
    return tensor.copy_(made(weight, None))


@no_grad()
def orthogonal_(tensor, gain=1, generator=None):
    """gain times a matrix whose rows, or columns if they are fewer, are orthonormal; further dims count as columns.

    It is Q of the QR factorization of a normal matrix, with the signs that make R's diagonal positive: torch's
    to rounding, not to the bit, since NumPy's LAPACK is another. (Saxe et al., 2013; Mezzadri, 2007.)
    """
    if tensor.dim() < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported, and this one has {tensor.dim()}")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    normal = np.empty((rows, tensor.numel() // rows), tensor.array.dtype)
    made(normal, None).normal_(0, 1, generator=generator)
    wide = rows < normal.shape[1]
    q, r = np.linalg.qr(normal.T if wide else normal)
    q = q * np.sign(np.diag(r))
    return tensor.copy_(made(((q.T if wide else q) * tensor.array.dtype.type(gain)).reshape(tensor.shape), None))


@no_grad()
def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal, but in each column this fraction of the rows 0. (Martens, 2010.)

    As in torch, which rows these are is drawn from the default generator, whatever `generator` is."""
    if tensor.dim() != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, and this one has {tensor.dim()}")
    rows, columns = tensor.shape
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        tensor[randperm(rows).array[: math.ceil(sparsity * rows)], column] = 0
    return tensor
