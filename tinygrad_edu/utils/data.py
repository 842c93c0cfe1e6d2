"""Datasets and their batches, in torch's order: the same seed gives the same shuffles."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import random
from ..creation import as_tensor, tensor
from ..functional import stack
from ..random import Generator
from ..tensor import Tensor


class Dataset:
    """Items by number: subclasses define `__getitem__` and `__len__`."""

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")


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


# ------------------------------------------------------------------ the order of the items


class Sampler:
    """An order of item numbers: subclasses define `__iter__`."""


class SequentialSampler(Sampler):
    """First to last."""

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """All items in random order, as torch draws it: from `generator`, or one seeded from the default generator."""

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        if replacement or num_samples is not None:
            raise NotImplementedError(
                "RandomSampler draws every item once; replacement and num_samples are not here yet"
            )
        if not len(data_source):
            raise ValueError(
                "num_samples should be a positive integer value, but got num_samples=0: the dataset is empty"
            )
        self.data_source, self.generator = data_source, generator

    def __iter__(self):
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(random.default_generator.integer63())
        yield from generator.permutation(len(self.data_source)).tolist()
        generator.permutation(len(self.data_source))  # torch draws once more for a remainder, which is empty

    def __len__(self):
        return len(self.data_source)


class BatchSampler(Sampler):
    """The items of a sampler, `batch_size` at a time."""

    def __init__(self, sampler, batch_size, drop_last):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self):
        whole = len(self.sampler) / self.batch_size
        return math.floor(whole) if self.drop_last else math.ceil(whole)


# ------------------------------------------------------------------ batches


def default_collate(batch):
    """One batch of many items: tensors and arrays stacked, numbers made tensors, tuples and dicts entry by entry."""
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch)
    if isinstance(first, np.ndarray):
        return stack([as_tensor(b) for b in batch])
    if isinstance(first, (bool, int, np.generic)):
        return tensor(np.array(batch))
    if isinstance(first, float):
        return tensor(np.array(batch, np.float64))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return type(first)({key: default_collate([b[key] for b in batch]) for key in first})
    if isinstance(first, (tuple, list)):
        if any(len(b) != len(first) for b in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        parts = [default_collate(part) for part in zip(*batch)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {type(first)}"
    )


class DataLoader:
    """Batches of a dataset, in order or shuffled anew each epoch.

    Draws what torch's draws from the default generator, or from `generator`: a seed for workers, then the order.
    Everything happens in this process.
    https://docs.pytorch.org/docs/stable/data.html

    >>> import tinygrad_edu as tg
    >>> [len(x) for x in tg.utils.data.DataLoader(tg.zeros(5, 2), batch_size=2)]
    [2, 2, 1]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if num_workers:
            raise ValueError(f"num_workers={num_workers}: batches are made in this process only, so it must be 0")
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
        self.dataset, self.generator, self.collate_fn = dataset, generator, collate_fn
        self.num_workers, self.pin_memory, self.timeout, self.worker_init_fn = (
            num_workers,
            pin_memory,
            timeout,
            worker_init_fn,
        )
        if sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler

    def __iter__(self) -> Iterator[Any]:
        (self.generator or random.default_generator).integer63()
        return self.batches()

    def batches(self):
        if self.batch_sampler is None:
            convert = self.collate_fn or (lambda item: item)
            yield from (convert(self.dataset[i]) for i in self.sampler)
        elif type(self.dataset) is TensorDataset and self.collate_fn is None:
            for indices in self.batch_sampler:  # the same as stacking items, in one step
                yield [t[indices] for t in self.dataset.tensors]
        else:
            collate = self.collate_fn or default_collate
            yield from (collate([self.dataset[i] for i in indices]) for indices in self.batch_sampler)

    def __len__(self):
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
