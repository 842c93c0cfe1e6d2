"""From what the sampler gives to a batch: by number, or as many items as come next."""

from itertools import islice

from ....tensor import Tensor
from ..dataset import Subset, TensorDataset, items
from . import collate


class _MapDatasetFetcher:
    """Looks up the items with the numbers that it is given."""

    def __init__(self, dataset, auto_collation, collate_fn, drop_last):
        self.dataset, self.auto_collation, self.collate_fn = dataset, auto_collation, collate_fn

    def fetch(self, index):
        if not self.auto_collation:
            return self.collate_fn(self.dataset[index])
        if self.collate_fn is collate.default_collate:
            columns = rows(self.dataset, index)
            if columns is not None:
                return columns
        return self.collate_fn(items(self.dataset, index))


def rows(dataset, indices):
    """A batch of a TensorDataset, or of a Subset of one, in one step: the same as its items, stacked. Else None."""
    if type(dataset) is Subset:
        return rows(dataset.dataset, [dataset.indices[i] for i in indices])
    if type(dataset) is not TensorDataset or any(type(i) is not int for i in indices):
        return None
    if collate.default_collate_fn_map.get(Tensor) is not collate.collate_tensor_fn:
        return None
    return [t[[*indices]] for t in dataset.tensors]


class _IterableDatasetFetcher:
    """Takes the next items, as many as it is given numbers; StopIteration where no batch can be made any more."""

    def __init__(self, dataset, auto_collation, collate_fn, drop_last):
        self.rest, self.auto_collation, self.collate_fn = iter(dataset), auto_collation, collate_fn
        self.drop_last, self.ended = drop_last, False

    def fetch(self, index):
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.rest))
        batch = list(islice(self.rest, len(index)))
        self.ended = len(batch) < len(index)
        if not batch or (self.ended and self.drop_last):
            raise StopIteration
        return self.collate_fn(batch)
