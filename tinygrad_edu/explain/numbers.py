"""Numbers as a page or a terminal shows them: small arrays in full, of large ones the corners."""

from typing import Any

import numpy as np

from ..autograd.node import Parts

FULL = 64  # entries that are all shown
EDGE = 3  # of a larger array, the first and the last of each axis; of one with more axes than two, 1
DIGITS = 6
LINE, NEVER = 78, 10**6  # where a line is broken: a vector's; a matrix's row stays one line


def shown(value: Any, indent: int = 0) -> str:
    """An array's text, its columns aligned, in lines that begin at column `indent`.

    >>> shown(np.array([[0.5, -1.25], [1e-7, 3]]))
    '[[  0.5, -1.25],\\n [1e-07,     3]]'
    >>> shown(np.float32(0.1)), shown(np.arange(100.0))
    ('0.1', '[0, 1, 2, ..., 97, 98, 99]')
    """
    if isinstance(value, Parts):  # gradients of several outputs
        return ", ".join(f"output {i}: {shown(part)}" for i, part in sorted(value.items()))
    array = np.asarray(value)
    if not array.size:
        return f"no entries, of shape {array.shape}"
    if array.ndim == 0:
        return digits(array.item())
    if array.ndim == 2 and array.shape[1] == 1:  # a column takes one line, too
        parts = [f"[{digits(x)}]" for x in corners(array)[:, 0].tolist()]
        parts = [*parts[:EDGE], "...", *parts[-EDGE:]] if array.size > FULL else parts
        return f"[{', '.join(parts)}]"
    width = max(map(len, map(digits, corners(array).ravel().tolist()))) if array.size > array.shape[-1] else 0
    return np.array2string(
        array,
        formatter={"all": lambda x: digits(x).rjust(width)},
        separator=", ",
        threshold=FULL,
        edgeitems=edge(array),
        max_line_width=LINE if array.ndim == 1 else NEVER,
        prefix=" " * indent,
    )


def digits(x: Any) -> str:
    """One number.

    >>> [digits(x) for x in (0.1 + 0.2, 1 / 3, -2.0, True, 7)]
    ['0.3', '0.333333', '-2', 'True', '7']
    """
    return f"{x:.{DIGITS}g}" if isinstance(x, (float, np.floating)) else str(x)


def corners(array: np.ndarray) -> np.ndarray:
    """The entries that are shown."""
    if array.size > FULL:
        for axis, n in enumerate(array.shape):
            if n > 2 * edge(array):
                array = np.take(array, [*range(edge(array)), *range(n - edge(array), n)], axis)
    return array


def edge(array: np.ndarray) -> int:
    return EDGE if array.ndim <= 2 else 1


def shape_text(shape: Any) -> str:
    """A shape in words: "2 × 3", "a number".

    >>> shape_text((2, 3)), shape_text((4,)), shape_text(())
    ('2 × 3', '4', 'a number')
    """
    return " × ".join(map(str, shape)) or "a number"
