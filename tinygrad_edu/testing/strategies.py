"""Hypothesis strategies for what a tensor is made of: shapes, indices, numbers. (NumPy's come with Hypothesis; these add torch's part.)"""

from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

# In the order in which a failing example tries them. All are exact in float16, and their text is their value.
NICE = (0.0, 1.0, 2.0, -1.0, 3.0, 0.5, -2.0, -0.5, 1.5, -3.0, 0.25, -1.5, 2.5, -0.25, 4.0, 0.125)
NUMBERS = st.sampled_from(NICE)


def shapes(
    *, min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 4
) -> SearchStrategy[tuple[int, ...]]:
    """Shapes of tensors, () and, unless min_side > 0, empty ones among them."""
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable(
    n: int, *, base: tuple[int, ...] = (), max_dims: int = 3, min_side: int = 0, max_side: int = 4
) -> SearchStrategy[tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]]:
    """(n shapes, result): the shapes broadcast with each other and with `base`, and the result is what all of them become.

    >>> from tinygrad_edu.testing import broadcastable
    >>> broadcastable(2, max_dims=2).example()  # doctest: +SKIP
    (((3, 1), (2,)), (3, 2))
    """
    return hnp.mutually_broadcastable_shapes(
        num_shapes=n, base_shape=base, max_dims=max_dims, min_side=min_side, max_side=max_side
    ).map(lambda drawn: (drawn.input_shapes, drawn.result_shape))


@st.composite
def indices(draw: Any, shape: tuple[int, ...], *, arrays: bool = True, newaxis: bool = True) -> Any:
    """What x[...] takes for an x of this shape: numbers, slices with positive steps, None, ..., and any mix of them in a tuple.

    With `arrays` also lists of numbers and masks, each for one axis, or one mask for all of x."""
    if arrays and shape and draw(st.integers(0, 7)) == 7:
        return draw(hnp.arrays(bool, shape))
    basic = draw(hnp.basic_indices(shape, allow_newaxis=newaxis, allow_ellipsis=True))  # type: ignore[call-overload]
    items = [forward(item) for item in (basic if isinstance(basic, tuple) else (basic,))]
    if arrays and draw(st.booleans()):
        length = draw(st.integers(1, 3))
        for place, axis in axes_of(items, len(shape)):
            if shape[axis] and draw(st.booleans()):
                items[place] = draw(chosen(shape[axis], length))
    return tuple(items) if len(items) != 1 or draw(st.booleans()) else items[0]


def forward(item):
    """torch has no slices that run backwards."""
    backward = isinstance(item, slice) and item.step is not None and item.step < 0
    return slice(item.stop, item.start, -item.step) if backward else item


def axes_of(items, ndim):
    """(place in the index, axis of the tensor) for what takes an axis: all but None and ..."""
    taking = sum(item is not None and item is not Ellipsis for item in items)
    axis = 0
    for place, item in enumerate(items):
        if item is Ellipsis:
            axis += ndim - taking
        elif item is not None:
            yield place, axis
            axis += 1


def chosen(n, length):
    """`length` of n places: a list of numbers, of which some may be negative or equal, or a mask."""
    numbers = st.lists(st.integers(-n, n - 1), min_size=length, max_size=length)
    if length > n:
        return numbers
    masks = st.permutations([True] * length + [False] * (n - length))
    return numbers | masks.map(np.array)


@st.composite
def tensors(
    draw: Any,
    *,
    dtype: Any = "float64",
    shape: Any = None,
    elements: SearchStrategy | None = None,
    requires_grad: bool | SearchStrategy[bool] = False,
    torch: ModuleType | str | None = "tinygrad_edu",
) -> Any:
    """Tensors of small numbers: multiples of 1/8, which every floating dtype holds, and a printed program too.

    `dtype` (torch's name or object, ours or NumPy's), `shape` and `requires_grad` may be strategies. `torch` is the namespace
    whose `tensor` makes them, such as the real torch; None gives arrays.

    >>> from tinygrad_edu.testing import tensors
    >>> tensors(shape=(2,), requires_grad=True).example()  # doctest: +SKIP
    tensor([0.5000, 2.0000], dtype=torch.float64, requires_grad=True)
    """
    given = lambda value: draw(value) if isinstance(value, SearchStrategy) else value
    dtype, shape, wants = given(dtype), given(shapes() if shape is None else shape), given(requires_grad)
    name = str(getattr(dtype, "name", dtype)).removeprefix("torch.")
    array = draw(hnp.arrays(name, shape, elements=elements_of(np.dtype(name)) if elements is None else elements))
    if torch is None:
        return array
    if isinstance(torch, str):
        from importlib import import_module

        torch = import_module(torch)
    return torch.tensor(array, requires_grad=wants)


def elements_of(dtype):
    """Small numbers of this dtype, the simplest first."""
    if dtype.kind == "f":
        return NUMBERS
    return st.booleans() if dtype.kind == "b" else st.integers(0 if dtype.kind == "u" else -8, 8)
