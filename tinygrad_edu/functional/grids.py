"""Images read at any places: a grid of places, made by an affine map perhaps, and what is there between the pixels.

Places are given from -1, the beginning of a dim, to 1, its end, with x (along the last dim) first.
Jaderberg et al., Spatial Transformer Networks, 2015.
"""

from itertools import product
from math import prod

import numpy as np

from ..compose import composed
from ..ops.index import getitem
from ..ops.piecewise import where
from ..tensor import made
from ..users import warn
from .resampling import keys

UNSURE = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify"
    " align_corners=True if the old behavior is desired."
)


@composed(places="nn.functional")
def affine_grid(theta, size, align_corners=None):
    """The places θ (x, y, 1) for every pixel (x, y) of an image of this size (N, C, H, W); or of (N, C, D, H, W), with z.

    The outermost pixels are at -1 and 1 with `align_corners`; else half a pixel within.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html"""
    if align_corners is None:
        warn(UNSURE)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    size, dims = tuple(size), len(size) - 2
    if dims not in (2, 3):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {size}."
        )
    if theta.shape[1:] != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got {theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    along = [np.linspace(-1, 1, n) if align_corners and n > 1 else (2 * np.arange(n) + 1 - n) / n for n in size[2:]]
    if align_corners and 1 in size[2:]:
        warn(
            "affine_grid has changed for unit-size grids when align_corners=True: their places are now at 0, the centre."
        )
    pixels = np.stack([*np.meshgrid(*along, indexing="ij")[::-1], np.ones(size[2:])], -1).astype(theta.array.dtype)
    base = made(pixels.reshape(-1, dims + 1), None)
    return (base @ theta.mT).reshape(theta.shape[0], *size[2:], dims)


# ------------------------------------------------------------------ where in the image a place is


def pixels(place, n, corners):
    """A place in [-1, 1] as a distance in pixels from the centre of the first."""
    return (place + 1) * ((n - 1) / 2) if corners else ((place + 1) * n - 1) / 2


def mirrored(at, n, corners):
    """A distance folded into the image at its edges: at the outermost centres, or half a pixel without."""
    low, span = (0.0, n - 1) if corners else (-0.5, n)
    if not span:
        return at * 0
    away = (at - low).abs()
    turns = np.floor(away.array / span)
    rest = away - made(turns * span, None)
    return where(made(turns % 2 == 0, None), rest, span - rest) + low


def clipped(at, n):
    """A distance no further than the outermost centres, where its slope is 0."""
    inside = (at.array > 0) & (at.array < n - 1)
    return where(made(inside, None), at, made(np.clip(at.array, 0, n - 1), None))


def within(at, n, padding_mode, corners):
    if padding_mode == "zeros":
        return at
    return clipped(mirrored(at, n, corners) if padding_mode == "reflection" else at, n)


# ------------------------------------------------------------------ what is there


def nearest(at, n, pad):
    """[(pixel, weight)]: the pixel in which the place lies."""
    return [(np.rint(pad(at).array), None)]


def bilinear(at, n, pad):
    """[(pixel, weight)]: the two neighbours."""
    at = pad(at)
    low = np.floor(at.array)
    t = at - made(low, None)
    return [(low, 1 - t), (low + 1, t)]


def bicubic(at, n, pad):
    """[(pixel, weight)]: the four neighbours, each brought back into the image on its own."""
    low = np.floor(at.array)
    weights = keys(at - made(low, None))
    return [(pad(made(low + i, None)).array, w) for i, w in zip((-1, 0, 1, 2), weights)]


MODES = {"bilinear": bilinear, "nearest": nearest, "bicubic": bicubic}


@composed(places="nn.functional")
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """out[n, c, i, j] = Σ w(pixel) · input[n, c, pixel] over the pixels around the place grid[n, i, j] = (x, y).

    Those of `mode`: two along each dim, weighted by their nearness, four, or the nearest. What lies outside is 0, or the
    pixel at the border, or the image's mirror image. (N, C, D, H, W) is read at places (x, y, z).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html"""
    if mode not in MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got:"
            f" '{padding_mode}'"
        )
    if align_corners is None:
        warn(UNSURE)
    check(input, grid, mode)
    size, found = input.shape[2:], 0
    ways = []
    for dim, n in enumerate(size):
        at = pixels(grid[..., len(size) - 1 - dim], n, align_corners)
        ways.append(MODES[mode](at, n, lambda x, n=n: within(x, n, padding_mode, align_corners)))
    for corner in product(*ways):
        found = found + read(input, [place for place, _ in corner], [w for _, w in corner])
    return found


def read(input, places, weights):
    """The product of the weights times the pixel at these places, (N, *out) along each dim, for each channel; 0 outside."""
    n, c, *size = input.shape
    inside, flat = True, 0
    for place, length in zip(places, size):
        inside = inside & (place >= 0) & (place < length)
        flat = flat * length + np.clip(np.nan_to_num(place), 0, length - 1).astype(np.int64)
    first = np.arange(n * c).reshape(n, c, *[1] * len(size)) * prod(size)
    values = getitem(input.reshape(-1), (first + flat[:, None],))
    mask = inside.astype(input.array.dtype)
    weight = prod([w for w in weights if w is not None], start=made(mask, None))
    return values * weight.unsqueeze(1)


def check(input, grid, mode):
    """Raise torch's error where the two do not fit."""
    dims = input.array.ndim - 2
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"grid_sampler(): expected input and grid to have same dtype, but input has {input.dtype} and grid has {grid.dtype}"
        )
    if dims not in (2, 3) or grid.array.ndim != dims + 2:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes"
            f" {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes"
            f" {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != dims:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {dims} in last dimension, but got grid with sizes {list(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {list(input.shape)}"
        )
    if mode == "bicubic" and dims == 3:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
