"""Parametrized tensors are computed, assigned, kept, removed and saved as in torch."""

import copy
import pickle

import pytest

import tinygrad_edu as tg
from tests.functional.agree import agree
from tests.nn.beside import numbers


def modules(t):
    """Parametrizations as people write them."""

    class Symmetric(t.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x):
            return x.triu()

    class Doubled(t.nn.Module):
        def forward(self, x):
            return 2 * x

        def right_inverse(self, x):
            return x / 2

    class OneWay(t.nn.Module):
        def forward(self, x):
            return x.exp()

    class Sum(t.nn.Module):
        def forward(self, a, b):
            return a + b

        def right_inverse(self, x):
            return x / 4, x * 3 / 4

    class Scaled(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = t.nn.Parameter(t.tensor(3.0, dtype=t.float64))

        def forward(self, x):
            return x * self.scale

    class NotTensor(t.nn.Module):
        def forward(self, x):
            return 3

    class Transposed(t.nn.Module):
        def forward(self, x):
            return x[0]

    class Narrow(t.nn.Module):
        def forward(self, x):
            return x.float()

    class BackToText(t.nn.Module):
        def forward(self, x):
            return x

        def right_inverse(self, x):
            return 7

    class BackNarrow(BackToText):
        def right_inverse(self, x):
            return x.float()

    class BackShort(BackToText):
        def right_inverse(self, x):
            return x[0]

    class NoWayBack(BackToText):
        def right_inverse(self, x):
            raise NotImplementedError

    return {name: it for name, it in locals().items() if name != "t"}


def layer_in(t, *names, where="weight", unsafe=False):
    t.manual_seed(0)
    layer = t.nn.Linear(3, 3).double()
    layer.register_buffer("shift", t.tensor(numbers(3)))
    for name in names:
        t.nn.utils.parametrize.register_parametrization(layer, where, modules(t)[name](), unsafe=unsafe)
    return layer


def said(t, layer):
    state = layer.state_dict()
    out = layer(t.tensor(numbers(2, 3)))
    leaves = list(layer.parameters())
    grads = t.autograd.grad((out * out).sum(), leaves)
    return [repr(layer), " ".join(state), *state.values(), out, *grads, layer.shift]


GIVEN = [
    (),
    ("Symmetric",),
    ("Doubled",),
    ("OneWay",),
    ("NoWayBack",),
    ("Sum",),
    ("Scaled",),
    ("Symmetric", "Doubled"),
    ("Sum", "Doubled", "Symmetric"),
    ("Doubled", "Scaled", "OneWay"),
]


@pytest.mark.parametrize("names", GIVEN, ids=" ".join)
def test_a_parametrized_layer_is_torchs(names, torch):
    agree(lambda t: said(t, layer_in(t, *names)), tg, torch)


@pytest.mark.parametrize("names", [("Doubled",), ("OneWay",), ("Sum",)], ids=" ".join)
def test_so_is_a_parametrized_buffer(names, torch):
    agree(lambda t: said(t, layer_in(t, *names, where="shift")), tg, torch)


@pytest.mark.parametrize("names", GIVEN[1:], ids=" ".join)
def test_assigning_goes_back_through_the_parametrizations(names, torch):
    def program(t):
        layer = layer_in(t, *names)
        parameters = list(layer.parameters())
        value = t.tensor(numbers(3, 3))
        layer.weight = value + value.mT
        assert all(a is b for a, b in zip(parameters, layer.parameters()))
        return said(t, layer)

    agree(program, tg, torch)


@pytest.mark.parametrize("leave", [True, False])
@pytest.mark.parametrize("where", ["weight", "shift"])
@pytest.mark.parametrize("names", [("Doubled",), ("OneWay",), ("Sum",), ("Scaled", "Doubled")], ids=" ".join)
def test_what_removing_leaves_is_torchs(names, where, leave, torch):
    def program(t):
        p = t.nn.utils.parametrize
        layer = layer_in(t, *names, where=where)
        p.register_parametrization(layer, "bias", modules(t)["Doubled"]())
        found = [str(p.is_parametrized(layer)), p.type_before_parametrizations(layer).__name__]
        p.remove_parametrizations(layer, where, leave_parametrized=leave)
        found += [repr(layer), *said(t, layer)]
        p.remove_parametrizations(layer, "bias")
        assert type(layer) is t.nn.Linear
        return [*found, *said(t, layer), str(p.is_parametrized(layer)), str(layer.shift.requires_grad)]

    agree(program, tg, torch)


def test_a_removed_parametrization_leaves_the_optimizers_parameter():
    layer = layer_in(tg, "Doubled")
    original = layer.parametrizations.weight.original
    tg.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight is original


def test_within_cached_a_tensor_is_computed_once(torch):
    for t in (tg, torch):
        p = t.nn.utils.parametrize
        layer = layer_in(t, "Doubled")
        assert layer.weight is not layer.weight
        with p.cached():
            first = layer.weight
            with p.cached():
                assert layer.weight is first
            assert layer.weight is first
        with p.cached():
            assert layer.weight is not first
        with pytest.raises(RuntimeError), p.cached():
            layer(t.zeros(7))
        assert layer.weight is not layer.weight


def test_parametrizations_are_transferred(torch):
    def program(t):
        p = t.nn.utils.parametrize
        found = []
        for names in (("Doubled", "Scaled"), ("Sum",)):
            other = t.nn.Linear(3, 3).double()
            layer = layer_in(t, *names)
            p.register_parametrization(layer, "shift", modules(t)["Doubled"]())
            for tensor in ("weight", None):
                p.transfer_parametrizations_and_params(layer, copy.deepcopy(other), tensor)
            p.transfer_parametrizations_and_params(layer, other, "weight")
            found += [repr(other), other.weight, " ".join(other.state_dict())]
            assert set(map(id, layer.parametrizations.weight.parameters())) == set(
                map(id, other.parametrizations.weight.parameters())
            )
        plain = t.nn.Linear(2, 2)
        assert p.transfer_parametrizations_and_params(plain, other) is other
        return found

    agree(program, tg, torch)


def test_a_copy_stands_on_its_own(torch):
    for t in (tg, torch):
        layer = layer_in(t, "Doubled", "Scaled")
        twin = copy.deepcopy(layer)
        before = layer.weight.detach().clone()
        with t.no_grad():
            twin.parametrizations.weight.original.zero_()
        assert t.equal(layer.weight, before)
        assert twin.weight.abs().max().item() == 0
        assert type(twin).__name__ == "ParametrizedLinear"
        with pytest.raises(RuntimeError, match="only supported through state_dict"):
            pickle.dumps(layer)


def test_what_is_removed_from_a_layer_stays_with_its_copy():
    layer = layer_in(tg, "Doubled")
    twin = copy.deepcopy(layer)
    tg.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    assert tg.equal(twin.weight, layer.weight)


def test_checkpoints_travel_both_ways(torch):
    for here, there in ((tg, torch), (torch, tg)):
        layer, other = layer_in(here, "Sum", "Scaled"), layer_in(there, "Sum", "Scaled")
        with here.no_grad():
            layer.parametrizations.weight[1].scale.fill_(5)
            layer.parametrizations.weight.original0.add_(1)
        other.load_state_dict({k: there.tensor(v.detach().numpy()) for k, v in layer.state_dict().items()})
        assert other.weight.tolist() == layer.weight.tolist()


def test_a_parametrized_layer_learns():
    layer = layer_in(tg, "Symmetric")
    optimizer = tg.optim.SGD(layer.parameters(), lr=0.1)
    before = layer.weight.detach().clone()
    layer(tg.ones(2, 3, dtype=tg.float64)).pow(2).sum().backward()
    optimizer.step()
    assert not tg.equal(layer.weight, before)
    assert tg.equal(layer.weight, layer.weight.mT)


def test_training_goes_down_to_the_parametrizations(torch):
    for t in (tg, torch):
        layer = t.nn.Linear(3, 3).eval()
        t.nn.utils.parametrize.register_parametrization(layer, "weight", modules(t)["Doubled"]())
        assert not layer.parametrizations.weight[0].training
        assert layer.train().parametrizations.weight[0].training


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("before", [(), ("Doubled",)])
@pytest.mark.parametrize(
    "name", ["NotTensor", "Transposed", "Narrow", "BackToText", "BackNarrow", "BackShort", "NoWayBack"]
)
def test_what_may_not_change_is_refused(name, before, unsafe, torch):
    outcomes = []
    for t in (tg, torch):
        layer = layer_in(t, *before)
        old = layer.weight.detach().clone()
        try:
            t.nn.utils.parametrize.register_parametrization(layer, "weight", modules(t)[name](), unsafe=unsafe)
            outcomes.append(None)
        except (ValueError, TypeError) as refused:
            outcomes.append((type(refused), str(refused)[:45].lower()))
            if t is tg:
                assert t.equal(layer.weight, old)
    assert outcomes[0] == outcomes[1]


WRONG = {
    "no such tensor": lambda t: t.nn.utils.parametrize.register_parametrization(
        t.nn.Linear(2, 2), "wrong", t.nn.Identity()
    ),
    "nothing to remove": lambda t: t.nn.utils.parametrize.remove_parametrizations(t.nn.Linear(2, 2), "weight"),
    "no modules": lambda t: t.nn.utils.parametrize.ParametrizationList([], t.zeros(2)),
    "a parameter in its place": lambda t: setattr(layer_in(t, "Doubled"), "weight", t.nn.Parameter(t.zeros(3, 3))),
    "another dtype": lambda t: setattr(layer_in(t, "Doubled"), "weight", t.zeros(3, 3)),
    "another dtype of two": lambda t: setattr(layer_in(t, "Sum"), "weight", t.zeros(3, 3)),
    "no way back": lambda t: setattr(layer_in(t, "OneWay"), "weight", t.zeros(3, 3)),
    "no removing one of two": lambda t: t.nn.utils.parametrize.remove_parametrizations(
        layer_in(t, "Sum"), "weight", leave_parametrized=False
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    outcomes = []
    for t in (tg, torch):
        with pytest.raises((RuntimeError, ValueError, KeyError)) as raised:
            WRONG[case](t)
        outcomes.append((raised.type, str(raised.value)[:25]))
    assert outcomes[0] == outcomes[1]


def test_an_assignment_that_is_refused_changes_nothing():
    layer = layer_in(tg, "Sum")
    before = layer.weight.detach().clone()
    for wrong in (tg.zeros(3, 3), tg.nn.Parameter(tg.zeros(3, 3))):
        with pytest.raises((ValueError, KeyError)):
            layer.weight = wrong
        assert tg.equal(layer.weight, before)
