"""Where a declaration puts a function: its places, its aliases, its in-place form, `out=`, NumPy's names."""

import inspect

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome
from tinygrad_edu.compose import composed
from tinygrad_edu.names import namespaces
from tinygrad_edu.op import op, registry


@pytest.fixture
def undone():
    """What a test declares is forgotten after it."""
    before, places = dict(registry), {place: dict(names) for place, names in namespaces.items()}
    methods = set(vars(tg.Tensor))
    yield
    registry.clear()
    registry.update(before)
    for place, names in places.items():
        namespaces[place].clear()
        namespaces[place].update(names)
    for name in set(vars(tg.Tensor)) - methods:
        delattr(tg.Tensor, name)


def test_an_op_is_outlined_first_and_writes_itself_out_when_called(undone):
    triple = op(lambda x: 3 * x, name="triple", dx=lambda g: 3 * g)
    assert str(inspect.signature(triple)) == "(input, *, out=None)"
    outline, known = triple.__code__, tg.Tensor.triple
    assert triple(tg.ones(2)).tolist() == [3, 3]
    assert triple.__code__ is not outline
    assert known is triple
    assert "def triple_backward(node, g):" in triple.op.text


def test_a_composition_is_published_as_it_says(undone):
    @composed(places="torch Tensor special", also="twofold nn.functional.double_up", inplace=True)
    def doubled(input, dim=None):
        """2 x."""
        return input + input

    x = tg.ones(2)
    assert [doubled(x).tolist(), x.doubled().tolist(), x.twofold().tolist()] == [[2, 2]] * 3
    assert namespaces["nn.functional"]["double_up"] is namespaces["special"]["twofold"] is doubled
    assert doubled(x, axis=0).tolist() == [2, 2]
    assert x.twofold_() is x
    assert x.tolist() == [2, 2]
    with pytest.raises(TypeError, match=r"doubled\(\): argument 'input' \(position 1\) must be Tensor, not int"):
        doubled(1)


PROGRAMS = {
    "out of its size": lambda t, out: t.exp(t.zeros(2), out=out(2)),
    "out of no size": lambda t, out: t.add(t.ones(2), t.ones(2), out=out(0)),
    "of a composition": lambda t, out: t.sub(t.ones(2), 1, alpha=2, out=out(0)),
    "cast down": lambda t, out: t.exp(t.zeros(2), out=out(2, dtype=t.int64)),
    "cast up": lambda t, out: t.exp(t.zeros(2), out=out(2, dtype=t.float64)),
    "wants a gradient": lambda t, out: t.exp(t.zeros(2, requires_grad=True), out=out(2)),
    "into a leaf": lambda t, out: t.exp(t.zeros(2), out=out(2, requires_grad=True)),
    "of the very dtype": lambda t, out: t.take(t.ones(2), t.tensor([0]), out=out(1, dtype=t.float64)),
    "into an input": lambda t, out: t.take(x := out(2), t.tensor([0]), out=x[:1]),
    "into one of a list": lambda t, out: t.cat([out(1), x := out(0)], out=x),
    "with dim": lambda t, out: t.sum(t.ones(2, 3), 1, out=out(2)),
    "with axis": lambda t, out: t.sum(t.ones(2, 3), axis=1, keepdims=True, out=out(2, 1)),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_out_is_torchs(program, torch):
    ours, theirs = (outcome(lambda t: run(program, t), engine) for engine in (tg, torch))
    assert type(ours) is type(theirs)
    if not isinstance(theirs, Exception):
        assert ours == theirs


def run(program, t):
    made = []

    def out(*size, **options):
        made.append(t.empty(*size, **options))
        return made[0]

    result = program(t, out)
    return [result is made[0], str(result.dtype), result]


def test_another_shape_is_resized_with_a_warning():
    with pytest.warns(UserWarning, match=r"An output with one or more elements was resized") as caught:
        assert tg.exp(tg.zeros(3), out=(out := tg.ones(2))) is out
    assert caught[0].filename == __file__
    assert out.tolist() == [1, 1, 1]
    assert np.shares_memory(out.array, out.detach().array)
