"""Batches: torch's order for torch's seed, torch's collation."""

import pickle
from collections import namedtuple

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.utils.data import Subset


def epochs(engine, n, count=2, own=False, **options):
    """The batches of several epochs, with other draws in between."""
    engine.manual_seed(7)
    dataset = engine.utils.data.TensorDataset(engine.arange(n), engine.arange(n) * 10)
    generator = engine.Generator().manual_seed(3) if own else None
    loader = engine.utils.data.DataLoader(dataset, shuffle=True, generator=generator, **options)
    seen = []
    for _ in range(count):
        seen.append([[part.tolist() for part in batch] for batch in loader])
        seen.append(engine.rand(3).tolist())
    return [len(loader), *seen]


@pytest.mark.parametrize("n", [1, 10, 37, 1000])
@pytest.mark.parametrize("own", [False, True], ids=["default generator", "its own"])
@pytest.mark.parametrize("options", [{"batch_size": 32}, {"batch_size": 4, "drop_last": True}, {}], ids=str)
def test_shuffles_equal_torchs(n, own, options, torch):
    assert epochs(tg, n, own=own, **options) == epochs(torch, n, own=own, **options)


def test_a_loader_left_halfway_draws_as_torchs(torch):
    rest = []
    for engine in (tg, torch):
        engine.manual_seed(1)
        loader = engine.utils.data.DataLoader(list(range(10)), batch_size=3, shuffle=True)
        first = next(iter(loader)).tolist()
        rest.append([first, [b.tolist() for b in loader], engine.rand(2).tolist()])
    assert rest[0] == rest[1]


Pair = namedtuple("Pair", "x y")


class Items(tg.utils.data.Dataset):
    def __getitem__(self, i):
        return {"x": tg.full((2,), float(i)), "y": i, "z": i / 2, "name": f"n{i}", "pair": Pair(i, np.ones(1) * i)}

    def __len__(self):
        return 3


def test_collation_by_kind():
    (batch,) = tg.utils.data.DataLoader(Items(), batch_size=3)
    assert batch["x"].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert batch["y"].dtype is tg.int64
    assert batch["z"].dtype is tg.float64
    assert batch["name"] == ["n0", "n1", "n2"]
    assert isinstance(batch["pair"], Pair)
    assert batch["pair"].y.tolist() == [[0], [1], [2]]


def test_collate_fn_and_samplers_of_ones_own():
    data = tg.utils.data
    loader = data.DataLoader([5, 6, 7], sampler=[2, 0], batch_size=2, collate_fn=sum)
    assert list(loader) == [12]
    loader = data.DataLoader([5, 6, 7], batch_sampler=[[0], [1, 2]])
    assert [b.tolist() for b in loader] == [[5], [6, 7]]
    assert len(loader) == 2
    assert list(data.DataLoader([5, 6], batch_size=None)) == [5, 6]


def test_a_tensor_dataset_in_one_step_equals_stacked_items():
    xs, ys = tg.rand(7, 3), tg.arange(7)
    dataset = tg.utils.data.TensorDataset(xs, ys)
    whole = list(tg.utils.data.DataLoader(dataset, batch_size=3))
    items = list(tg.utils.data.DataLoader(dataset, batch_size=3, collate_fn=tg.utils.data.default_collate))
    for a, b in zip(whole, items):
        assert [p.tolist() for p in a] == [p.tolist() for p in b]
        assert type(a) is type(b) is list


# ------------------------------------------------------------------ parts of datasets, and several as one


class Numbers(tg.utils.data.Dataset):
    def __getitem__(self, i):
        return i * 10

    def __len__(self):
        return 6


class InBatches(Numbers):
    def __getitems__(self, indices):
        return [f"{len(indices)} at once"] * len(indices)


def test_subsets_hand_batches_on():
    data = tg.utils.data
    part = data.Subset(Numbers(), [4, 0, 2])
    assert [part[i] for i in range(len(part))] == [40, 0, 20]
    (batch,) = data.DataLoader(part, batch_size=3)
    assert batch.tolist() == [40, 0, 20]
    of_subset = data.Subset(data.Subset(InBatches(), [5, 4, 3]), [2, 0])
    assert list(data.DataLoader(of_subset, batch_size=2)) == [["2 at once", "2 at once"]]
    rows = data.Subset(data.TensorDataset(tg.arange(4) * 3), [3, 1])
    assert rows[[0, 1]][0].tolist() == [9, 3]


def test_datasets_one_after_the_other():
    both = Numbers() + Subset("ab", [0, 1])
    assert [both[i] for i in range(len(both))] == [0, 10, 20, 30, 40, 50, "a", "b"]
    assert both[-1] == "b"
    assert both[-8] == 0
    assert both.cumulative_sizes == [6, 8]
    with pytest.raises(ValueError, match="should not exceed dataset length 8"):
        both[-9]
    with pytest.raises(IndexError):
        both[8]
    with pytest.raises(AssertionError, match="empty iterable"):
        tg.utils.data.ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        tg.utils.data.ConcatDataset([Stream(), Numbers()])


