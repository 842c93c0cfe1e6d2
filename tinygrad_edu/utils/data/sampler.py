"""The order of the items: first to last, or at random as torch draws it."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ... import random
from ...data import as_tensor
from ...dtype import float64
from ...generator import Generator
from ...random import multinomial, randint, randperm
from ...tensor import Tensor


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


def positive(num_samples):
    if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
        raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
    return num_samples


class RandomSampler(Sampler):
    """Items in random order, each once; or `num_samples` of them, with `replacement` drawn anew each time.

    Draws from `generator`, or from one that is seeded from the default generator at the start of each epoch.

    >>> import tinygrad_edu as tg
    >>> list(tg.utils.data.RandomSampler(range(5), generator=tg.Generator().manual_seed(42)))
    [2, 4, 3, 0, 1]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        positive(self.num_samples)

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(random.default_generator.integer63())
        n, wanted = len(self.data_source), self.num_samples
        if self.replacement:
            for start in range(0, wanted, 32):  # drawn as they are asked for, 32 at a time
                yield from randint(n, (min(32, wanted - start),), generator=generator).tolist()
        else:
            for _ in range(wanted // n):
                yield from randperm(n, generator=generator).tolist()
            yield from randperm(n, generator=generator).tolist()[: wanted % n]  # drawn even if none are left over

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """These items, in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in randperm(len(self.indices), generator=self.generator).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """`num_samples` items, drawn with these weights by `multinomial`; without replacement each at most once."""

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.num_samples, self.replacement, self.generator = positive(num_samples), replacement, generator
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


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
