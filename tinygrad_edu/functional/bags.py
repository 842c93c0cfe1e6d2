"""Bags of embeddings: rows of a table, summed, averaged or compared bag by bag."""

import numpy as np

from ..compose import composed
from ..ops.index import getitem, put
from ..ops.piecewise import where
from ..tensor import made
from ..users import warn
from .embeddings import embedding_of, numbers, shorten


@composed(places="nn.functional")
def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """The sum, mean or maximum of weight[i] over the row numbers i of each bag; 0 for an empty one.

    A bag is a row of `input`, or what lies between two `offsets` in a vector. The row `padding_idx` is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html"""
    if weight.array.dtype == np.int64 and input.is_floating_point():
        warn("Argument order of nn.functional.embedding_bag was changed: it is embedding_bag(input, weight, ...)")
        input, weight = weight, input
    refuse(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights)
    rows = len(weight.array)
    index = numbers(input, rows).reshape(-1)
    if input.array.ndim == 2:
        starts = np.arange(len(input.array)) * input.shape[1]
    else:
        starts = offsets.array
        if starts.size and (starts[0] != 0 or starts[-1] > index.size):
            raise RuntimeError(
                f"offsets[0] has to be 0, and offsets[-1] at most the number of indices, {index.size}: they are {starts[0]}"
                f" and {starts[-1]}"
            )
        if include_last_offset and not starts.size:
            raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if max_norm is not None:
        shorten(weight, index, max_norm, norm_type)
    padding = -1 if padding_idx is None else padding_idx % rows
    x = embedding_of(weight, made(index, None), padding, scale_grad_by_freq)
    if per_sample_weights is not None:
        x = x * per_sample_weights.reshape(-1, 1)
    at = np.arange(index.size)
    heard = index != padding
    if include_last_offset and input.array.ndim == 1:
        heard, starts = heard & (at < starts[-1]), starts[:-1]
    bag = np.searchsorted(starts, at, side="right") - 1
    if mode == "max":
        return maxima(x, bag, heard, len(starts))
    size = (len(starts), weight.shape[1])
    sums = put(getitem(x, (np.nonzero(heard)[0],)), size, (bag[heard],))
    if mode == "sum":
        return sums
    counts = np.maximum(1, np.bincount(bag[heard], minlength=len(starts)))
    return sums / made(counts.astype(x.array.dtype)[:, None], None)


def maxima(x, bag, heard, bags):
    """The largest of each column of each bag, which alone hears the gradient; 0 for an empty bag."""
    at = np.zeros((bags, x.shape[1]), np.int64)
    if not len(x.array):
        return put(x, at.shape, (bag,))
    empty = np.ones((bags, 1), bool)
    for k in range(bags):
        members = np.nonzero((bag == k) & heard)[0]
        if members.size:
            at[k], empty[k] = members[x.array[members].argmax(0)], False
    return where(made(empty, None), 0, getitem(x, (at, np.arange(x.shape[1]))))


def refuse(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights):
    """torch's errors."""
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({list(per_sample_weights.shape)}) is not None, then it must have the same"
            f" shape as the input ({list(input.shape)})"
        )
    if weight.array.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.array.ndim}")
    if input.array.ndim not in (1, 2):
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.array.ndim}")
    if input.array.ndim == 2 and offsets is not None:
        raise ValueError("if input is 2D, then offsets has to be None: each row is a bag")
    if input.array.ndim == 1 and (offsets is None or offsets.array.ndim != 1):
        raise ValueError("offsets has to be a 1D Tensor" + (" but got None" if offsets is None else ""))
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max, not {mode}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if sparse:
        raise NotImplementedError("embedding_bag: there are no sparse gradients here; leave sparse=False")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            f"embedding_bag: per_sample_weights is only supported for mode='sum' (got mode='{mode}')"
        )