class Stream(tg.utils.data.IterableDataset):
    def __iter__(self):
        return iter(range(5))


def test_a_dataset_without_numbers_comes_in_its_own_order(torch):
    class TorchStream(torch.utils.data.IterableDataset):
        __iter__ = Stream.__iter__

    for options in ({"batch_size": 2}, {"batch_size": 2, "drop_last": True}, {"batch_size": None}):
        seen = []
        for engine, stream in ((tg, Stream()), (torch, TorchStream())):
            engine.manual_seed(0)
            loader = engine.utils.data.DataLoader(stream, **options)
            seen.append([[np.asarray(b).tolist() for b in loader], engine.rand(2).tolist()])
            with pytest.raises(TypeError):
                len(loader)
        assert seen[0] == seen[1]
    for option in ({"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}):
        with pytest.raises(ValueError, match="expected unspecified"):
            tg.utils.data.DataLoader(Stream(), **option)


def sized(engine, n=5):
    class Sized(engine.utils.data.IterableDataset):
        __len__ = lambda self: n
        __iter__ = lambda self: iter(range(n))

    return Sized()


class Rows:
    """Items that come several at once, as many as it likes."""

    def __init__(self, extra):
        self.extra = extra

    __len__ = lambda self: 3
    __getitem__ = lambda self, i: i
    __getitems__ = lambda self, indices: [0] * (len(indices) + self.extra)


def overrides_getitem(engine):
    class Augmented(engine.utils.data.Subset):
        def __getitem__(self, i):
            return -super().__getitem__(i)

    return Augmented([1, 2], [0])


def set_later(attribute):
    return lambda e: setattr(e.utils.data.DataLoader([1]), attribute, None)


LOADER = {
    "num_workers -1": dict(num_workers=-1),
    "timeout -1": dict(timeout=-1),
    "prefetch_factor without workers": dict(prefetch_factor=2),
    "prefetch_factor -1": dict(num_workers=1, prefetch_factor=-1),
    "persistent without workers": dict(persistent_workers=True),
    "a context without workers": dict(multiprocessing_context="fork"),
    "a context of another name": dict(num_workers=1, multiprocessing_context="threads"),
    "a context that is none": dict(num_workers=1, multiprocessing_context=3),
    "batch_size None and drop_last": dict(batch_size=None, drop_last=True),
    "batch_size 0": dict(batch_size=0),
    "batch_size 1.5": dict(batch_size=1.5),
    "batch_size True": dict(batch_size=True),
    "drop_last 1": dict(drop_last=1),
    "sampler and shuffle": dict(sampler=[0], shuffle=True),
    "batch_sampler and batch_size": dict(batch_sampler=[[0]], batch_size=2),
    "batch_sampler and drop_last": dict(batch_sampler=[[0]], drop_last=True),
    "timeout without workers": dict(timeout=1),
    "an option that there is not": dict(workers=1),
}
REFUSED = {
    **{
        name: lambda e, options=options: iter(e.utils.data.DataLoader([1], **options))
        for name, options in LOADER.items()
    },
    **{f"{name} set later": set_later(name) for name in ("batch_size", "sampler", "dataset", "persistent_workers")},
    "shuffling nothing": lambda e: e.utils.data.DataLoader([], shuffle=True),
    "the length of a sampler that has none": lambda e: len(e.utils.data.DataLoader([1], sampler=iter([0]))),
    "a dataset without items": lambda e: e.utils.data.Dataset()[0],
    "a sampler without an order": lambda e: iter(e.utils.data.Sampler()),
    "tensors of different lengths": lambda e: e.utils.data.TensorDataset(e.ones(2), e.ones(3)),
    "a tensor of none": lambda e: e.utils.data.TensorDataset(e.tensor(1.0)),
    "a stack of nothing": lambda e: e.utils.data.StackDataset(),
    "a stack of both kinds": lambda e: e.utils.data.StackDataset([1], a=[1]),
    "a stack of different lengths": lambda e: e.utils.data.StackDataset([1], [1, 2]),
    "a stack by name of different lengths": lambda e: e.utils.data.StackDataset(a=[1], b=[1, 2]),
    "a stack of too many at once": lambda e: e.utils.data.StackDataset(Rows(1)).__getitems__([0]),
    "a chain of datasets with numbers": lambda e: list(e.utils.data.ChainDataset([sized(e), [1]])),
    "a subset that overrides one of two": overrides_getitem,
    "a rank that is too high": lambda e: e.utils.data.DistributedSampler([1], 2, 2),
    "a rank below 0": lambda e: e.utils.data.DistributedSampler([1], 2, -1),
    "no process group": lambda e: e.utils.data.DistributedSampler([1]),
    "pickling an iterator": lambda e: pickle.dumps(iter(e.utils.data.DataLoader([1]))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    raised = []
    for engine in (tg, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            REFUSED[name](engine)
        raised.append(type(caught.value))
    assert raised[0] is raised[1]


def test_stacks_and_chains_are_torchs(torch):
    seen = []
    for engine in (tg, torch):
        data = engine.utils.data
        stacks = [
            data.StackDataset("abc", [1, 2, 3]),
            data.StackDataset(x=Rows(0), y=data.Subset([4, 5, 6], [2, 1, 0])),
        ]
        chain = sized(engine) + data.ChainDataset([sized(engine, 2)])
        seen.append(
            [
                [[stack[i] for i in range(len(stack))] for stack in stacks],
                [stack.__getitems__([2, 0]) for stack in stacks],
                [list(chain), len(chain), len(data.DataLoader(chain, batch_size=3)), type(chain).__name__],
                [b.tolist() for b in data.DataLoader(chain, batch_size=3, drop_last=True)],
            ]
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
def test_shares_of_several_processes_are_torchs(shuffle, drop_last, promised):
    for n, replicas in ((1, 3), (7, 2), (10, 5), (11, 4)):
        seen = []
        for engine in (tg, promised):
            samplers = [
                engine.utils.data.DistributedSampler(range(n), replicas, rank, shuffle, 3, drop_last)
                for rank in range(replicas)
            ]
            for sampler in samplers:
                sampler.set_epoch(2)
            seen.append([[list(s), len(s), s.total_size] for s in samplers])
        assert seen[0] == seen[1]


def test_loaders_have_torchs_attributes(torch):
    names = [
        "batch_size",
        "drop_last",
        "num_workers",
        "pin_memory",
        "timeout",
        "prefetch_factor",
        "persistent_workers",
        "in_order",
        "worker_init_fn",
        "multiprocessing_context",
        "generator",
        "pin_memory_device",
    ]
    for options in ({}, dict(batch_size=None), dict(batch_sampler=[[0]]), dict(num_workers=1, prefetch_factor=3)):
        ours, theirs = (engine.utils.data.DataLoader([1], **options) for engine in (tg, torch))
        assert [getattr(ours, n) for n in names] == [getattr(theirs, n) for n in names]
        assert ours.collate_fn.__name__ == theirs.collate_fn.__name__
        assert type(ours.sampler).__name__ == type(theirs.sampler).__name__
        assert type(ours.batch_sampler).__name__ == type(theirs.batch_sampler).__name__


def test_pinned_memory_has_no_effect_and_says_so(torch):
    for engine in (tg, torch):
        with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator is found"):
            assert [b.tolist() for b in engine.utils.data.DataLoader([1], pin_memory=True)] == [[1]]


def test_the_sampler_begins_before_the_workers_seed_is_drawn(promised):
    class Eager:
        def __init__(self, engine):
            self.engine = engine

        def __iter__(self):
            return iter(self.engine.randperm(6).tolist())

    for options in ({"batch_size": None}, {"batch_size": 4}):
        seen = []
        for engine in (tg, promised):
            engine.manual_seed(2)
            loader = engine.utils.data.DataLoader(range(6), sampler=Eager(engine), **options)
            seen.append([np.asarray(b).tolist() for b in loader] + engine.rand(1).tolist())
        assert seen[0] == seen[1]


def test_kinds_can_be_said():
    data = tg.utils.data
    for kind in (data.Dataset, data.IterableDataset, data.Sampler, data.DataLoader, data.Subset, data.ConcatDataset):
        assert kind[int].__origin__ is kind


REFUSED_OF_DATA = {
    "lengths that do not sum up": lambda data: data.random_split(range(5), [2, 2]),
    "a negative fraction": lambda data: data.random_split(range(5), [-0.5, 1.5]),
    "a sampler of nothing": lambda data: data.RandomSampler([]),
    "num_samples 0": lambda data: data.RandomSampler([1], num_samples=0),
    "replacement 1": lambda data: data.RandomSampler([1], replacement=1),
    "weights, num_samples True": lambda data: data.WeightedRandomSampler([1], True),
    "weights, replacement 1": lambda data: data.WeightedRandomSampler([1], 1, 1),
    "weights, 2-d": lambda data: data.WeightedRandomSampler([[1.0]], 1),
}


@pytest.mark.parametrize("name", REFUSED_OF_DATA)
def test_what_torch_refuses_of_data_is_refused(name, torch):
    raised = []
    for engine in (tg, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            REFUSED_OF_DATA[name](engine.utils.data)
        raised.append(type(caught.value))
    assert raised[0] is raised[1]


def test_an_empty_part_warns(torch):
    for engine in (tg, torch):
        with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
            engine.utils.data.random_split(range(1), [0.9, 0.1])


def test_lengths_of_samplers():
    data = tg.utils.data
    assert len(data.RandomSampler(range(9))) == 9
    assert len(data.RandomSampler(range(9), num_samples=22)) == 22
    assert len(data.SubsetRandomSampler([4, 2])) == 2
    assert len(data.WeightedRandomSampler([1, 2], 7)) == 7
