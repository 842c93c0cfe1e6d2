"""Many items become one batch: what is alike in them is stacked, however deep it lies in tuples, lists and dicts."""

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ....data import as_tensor, finished, tensor
from ....dtype import float64
from ....functional.joining import stack
from ....tensor import Tensor

TEXT_OR_OBJECTS = "SaUO"  # NumPy's kinds of arrays that no tensor can hold
default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def mapping_like(original, entries):
    """A mapping of the original's type with these entries; a dict, where such a one cannot be made of them."""
    try:
        if isinstance(original, MutableMapping):
            clone = copy.copy(original)  # which keeps what else its author gave it
            clone.update(entries)
            return clone
        return type(original)(entries)
    except TypeError:
        return entries


def sequence_like(original, entries):
    """A sequence of the original's type with these entries; a list, where such a one cannot be made of them."""
    try:
        if isinstance(original, MutableSequence):
            clone = copy.copy(original)
            for i, entry in enumerate(entries):
                clone[i] = entry
            return clone
        return type(original)(entries)
    except TypeError:
        return entries


# ------------------------------------------------------------------ one item


def default_convert(data):
    """One item, with its arrays made tensors: what a DataLoader does that makes no batches.

    >>> import numpy as np
    >>> from tinygrad_edu.utils.data import default_convert
    >>> default_convert({"x": np.ones(2), "name": "a"})
    {'x': tensor([1., 1.], dtype=torch.float64), 'name': 'a'}
    """
    if isinstance(data, (Tensor, str, bytes)):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in TEXT_OR_OBJECTS else as_tensor(data)
    if isinstance(data, Mapping):
        return mapping_like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        parts = map(default_convert, data)
        return type(data)(*parts) if hasattr(data, "_fields") else list(parts)
    if isinstance(data, Sequence):
        return sequence_like(data, [default_convert(entry) for entry in data])
    return data


# ------------------------------------------------------------------ many


def default_collate(batch):
    """One batch of many items: tensors, arrays and numbers stacked; tuples, lists and dicts entry by entry; text as it is.

    For a type of your own, put a function into `default_collate_fn_map`, which tells what is done with each.
    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate

    >>> from tinygrad_edu.utils.data import default_collate
    >>> default_collate([(1, {"x": 0.5, "name": "a"}), (2, {"x": 1.5, "name": "b"})])
    [tensor([1, 2]), {'x': tensor([0.5000, 1.5000], dtype=torch.float64), 'name': ['a', 'b']}]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: dict[Any, Callable[..., Any]] | None = None) -> Any:
    """`default_collate` with another map: {type, or tuple of types: function(batch, *, collate_fn_map)}."""
    first, functions = batch[0], collate_fn_map or {}
    if type(first) in functions:
        return functions[type(first)](batch, collate_fn_map=collate_fn_map)
    for types, function in functions.items():
        if isinstance(first, types):
            return function(batch, collate_fn_map=collate_fn_map)

    def column(entries):
        return collate(entries, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return mapping_like(first, {key: column([item[key] for item in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(column, zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [column(entries) for entries in zip(*batch)]
        return columns if isinstance(first, tuple) else sequence_like(first, columns)
    raise TypeError(default_collate_err_msg_format.format(type(first)))


def collate_tensor_fn(batch, *, collate_fn_map=None):
    arrays = [t.array for t in batch if t.node is None]
    shape, d = batch[0].array.shape, batch[0].array.dtype
    if len(arrays) < len(batch) or not shape or any(a.shape != shape or a.dtype is not d for a in arrays):
        return stack(batch, 0)
    return finished(
        np.concatenate(arrays).reshape(len(arrays), *shape), False
    )  # the same, where no gradient flows, but faster


def collate_numpy_array_fn(batch, *, collate_fn_map=None):
    if batch[0].dtype.kind in TEXT_OR_OBJECTS:
        raise TypeError(default_collate_err_msg_format.format(batch[0].dtype))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch, *, collate_fn_map=None):
    return as_tensor(batch)


def collate_float_fn(batch, *, collate_fn_map=None):
    return tensor(batch, dtype=float64)


def collate_int_fn(batch, *, collate_fn_map=None):
    array = np.array(batch)
    return finished(array, False) if array.dtype in (np.int64, np.bool_) else tensor(batch)


def collate_str_fn(batch, *, collate_fn_map=None):
    return batch


default_collate_fn_map: dict[Any, Callable[..., Any]] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
