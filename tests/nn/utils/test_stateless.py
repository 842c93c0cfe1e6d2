"""A module called with other tensors is torch's, and is afterwards what it was."""

import pytest

import tinygrad_edu as tg
from tests.functional.agree import agree
from tests.nn.beside import numbers, weighted


def model_in(t):
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Linear(3, 3), t.nn.BatchNorm1d(3), t.nn.Linear(3, 2)).double()


def tied_in(t):
    model = t.nn.Sequential(t.nn.Linear(3, 3), t.nn.Tanh(), t.nn.Linear(3, 3)).double()
    model[2].weight = model[0].weight
    return model


def leaf(t, *shape):
    return t.tensor(numbers(*shape), dtype=t.float64, requires_grad=True)


def twice(t, model, given, **options):
    """The call's result and gradients, what it left in the dictionary, and that the model is as it was."""
    before = {name: (id(it), it.detach().clone()) for name, it in [*model.named_parameters(), *model.named_buffers()]}
    x = leaf(t, 4, 3)
    leaves = [it for it in given.values() if it.requires_grad] if isinstance(given, dict) else []
    out = t.func.functional_call(model, given, (x,), **options)
    now = dict([*model.named_parameters(), *model.named_buffers()])
    assert list(now) == list(before)
    assert all(id(now[name]) == i and t.equal(now[name], value) for name, (i, value) in before.items())
    left = list(given.values()) if isinstance(given, dict) else []
    return [out, *t.autograd.grad(weighted(out), [x, *leaves]), *left]


CALLS = {
    "some": lambda t: twice(t, model_in(t), {"0.weight": leaf(t, 3, 3)}),
    "none": lambda t: twice(t, model_in(t).eval(), {}),
    "statistics": lambda t: twice(
        t,
        model_in(t),
        {
            "1.running_mean": t.zeros(3, dtype=t.float64),
            "1.running_var": t.ones(3, dtype=t.float64),
            "1.num_batches_tracked": t.tensor(7),
        },
    ),
    "all": lambda t: twice(t, (m := tied_in(t)), {n: leaf(t, *p.shape) for n, p in m.named_parameters()}, strict=False),
    "tied": lambda t: twice(t, tied_in(t), {"2.weight": leaf(t, 3, 3)}),
    "not tied": lambda t: twice(t, tied_in(t), {"2.weight": leaf(t, 3, 3)}, tie_weights=False),
    "two values": lambda t: twice(t, tied_in(t), {"2.weight": leaf(t, 3, 3), "0.weight": leaf(t, 3, 3)}),
    "two values, not tied": lambda t: twice(
        t, tied_in(t), {"2.weight": leaf(t, 3, 3), "0.weight": leaf(t, 3, 3)}, tie_weights=False
    ),
    "two dictionaries": lambda t: twice(t, model_in(t).eval(), [{"0.weight": leaf(t, 3, 3)}, {"2.bias": leaf(t, 2)}]),
    "a name twice": lambda t: twice(t, model_in(t), [{"0.weight": leaf(t, 3, 3)}, {"0.weight": leaf(t, 3, 3)}]),
    "no dictionaries": lambda t: twice(t, model_in(t), [3]),
    "no dictionary": lambda t: twice(t, model_in(t), 3),
    "no such module": lambda t: twice(t, model_in(t), {"7.weight": leaf(t, 3, 3)}),
    "no tensor": lambda t: twice(t, model_in(t), {"0.in_features": leaf(t, 3) + 0}),
    "not all": lambda t: twice(t, model_in(t), {"0.weight": leaf(t, 3, 3)}, strict=True),
    "another shape": lambda t: twice(t, model_in(t), {"0.weight": leaf(t, 5, 7)}),
}


@pytest.mark.parametrize("case", CALLS)
def test_calls_are_torchs(case, torch):
    agree(CALLS[case], tg, torch)


def test_a_name_that_the_module_does_not_have_is_gone_afterwards(torch):
    for t in (tg, torch):
        model = model_in(t)
        for new in (t.zeros(1), t.nn.Parameter(t.zeros(1))):
            t.func.functional_call(model, {"0.wrong": new}, t.zeros(2, 3, dtype=t.float64))
            assert not hasattr(model[0], "wrong")


def test_a_call_that_fails_leaves_the_module_as_it_was():
    model = model_in(tg)
    weight = model[0].weight
    for given in ({"0.weight": tg.zeros(5, 7)}, {"0.weight": tg.zeros(3, 3), "0.in_features": tg.zeros(1)}):
        with pytest.raises((RuntimeError, TypeError)):
            tg.func.functional_call(model, given, tg.zeros(2, 3, dtype=tg.float64))
        assert model[0].weight is weight


def test_buffers_that_a_call_replaces_are_replaced_in_the_dictionary(torch):
    for t in (tg, torch):

        class Counter(t.nn.Module):
            def __init__(self, t=t):
                super().__init__()
                self.register_buffer("count", t.tensor(0))

            def forward(self, step, *, twice=False):
                self.count = self.count + (2 * step if twice else step)
                return self.count

        counter, state = Counter(), {"count": t.tensor(10)}
        assert t.func.functional_call(counter, state, 3, {"twice": True}).item() == 16
        assert (counter.count.item(), state["count"].item()) == (0, 16)


def test_what_strict_asks_is_said_as_in_torch(torch):
    said = []
    for t in (tg, torch):
        with pytest.raises(RuntimeError) as raised:
            t.func.functional_call(
                t.nn.Linear(2, 2), {"wrong": t.zeros(2, 2), "bias": t.zeros(2)}, t.zeros(2), strict=True
            )
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_the_old_place_is_deprecated(torch):
    for t in (tg, torch):
        with pytest.warns(FutureWarning, match=r"torch\.func\.functional_call"):
            t.nn.utils.stateless.functional_call(t.nn.Linear(2, 2), {}, t.zeros(2))


def test_a_module_without_its_initial_values(torch):
    for t in (tg, torch):
        t.manual_seed(0)
        layer = t.nn.utils.skip_init(t.nn.Linear, 3, out_features=2, dtype=t.float64)
        assert (tuple(layer.weight.shape), layer.weight.dtype, layer.weight.requires_grad) == ((2, 3), t.float64, True)
        drawn = t.rand(1).item()
        t.manual_seed(0)
        assert t.rand(1).item() == drawn
        with pytest.raises(RuntimeError, match="'device' arg"):
            t.nn.utils.skip_init(t.nn.ReLU)
        with pytest.raises(RuntimeError, match="Expected a Module"):
            t.nn.utils.skip_init(dict)
