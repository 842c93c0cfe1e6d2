"""Datasets: items by number, or one after the other; parts of them, and several as one."""

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from ...generator import Generator
from ...random import default_generator, randperm
from ...tensor import Tensor


class Dataset:
    """Items by number: subclasses define `__getitem__` and `__len__`.

    If they define `__getitems__` too, it is handed the numbers of a batch, and gives a list of the items."""

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Items one after the other: subclasses define `__iter__`, and `__len__` if they know it."""


class TensorDataset(Dataset):
    """The i-th item is the i-th row of each tensor.

    >>> import tinygrad_edu as tg
    >>> tg.utils.data.TensorDataset(tg.zeros(3, 2), tg.ones(3))[0]
    (tensor([0., 0.]), tensor(1.))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(len(t) != len(tensors[0]) for t in tensors):
            raise AssertionError(f"Size mismatch between tensors: {[len(t) for t in tensors]} rows")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __len__(self):
        return len(self.tensors[0])


class ConcatDataset(Dataset):
    """The items of the first dataset, then those of the second, and so on; `a + b` for two of them.

    >>> import tinygrad_edu as tg
    >>> both = tg.utils.data.ConcatDataset([[1, 2], [3, 4, 5]])
    >>> len(both), both[2], both[-1]
    (5, 3, 5)
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset, whose items have no numbers")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __getitem__(self, index):
        if index < -len(self):
            raise ValueError(f"absolute value of index should not exceed dataset length {len(self)}, and it is {index}")
        if index < 0:
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self):
        return self.cumulative_sizes[-1]


class Subset(Dataset):
    """The items of a dataset that `indices` names.

    >>> import tinygrad_edu as tg
    >>> list(tg.utils.data.Subset("abcde", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices):
        indices = [self.indices[i] for i in indices]
        several = getattr(self.dataset, "__getitems__", None)
        return several(indices) if callable(several) else [self.dataset[i] for i in indices]

    def __len__(self):
        return len(self.indices)


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = default_generator
) -> list[Subset]:
    """Parts of these lengths, or of these fractions of the whole, which share all items out at random.

    What fractions leave over goes to the first parts, one item each. Raises ValueError where lengths do not sum to
    the dataset's. https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split

    >>> import tinygrad_edu as tg
    >>> parts = tg.utils.data.random_split(range(10), [0.5, 0.25, 0.25], tg.Generator().manual_seed(42))
    >>> [list(part) for part in parts]
    [[2, 6, 1, 8, 4, 5], [0, 9], [3, 7]]
    """
    n = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
        floors = [math.floor(n * fraction) for fraction in lengths]
        rounds, rest = divmod(n - sum(floors), len(floors))
        lengths = [length + rounds + (i < rest) for i, length in enumerate(floors)]
        for i, length in enumerate(lengths):
            if not length:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.",
                    UserWarning,
                    stacklevel=2,
                )
    if sum(lengths) != n:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: {sum(lengths)}, not {n}"
        )
    order = iter(randperm(n, generator=generator).tolist())
    return [Subset(dataset, list(itertools.islice(order, int(length)))) for length in lengths]
