"""Images in other sizes: interpolation along each dim; and pixels dealt out from channels, and back."""

from math import prod

import numpy as np

from ..compose import composed
from ..ops.resample import resample
from ..ops.shape import permute
from .pooling import adaptive_avg_pool
from .spatial import at_least, ints, one_int

# ------------------------------------------------------------------ where to read, and how much of each


def step(n, m, factor, dtype):
    """How far apart in x the places of two neighbours in the result are, in torch's precision."""
    return dtype(1 / factor) if factor else dtype(n) / dtype(m)


def centres(n, m, factor, corners, dtype):
    """Where in x each number of the result is read: the first and last in the corners, or all in the middle of their pixel."""
    i = np.arange(m, dtype=dtype)
    if corners:
        return i * (dtype(n - 1) / dtype(m - 1) if m > 1 else dtype(0))
    return (i + dtype(0.5)) * step(n, m, factor, dtype) - dtype(0.5)


def nearest(n, m, factor, shift):
    """The pixel in which each place lies. torch reckons with float32 here, whatever the input is."""
    at = (np.arange(m, dtype=np.float32) + np.float32(shift)) * step(n, m, factor, np.float32)
    return np.minimum(at.astype(np.int64), n - 1)[:, None], None


def linear(n, at):
    """The two neighbours of each place, by their nearness. (In a dim that keeps its size, torch takes the pixel itself.)"""
    at = np.arange(n, dtype=at.dtype) if len(at) == n else np.maximum(at, 0)
    low = np.minimum(at.astype(np.int64), n - 1)
    t = np.clip(at - low, 0, 1)
    high = low if len(at) == n else np.minimum(low + 1, n - 1)
    return np.stack([low, high], 1), np.stack([1 - t, t], 1)


def keys(t):
    """The weights of the pixels at -1, 0, 1 and 2 for a place t between 0 and 1: a cubic convolution, whose slope at 1 is -¾.

    Keys, Cubic convolution interpolation for digital image processing, 1981."""
    near = lambda d: (1.25 * d - 2.25) * d * d + 1
    far = lambda d: ((-0.75 * d + 3.75) * d - 6) * d + 3
    return far(1 + t), near(t), near(1 - t), far(2 - t)


def cubic(n, at):
    """The four neighbours of each place, by Keys's weights."""
    low = np.floor(at)
    t = np.clip(at - low, 0, 1)
    places = low[:, None].astype(np.int64) + np.arange(-1, 3)
    return np.clip(places, 0, n - 1), np.stack(keys(t), 1)


NEAREST = {"nearest": 0.0, "nearest-exact": 0.5}  # where in a pixel's place we look
LINES = {"linear": (1, linear), "bilinear": (2, linear), "trilinear": (3, linear), "bicubic": (2, cubic)}


def sizes(input, size, scale_factor, recompute):
    """The size asked for along each dim, and the factors, if these are to be taken at their word."""
    dims = input.array.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None and recompute:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    given = scale_factor if size is None else size
    if isinstance(given, (list, tuple)) and len(given) != dims:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of"
            f" {list(input.shape[2:])} and output size or scale_factor of {given}. Please provide input tensor in (N, C, d1,"
            " d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
        )
    if size is not None:
        return ints("interpolate", "size", size, dims), [None] * dims
    factors = list(given) if isinstance(given, (list, tuple)) else [given] * dims
    if not all(isinstance(f, (int, float)) for f in factors):
        raise TypeError(f"interpolate(): argument 'scale_factor' must be tuple of floats, but got {factors}")
    return tuple(int(n * f) for n, f in zip(input.shape[2:], factors)), [None] * dims if recompute else factors


