"""Padding: more entries around a tensor, of one value, or of its own."""

import numpy as np

from ..compose import composed
from ..ops.resample import resample
from ..ops.window import constant_pad_nd
from .spatial import one_int


def reflected(n, before, after):
    """Back again from the ends, which come once."""
    at = np.abs(np.arange(-before, n + after))
    return np.where(at < n, at, 2 * (n - 1) - at)


def repeated(n, before, after):
    """The ends again and again."""
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def wrapped(n, before, after):
    """From the other end on, of what is left of it."""
    first, left = max(-before, 0), n + min(before, 0) + min(after, 0)
    return first + np.arange(-max(before, 0), left + max(after, 0)) % left


MODES = {"reflect": reflected, "replicate": repeated, "circular": wrapped}


@composed(places="nn.functional")
def pad(input, pad, mode="constant", value=None):
    """pad = (before, after) entries at the last dim, then at the one before it, ...; negative ones cut.

    They are `value` (0), or the input's own: 'reflect' its numbers in the ends as in mirrors, 'replicate' the ends, or
    go round ('circular'); these are for the last one, two or three dims, if there are one or two more."""
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    pad = tuple(one_int("pad", "pad", n) for n in pad)
    if mode == "constant" or len(pad) % 2 or len(pad) > 2 * input.array.ndim:
        return constant_pad_nd(input, pad, 0 if value is None else filling(value))
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    dims = len(pad) // 2
    if dims not in (1, 2, 3) or input.array.ndim not in (dims + 1, dims + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.array.ndim}D input tensor: non-constant padding is for the"
            " last dim of 2D or 3D, the last two of 3D or 4D, the last three of 4D or 5D input"
        )
    if mode not in MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if mode != "circular" and 0 in input.shape[-dims - 1 :]:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero"
            f" dimensions for input, but got: {list(input.shape)}"
        )
    if mode != "circular" and input.array.dtype.kind == "b":
        raise NotImplementedError(f'"{mode} padding" not implemented for {input.dtype}: convert with .to(torch.uint8)')
    each = list(zip(range(input.array.ndim - 1, -1, -1), pad[::2], pad[1::2]))
    sizes = [input.shape[dim] + before + after for dim, before, after in each]
    if min(sizes) < 0 or (mode != "circular" and not any(sizes)):
        raise RuntimeError(
            f"input of shape {list(input.shape)} is too small for {list(pad)}. Calculated output: {sizes[::-1]}"
        )
    for dim, before, after in each:
        input = padded(input, dim, before, after, mode)
    return input


def filling(value):
    """The number to fill in."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise TypeError(f"pad(): argument 'value' (position 4) must be float, not {type(value).__name__}")
    return value.item() if hasattr(value, "item") else value


def padded(x, dim, before, after, mode):
    """x with so many of its own numbers before and after it, along one dim."""
    n = x.shape[dim]
    if mode == "reflect" and max(before, after) >= n:
        raise RuntimeError(
            "Padding size should be less than the corresponding input dimension, but got: padding"
            f" ({before}, {after}) at dimension {dim} of input {list(x.shape)}"
        )
    if mode == "circular" and max(before, after) > n + min(before, 0) + min(after, 0):
        raise RuntimeError(
            f"Padding value causes wrapping around more than once: ({before}, {after}) at dimension {dim} of size {n}"
        )
    source = MODES[mode](n, before, after)
    return resample(x, len(source), dim, np.arange(len(source)), source, None)
