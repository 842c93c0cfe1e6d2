"""Number types: what becomes of two that meet, beside torch."""

import itertools
import operator

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

NAMES = ["bool", "uint8", "int8", "int32", "int64", "float32", "float64"]
OPERANDS = {
    **{name: lambda t, n=name: t.ones(2, dtype=getattr(t, n)) for name in NAMES},
    **{f"0-d {name}": lambda t, n=name: t.ones((), dtype=getattr(t, n)) for name in NAMES},
    "True": lambda t: True,
    "2": lambda t: 2,
    "2.5": lambda t: 2.5,
}
OPERATORS = [operator.add, operator.mul, operator.truediv, operator.pow, operator.lt, operator.eq]


def described(operate, a, b):
    def program(t):
        out = operate(OPERANDS[a](t), OPERANDS[b](t))
        return [str(out.dtype), list(out.shape), out.tolist()]

    return program


@pytest.mark.parametrize("operate", OPERATORS, ids=lambda f: f.__name__)
def test_every_pair_of_operands_becomes_what_torch_makes_of_it(operate, torch):
    for a, b in itertools.product(OPERANDS, OPERANDS):
        if a in ("True", "2", "2.5") and b in ("True", "2", "2.5"):
            continue
        ours, theirs = (outcome(described(operate, a, b), engine) for engine in (tg, torch))
        if isinstance(theirs, Exception):
            continue  # what torch has no kernel for (bool ** bool) is no promise of ours
        assert ours == theirs, (a, b)


def test_the_default_dtype(torch):
    for engine in (tg, torch):
        try:
            engine.set_default_dtype(engine.float64)
            assert engine.tensor(1.5).dtype is engine.zeros(1).dtype is engine.float64
            assert (engine.arange(2) / 2).dtype is engine.float64
            assert engine.rand(1).dtype is engine.float64
        finally:
            engine.set_default_dtype(engine.float32)
    with pytest.raises(TypeError, match="only floating-point types"):
        tg.set_default_dtype(tg.int64)


@pytest.mark.parametrize(
    "data",
    [
        1,
        1.5,
        True,
        [1, 2],
        [1.5, 2],
        [],
        [[1], [2]],
        [True, False],
        np.float64(2),
        [np.float64(2)],
        np.arange(3.0),
    ],
    ids=str,
)
def test_what_data_becomes(data, torch):
    ours, theirs = tg.tensor(data), torch.tensor(data)
    assert str(ours.dtype) == str(theirs.dtype)
    assert ours.tolist() == theirs.tolist()


def test_conversions(torch):
    for method in ("float", "double", "int", "long", "short", "bool"):
        texts = [repr(getattr(engine.tensor([0.0, 1.7, -2.3]), method)()) for engine in (tg, torch)]
        assert texts[0] == texts[1]
    x = tg.ones(2, requires_grad=True)
    assert x.to(tg.float32) is x
    assert x.double().requires_grad
    assert not x.long().requires_grad


def test_numpy_knows_our_dtypes():
    assert np.zeros(1, tg.float32).dtype == np.float32
    assert tg.zeros(1, dtype=np.int32).dtype is tg.int32
    with pytest.raises(TypeError, match="is not a dtype we have"):
        tg.zeros(1, dtype="quaternion")