@composed(places="nn.functional")
def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """(N, C, *) in another `size`, m along a dim for n, or `scale_factor` times as large. Entry i is read at the place

        (i + ½) · n / m - ½    or, with `align_corners`,    i · (n - 1) / (m - 1)

    from the nearest pixel ('nearest-exact'; 'nearest' looks half a pixel too far left), between two on a line ('linear',
    'bilinear', 'trilinear'), or four on a cubic ('bicubic'); 'area' takes means. m / n is `scale_factor` itself, if that is
    given, and not to be recomputed."""
    dims = input.array.ndim - 2
    if align_corners is not None and mode not in LINES:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    out, factors = sizes(input, size, scale_factor, recompute_scale_factor or (mode == "area" and size is None))
    if antialias:
        if mode not in ("bilinear", "bicubic") or dims != 2:
            raise ValueError(
                "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
            )
        raise NotImplementedError("interpolate(antialias=True) is not supported here: blur with conv2d first")
    if dims not in (1, 2, 3) or mode not in (*NEAREST, *LINES, "area") or LINES.get(mode, (dims,))[0] != dims:
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims + 2}D) for the modes: nearest | nearest-exact"
            f" | area, 3D for linear, 4D for bilinear | bicubic, 5D for trilinear (got {mode})"
        )
    if mode == "area":
        return adaptive_avg_pool("interpolate", dims, input, out)
    if any(n < 1 for n in (*out, *input.shape[2:])):
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(input.shape[2:])} output {list(out)}"
        )
    if not input.shape[1]:
        raise RuntimeError(
            f"Non-empty {dims + 2}D data tensor expected but got a tensor with sizes {list(input.shape)}"
        )
    if not input.is_floating_point() and not (mode in NEAREST and input.array.dtype == np.uint8):
        raise NotImplementedError(
            f'"interpolate" ({mode}) not implemented for {input.dtype}: convert with .float() first'
        )
    for dim, (m, factor) in enumerate(zip(out, factors), 2):
        n = input.shape[dim]
        if mode in NEAREST:
            source, weight = nearest(n, m, factor, NEAREST[mode])
        else:
            source, weight = LINES[mode][1](n, centres(n, m, factor, align_corners, input.array.dtype.type))
            weight = weight.reshape(-1)
        input = resample(input, m, dim, np.repeat(np.arange(m), source.shape[1]), source.reshape(-1), weight)
    return input


@composed(places="nn.functional")
def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """interpolate, by its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


@composed(places="nn.functional")
def upsample_nearest(input, size=None, scale_factor=None):
    """interpolate from the nearest pixel."""
    return interpolate(input, size, scale_factor, "nearest")


@composed(places="nn.functional")
def upsample_bilinear(input, size=None, scale_factor=None):
    """interpolate on lines from corner to corner."""
    return interpolate(input, size, scale_factor, "bilinear", True)


# ------------------------------------------------------------------ pixels and channels


def rearranged(x, sizes, order, result):
    """x as `sizes`, its dims in another order, as `result`: a copy."""
    return permute(x.reshape(sizes), order).clone().reshape(result)


@composed(places="torch nn.functional")
def pixel_shuffle(input, upscale_factor):
    """(*, C · r², H, W) as (*, C, H · r, W · r): each pixel's r² channels become r x r pixels."""
    *lead, channels, height, width = at_least_an_image("pixel_shuffle", input)
    r = factor("pixel_shuffle", "upscale_factor", upscale_factor)
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but"
            f" input.size(-3)={channels} is not divisible by {r * r}"
        )
    c = channels // (r * r)
    return rearranged(
        input, (prod(lead), c, r, r, height, width), (0, 1, 4, 2, 5, 3), (*lead, c, height * r, width * r)
    )


@composed(places="torch nn.functional")
def pixel_unshuffle(input, downscale_factor):
    """(*, C, H · r, W · r) as (*, C · r², H, W): the way back."""
    *lead, c, height, width = at_least_an_image("pixel_unshuffle", input)
    r = factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    if height % r or width % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but input.size(-2)={height}, "
            f"input.size(-1)={width} and the factor is {r}"
        )
    h, w = height // r, width // r
    return rearranged(input, (prod(lead), c, h, r, w, r), (0, 1, 3, 5, 2, 4), (*lead, c * r * r, h, w))


@composed(places="torch nn.functional")
def channel_shuffle(input, groups):
    """(N, C, *) with the channels of its groups dealt out in turn."""
    if input.array.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    groups = factor("channel_shuffle", "groups", groups)
    n, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    return rearranged(input, (n, groups, channels // groups, *rest), (0, 2, 1, *range(3, len(rest) + 3)), input.shape)


def at_least_an_image(name, x):
    if x.array.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {x.array.ndim} dimension(s)"
        )
    return x.shape


def factor(name, what, n):
    n = one_int(name, what, n)
    at_least(1, name, what, (n,))
    return n
