"""Tensors and modules are printed as torch prints them, character for character."""

import pytest

import tinygrad_edu as tg

PRINTED = {
    "a scalar": lambda t: t.tensor(3.14159),
    "an integer": lambda t: t.tensor(3),
    "a truth": lambda t: t.tensor(True),
    "floats": lambda t: t.tensor([1.0, -2.5, 3.25]),
    "whole floats": lambda t: t.tensor([1.0, -200.0, 3.0]),
    "integers": lambda t: t.tensor([[1, -20], [300, 4]]),
    "truths": lambda t: t.tensor([True, False]),
    "small and large": lambda t: t.tensor([1e-5, 1.0, 1e5]),
    "very small": lambda t: t.tensor([1e-7, 2e-7]),
    "very large": lambda t: t.tensor([1e10, 3.0]),
    "nan and inf": lambda t: t.tensor([float("nan"), float("inf"), -float("inf"), 1.5]),
    "nan and whole": lambda t: t.tensor([float("nan"), 2.0]),
    "nothing finite": lambda t: t.tensor([float("nan"), float("inf")]),
    "zeros": lambda t: t.zeros(2, 2),
    "empty": lambda t: t.tensor([]),
    "empty with sizes": lambda t: t.zeros(0, 3),
    "empty integers": lambda t: t.zeros(0, dtype=t.int64),
    "float64": lambda t: t.tensor([1.5], dtype=t.float64),
    "int32": lambda t: t.tensor([1, 2], dtype=t.int32),
    "a long vector": lambda t: t.arange(100) * 1.5,
    "more than a thousand": lambda t: t.arange(2000),
    "a large matrix": lambda t: t.arange(10000.0).reshape(100, 100),
    "three dims": lambda t: t.arange(24.0).reshape(2, 3, 4),
    "large in three dims": lambda t: t.arange(3000).reshape(10, 10, 30),
    "a leaf": lambda t: t.ones(2, requires_grad=True),
    "a computed tensor": lambda t: t.ones(2, requires_grad=True).exp(),
    "a long computed tensor": lambda t: (t.arange(12.0, requires_grad=True) / 7).sigmoid(),
    "float64 that requires grad": lambda t: t.ones(9, dtype=t.float64, requires_grad=True) / 3,
    "a parameter": lambda t: t.nn.Parameter(t.tensor([[1.0, 2.0]])),
    "a size": lambda t: t.zeros(2, 3).shape,
    "part of a size": lambda t: t.zeros(2, 3).shape[:1],
    "a dtype": lambda t: t.float32,
    "a device": lambda t: t.zeros(1).device,
    "a linear layer": lambda t: t.nn.Linear(3, 4, bias=False),
    "layers in layers": lambda t: t.nn.Sequential(t.nn.Linear(1, 2), t.nn.Sequential(t.nn.ReLU(), t.nn.Tanh())),
    "a loss": lambda t: t.nn.BCEWithLogitsLoss(),
    "an optimizer": lambda t: t.optim.Adam([t.ones(1, requires_grad=True)], lr=0.5),
    "keys that match": lambda t: t.nn.Linear(1, 1).load_state_dict({"weight": t.ones(1, 1), "bias": t.ones(1)}),
    "a maximum and its place": lambda t: t.tensor([[1.0, 5.0], [7.0, 2.0]]).max(1),
    "a minimum and its place": lambda t: t.min(t.tensor([[1.0, 5.0], [7.0, 2.0]]), 0),
}


@pytest.mark.parametrize("what", PRINTED)
def test_it_is_printed_as_torch_prints_it(what, torch):
    assert repr(PRINTED[what](tg)) == repr(PRINTED[what](torch))


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"sci_mode": True},
        {"linewidth": 40},
        {"edgeitems": 1, "threshold": 5},
        {"edgeitems": 0, "threshold": 5},
        {"edgeitems": 0},
        {"profile": "short"},
    ],
)
def test_print_options(options, torch):
    texts = []
    for engine in (tg, torch):
        try:
            engine.set_printoptions(**options)
            texts.append(repr(engine.arange(30.0).reshape(3, 10) / 7))
        finally:
            engine.set_printoptions(profile="default", sci_mode=None)
    assert texts[0] == texts[1]


def test_a_scalar_formats_as_a_number():
    assert f"{tg.tensor(3.14159):.2f}" == "3.14"


NODES = """
x[:2] x[0] x[:,1] x[...,0] x[None] x[0,1] x[:] x[...] x[0:2,1:] x[1:,0] x[:,:] x[:,0:4] x[0:3] x[i] x[m] x[()] x[0,None]
x.sum() x.sum(0) x.mean() x.mean(0) x.norm() x.clamp(0,2) x.clamp(min=y) x@y.T x@v v@v t.bmm(y.T[None],x[None]) x.reshape(12)
x.view(-1) x.flatten() x.T t.cat([x,x]) x/2 2*x x-1 x**2 x.exp() x.relu() x.softmax(0) x.std() x.cumsum(0) x.unsqueeze(0)
"""


@pytest.mark.parametrize("program", NODES.split())
def test_a_node_has_torchs_name(program, torch):
    names = []
    for t in (tg, torch):
        x, y, v = (t.rand(size, requires_grad=True) for size in ((3, 4), (3, 4), (4,)))
        tensors = dict(t=t, x=x, y=y, v=v, m=t.tensor([True, False, True]), i=t.tensor(1))
        names.append(eval(program, tensors).grad_fn.name())
    assert names[0] == names[1]
