"""Joining items into a batch, and converting one: torch's result for everything that items are made of."""

from collections import OrderedDict, UserDict, UserList, deque, namedtuple
from types import MappingProxyType

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.utils.data import DataLoader, TensorDataset, default_collate

Pair = namedtuple("Pair", "x y")


class Tagged(dict):
    tag = None


class Stubborn(list):
    def __setitem__(self, i, value):
        raise TypeError("nothing here can be changed")


def shown(x):
    """A thing and its kind, comparable between engines."""
    if hasattr(x, "requires_grad"):
        return str(x.dtype), x.tolist()
    if isinstance(x, (dict, UserDict, MappingProxyType)):
        return type(x), getattr(x, "tag", None), [(key, shown(value)) for key, value in x.items()]
    if isinstance(x, (list, tuple, UserList, deque)):
        return type(x), [shown(part) for part in x]
    return type(x), repr(x) if isinstance(x, (int, float, str, bytes)) else None


def tagged():
    d = Tagged(a=1)
    d.tag = "kept"
    return d


BATCHES = {
    "tensors": lambda e: [e.ones(2), e.zeros(2)],
    "0-d tensors": lambda e: [e.tensor(1), e.tensor(2)],
    "arrays": lambda e: [np.ones(2), np.zeros(2)],
    "arrays of float32": lambda e: [np.ones((1, 2), np.float32)] * 3,
    "NumPy's numbers": lambda e: [np.float32(1.5), np.float32(2)],
    "NumPy's doubles": lambda e: [np.float64(1.5), np.float64(2)],
    "NumPy's integers": lambda e: [np.int16(1), np.int16(2)],
    "NumPy's truths": lambda e: [np.bool_(True), np.bool_(False)],
    "floats": lambda e: [1.5, 2],
    "ints": lambda e: [1, 2],
    "bools": lambda e: [True, False],
    "text": lambda e: ["a", "bc"],
    "a tuple of text": lambda e: ("a", "bc"),
    "bytes": lambda e: [b"a", b"bc"],
    "tuples": lambda e: [(1, 2.0), (3, 4.0)],
    "lists": lambda e: [[1, "a"], [3, "b"]],
    "namedtuples": lambda e: [Pair(1, (2, 3)), Pair(4, (5, 6))],
    "dicts": lambda e: [{"a": 1, "b": [1, 2]}, {"b": [3, 4], "a": 5, "c": 6}],
    "ordered dicts": lambda e: [OrderedDict(b=1, a=2)] * 2,
    "a dict with a tag": lambda e: [tagged(), {"a": 2}],
    "user dicts": lambda e: [UserDict(a=1), UserDict(a=2)],
    "a mapping that cannot change": lambda e: [MappingProxyType({"a": 1})] * 2,
    "user lists": lambda e: [UserList([1, 2])] * 2,
    "a deque": lambda e: [deque([1, 2])] * 2,
    "a list that cannot change": lambda e: [Stubborn([1, 2])] * 2,
    "ranges": lambda e: [range(2), range(2)],
    "deep": lambda e: [{"a": [(np.ones(1), {"b": e.ones(2)})]}] * 2,
    "lists of unequal length": lambda e: [[1, 2], [3]],
    "tensors of unequal shape": lambda e: [e.ones(2), e.ones(3)],
    "a key that is missing": lambda e: [{"a": 1}, {"b": 1}],
    "None": lambda e: [None, None],
    "an object": lambda e: [{"a": object()}],
    "arrays of text": lambda e: [np.array(["a"])] * 2,
    "arrays of objects": lambda e: [np.array([None])] * 2,
    "no items": lambda e: [],
}


@pytest.mark.parametrize("function", ["default_collate", "default_convert"])
@pytest.mark.parametrize("name", BATCHES)
def test_the_result_is_torchs(name, function, torch):
    seen = []
    for engine in (tg, torch):
        items = BATCHES[name](engine)
        try:
            seen.append(shown(getattr(engine.utils.data, function)(items)))
        except Exception as error:
            seen.append(type(error))
    assert seen[0] == seen[1]


def test_a_type_of_ones_own_is_collated_by_its_own_function(torch):
    class Molecule:
        def __init__(self, atoms):
            self.atoms = atoms

    def collate_molecules(batch, *, collate_fn_map=None):
        return [molecule.atoms for molecule in batch]

    for engine in (tg, torch):
        collate = engine.utils.data._utils.collate
        functions = {Molecule: collate_molecules, **collate.default_collate_fn_map}
        batch = [(Molecule(2), 1), (Molecule(3), 2)]
        atoms, numbers = collate.collate(batch, collate_fn_map=functions)
        assert (atoms, numbers.tolist()) == ([2, 3], [1, 2])


def test_the_step_that_takes_rows_at_once_gives_way_to_another_function(monkeypatch):
    functions = tg.utils.data._utils.collate.default_collate_fn_map
    dataset = TensorDataset(tg.arange(4))
    monkeypatch.setitem(functions, tg.Tensor, lambda batch, *, collate_fn_map=None: "mine")
    assert list(DataLoader(dataset, batch_size=2)) == [["mine"], ["mine"]]


@pytest.mark.parametrize("indices", [[-1, 0], [tg.tensor(2), 0], (1, 2)], ids=str)
def test_rows_at_once_are_the_items_stacked(indices):
    dataset = TensorDataset(tg.arange(6).reshape(3, 2), tg.arange(3.0))
    (batch,) = DataLoader(dataset, batch_sampler=[indices])
    assert [part.tolist() for part in batch] == [
        part.tolist() for part in default_collate([dataset[i] for i in indices])
    ]
    part = tg.utils.data.Subset(dataset, [2, 1, 0])
    (batch,) = DataLoader(part, batch_sampler=[indices])
    assert [p.tolist() for p in batch] == [p.tolist() for p in default_collate([part[int(i)] for i in indices])]


def test_import_paths_are_torchs(torch):
    for path in [
        "dataloader.default_collate",
        "dataloader.default_convert",
        "dataloader.get_worker_info",
        "dataloader.DataLoader",
        "dataset.Dataset",
        "dataset.random_split",
        "sampler.Sampler",
        "distributed.DistributedSampler",
        "_utils.collate.default_collate",
        "_utils.collate.collate",
        "_utils.worker.get_worker_info",
        "_utils.fetch._MapDatasetFetcher",
    ]:
        for engine in (tg, torch):
            here = engine.utils.data
            for name in path.split("."):
                here = getattr(here, name)
