"""Batches: torch's order for torch's seed, torch's collation."""

from collections import namedtuple

import numpy as np
import pytest

import tinygrad_edu as tg


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
