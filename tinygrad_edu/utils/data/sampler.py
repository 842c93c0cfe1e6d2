"""The order of the items: first to last, or at random as torch draws it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from ... import random
from ...data import as_tensor
from ...dtype import float64
from ...generator import Generator
from ...random import multinomial, randint, randperm
from ...tensor import Tensor

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """An order of item numbers, or of batches of them: subclasses define `__iter__`, and `__len__` if they know it.

    >>> import tinygrad_edu as tg
    >>> class Shortest(tg.utils.data.Sampler[int]):
    ...     def __init__(self, texts):
    ...         self.texts = texts
    ...     def __iter__(self):
    ...         return iter(sorted(range(len(self.texts)), key=lambda i: len(self.texts[i])))
    >>> words = ["three", "a", "to"]
    >>> list(tg.utils.data.DataLoader(words, batch_size=2, sampler=Shortest(words)))
    [['a', 'to'], ['three']]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class SequentialSampler(Sampler[int]):
    """First to last."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


def positive(name, n):
    if not isinstance(n, int) or isinstance(n, bool) or n <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={n}")
    return n


class RandomSampler(Sampler[int]):
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
        positive("num_samples", self.num_samples)

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
            if left := wanted % n:
                yield from randperm(n, generator=generator).tolist()[:left]
            else:
                generator.words32(n - 1)  # torch draws one order more, of which it takes nothing

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """These items, in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in randperm(len(self.indices), generator=self.generator).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
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
        self.num_samples, self.replacement, self.generator = (
            positive("num_samples", num_samples),
            replacement,
            generator,
        )
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


class BatchSampler(Sampler[list[int]]):
    """What a sampler gives, `batch_size` at a time, in lists; without the last one, where it is short, under drop_last.

    >>> import tinygrad_edu as tg
    >>> list(tg.utils.data.BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, positive("batch_size", batch_size), drop_last

    def __iter__(self) -> Iterator[list[int]]:
        rest = iter(self.sampler)
        while batch := list(islice(rest, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
