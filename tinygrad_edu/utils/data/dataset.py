"""Datasets: items by number, or one after the other; parts of them, and several as one."""

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from ...generator import Generator
from ...random import default_generator, randperm
from ...tensor import Tensor

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Items by number: subclasses define `__getitem__` and `__len__`. `Dataset[int]` says what the items are.

    If they define `__getitems__` too, it is handed the numbers of a batch, and gives a list of the items."""

    def __getitem__(self, index) -> T_co:
        raise NotImplementedError(
            f"Subclasses of Dataset should implement __getitem__, and {type(self).__name__} does not"
        )

    def __add__(self, other: "Dataset[T_co]") -> "Dataset[T_co]":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Items one after the other: subclasses define `__iter__`, and `__len__` if they know it.

    Each worker of a DataLoader has a copy: `get_worker_info()` tells it which part of the items to give."""

    def __add__(self, other: Dataset[T_co]) -> "ChainDataset":
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """The i-th item is the i-th row of each tensor.

    >>> import tinygrad_edu as tg
    >>> tg.utils.data.TensorDataset(tg.zeros(3, 2), tg.ones(3))[0]
    (tensor([0., 0.]), tensor(1.))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(t.size(0) != tensors[0].size(0) for t in tensors):
            raise AssertionError(f"Size mismatch between tensors: {[t.size(0) for t in tensors]} rows")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __len__(self):
        return len(self.tensors[0])


def items(dataset, indices):
    """The items with these numbers: all at once where the dataset offers it."""
    several = getattr(dataset, "__getitems__", None)
    return several(indices) if callable(several) else [dataset[i] for i in indices]


class StackDataset(Dataset):
    """The i-th item has the i-th of each dataset: as a tuple, or, where they are given by name, as a dict.

    >>> import tinygrad_edu as tg
    >>> tg.utils.data.StackDataset("abc", [1, 2, 3])[0]
    ('a', 1)
    >>> tg.utils.data.StackDataset(letter="abc", number=[1, 2, 3])[0]
    {'letter': 'a', 'number': 1}
    """

    datasets: tuple | dict

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError(
                "At least one dataset should be passed"
                if not args
                else "Supported either tuple- (via args) or dict- (via kwargs) like input/output, but both types are given"
            )
        self.datasets = args or kwargs
        self._length = len(self.columns()[0])
        if any(len(dataset) != self._length for dataset in self.columns()):
            raise ValueError(f"Size mismatch between datasets: {[len(dataset) for dataset in self.columns()]} items")

    def columns(self):
        return list(self.datasets.values()) if isinstance(self.datasets, dict) else self.datasets

    def row(self, parts):
        return dict(zip(self.datasets, parts)) if isinstance(self.datasets, dict) else tuple(parts)

    def __getitem__(self, index):
        return self.row(dataset[index] for dataset in self.columns())

    def __getitems__(self, indices):
        columns = [items(dataset, indices) for dataset in self.columns()]
        for column in columns:
            if len(column) != len(indices):
                raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(column)}")
        return [self.row(parts) for parts in zip(*columns)]

    def __len__(self):
        return self._length


class ConcatDataset(Dataset[T_co]):
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


class ChainDataset(IterableDataset):
    """The items of the first dataset until it ends, then those of the second, and so on; `a + b` for two of them.

    >>> import tinygrad_edu as tg
    >>> class Count(tg.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(3))
    >>> list(Count() + Count())
    [0, 1, 2, 0, 1, 2]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def chained(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(f"ChainDataset only supports IterableDataset, not {type(dataset).__name__}")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.chained())

    def __len__(self):
        return sum(len(dataset) for dataset in self.chained())


class Subset(Dataset[T_co]):
    """The items of a dataset that `indices` names.

    >>> import tinygrad_edu as tg
    >>> list(tg.utils.data.Subset("abcde", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices
        cls = type(self)
        if cls.__getitem__ is not Subset.__getitem__ and cls.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{cls.__name__} overrides __getitem__ but not __getitems__, by which a DataLoader would pass it by. Add\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices):
        return items(self.dataset, [self.indices[i] for i in indices])

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
