"""Unpooling: maxima put back to where they came from, and 0 everywhere else."""

from math import prod

import numpy as np

from ..compose import composed
from ..ops.scatter import put_back
from .spatial import ints


def unpool(name, dims, input, indices, kernel_size, stride, padding, output_size):
    kernel = ints(name, "kernel_size", kernel_size, dims)
    stride = kernel if stride in (None, (), []) else ints(name, "stride", stride, dims)
    padding = ints(name, "padding", padding, dims)
    least = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(input.shape[-dims:], stride, kernel, padding)]
    out = tuple(least if output_size is None else output_size)
    out = out[2:] if len(out) == dims + 2 else out
    if len(out) != dims:
        raise ValueError(
            f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of '{len(out)}'"
        )
    for d, (n, m, s) in enumerate(zip(out, least, stride)):
        if not m - s < n < m + s:
            raise ValueError(f'invalid output_size "{out}" (dim {d} must be between {m - s} and {m + s})')
        if n < 0:
            raise ValueError(f"max_unpooling: output_size must contain non-negative spatial dimensions, but got {out}")
    if indices.array.dtype != np.int64:
        raise RuntimeError(f"elements in indices should be type int64 but got: {indices.dtype}")
    if input.array.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to {name} should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with {input.array.ndim} dims"
        )
    if indices.shape != input.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got indices tensor"
            f" with shape: {list(indices.shape)}"
        )
    if indices.array.size and not 0 <= indices.array.min() <= indices.array.max() < prod(out):
        raise RuntimeError(
            f"Found an invalid max index: the places must lie in an output of size {out}, and reach {indices.array.max()}"
        )
    lead = input.shape[: input.array.ndim - dims]
    rows = (prod(lead), prod(input.shape[len(lead) :]))
    return put_back(input.reshape(rows), indices.reshape(rows), prod(out)).reshape(*lead, *out)


@composed(places="nn.functional")
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """out[indices] = input, 0 elsewhere: the way back from what max_pool1d with `return_indices` found in (N, C, L).

    Several lengths are pooled to one: `output_size` says which it was.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html"""
    return unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@composed(places="nn.functional")
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """max_unpool1d for (N, C, H, W)."""
    return unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@composed(places="nn.functional")
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """max_unpool1d for (N, C, D, H, W)."""
    return unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
