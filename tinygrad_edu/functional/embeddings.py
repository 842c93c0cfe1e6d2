"""Numbers of things as vectors: rows of a table, or ones among zeros."""

import numpy as np

from ..compose import composed
from ..dtype import int64
from ..memory import wrote
from ..ops.embedding import lookup
from ..tensor import Tensor, made


@composed(places="nn.functional")
def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """weight[input], for row numbers of any shape; the row `padding_idx` hears no gradient.

    With `max_norm`, rows that are longer are first shortened, in place; with `scale_grad_by_freq`, a row's gradient is
    divided by how often it was read. https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html"""
    if not isinstance(weight, Tensor):
        raise TypeError(f"embedding(): argument 'weight' (position 2) must be Tensor, not {type(weight).__name__}")
    rows = len(weight.array) if weight.array.ndim else 0
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise AssertionError(f"Padding_idx must be within num_embeddings: {padding_idx} of {rows}")
    if max_norm is not None:
        shorten(weight, numbers(input, rows), max_norm, norm_type)
    padding_idx = -1 if padding_idx is None else padding_idx % rows
    return embedding_of(weight, input, padding_idx, scale_grad_by_freq, sparse)


@composed(places="torch", name="embedding")
def embedding_of(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """nn.functional.embedding, with the table first."""
    if not isinstance(weight, Tensor) or not isinstance(indices, Tensor):
        raise TypeError("embedding(): the table and the row numbers must be Tensors")
    if weight.array.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D, and has shape {list(weight.shape)}")
    if sparse:
        raise NotImplementedError("embedding: there are no sparse gradients here; leave sparse=False")
    index, share = numbers(indices, len(weight.array)), None
    if scale_grad_by_freq:
        _, at, counts = np.unique(index, return_inverse=True, return_counts=True)
        share = (1 / counts).astype(weight.array.dtype)[at].reshape(*index.shape, 1)
    if padding_idx >= 0:
        heard = (index != padding_idx)[..., None]
        share = heard.astype(weight.array.dtype) if share is None else share * heard
    return lookup(weight, index=index, share=share)


def numbers(indices, rows):
    """The row numbers as an array of their own, which no later write can reach."""
    if indices.array.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got"
            f" {indices.dtype} instead"
        )
    index = indices.array.copy()
    if index.size and not 0 <= index.min() <= index.max() < rows:
        raise IndexError(
            f"index out of range in self: the table has {rows} rows, and is asked for {index.min()} to {index.max()}"
        )
    return index


def shorten(weight, index, max_norm, norm_type):
    """Overwrite the rows that will be read and are too long with ones of length max_norm."""
    rows = np.unique(index)
    lengths = np.linalg.norm(weight.array[rows], norm_type, 1, keepdims=True)
    long = lengths[:, 0] > max_norm
    weight.array[rows[long]] *= (max_norm / (lengths[long] + 1e-7)).astype(weight.array.dtype)
    wrote(weight)


@composed(places="nn.functional")
def one_hot(tensor, num_classes=-1):
    """1 at each class number along a new last dim, 0 elsewhere; as many classes as the numbers need, if not said."""
    if tensor.dtype is not int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, and not of {tensor.dtype}")
    classes = tensor.array
    if classes.size and classes.min() < 0:
        raise RuntimeError(f"Class values must be non-negative, and one is {classes.min()}")
    if num_classes == -1:
        if not classes.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor: say num_classes=")
        num_classes = int(classes.max()) + 1
    if num_classes < 1 and not classes.size:
        raise RuntimeError(f"num_classes should be positive, and is {num_classes}")
    if classes.size and classes.max() >= num_classes:
        raise RuntimeError(f"Class values must be smaller than num_classes: {classes.max()} is not below {num_classes}")
    return made((classes[..., None] == np.arange(num_classes)).astype(np.int64), None)
