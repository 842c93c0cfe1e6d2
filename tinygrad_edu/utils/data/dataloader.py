"""Batches: the items of a dataset, so many at a time, joined into tensors."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ... import random
from ...data import as_tensor, tensor
from ...functional.joining import stack
from ...generator import Generator
from ...tensor import Tensor
from .dataset import IterableDataset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler


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
        self.numbered = not isinstance(dataset, IterableDataset)
        if not self.numbered:
            for option, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value is not None:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {option} option, but got"
                        f" {option}={value}: its items come in the order that they come in"
                    )
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
        if not self.numbered:
            sampler = dataset  # which gives the items themselves
        elif sampler is None:
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
            yield from (convert(self.dataset[i] if self.numbered else i) for i in self.sampler)
        elif type(self.dataset) is TensorDataset and self.collate_fn is None:
            for indices in self.batch_sampler:  # the same as stacking items, in one step
                yield [t[indices] for t in self.dataset.tensors]
        else:
            collate = self.collate_fn or default_collate
            yield from (collate(self.items(indices)) for indices in self.batch_sampler)

    def items(self, indices):
        """The items of a batch."""
        if not self.numbered:
            return indices
        several = getattr(self.dataset, "__getitems__", None)
        return several(indices) if callable(several) else [self.dataset[i] for i in indices]

    def __len__(self):
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
