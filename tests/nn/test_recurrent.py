"""Recurrent networks and cells beside torch's: bits at the start, outputs, gradients, packed sequences, refusals."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

from .beside import learns, numbers, same, told

KINDS = ["RNN", "LSTM", "GRU"]
CELLS = ["RNNCell", "LSTMCell", "GRUCell"]
OPTIONS = {
    "plain": {},
    "two layers": dict(num_layers=2),
    "both directions": dict(bidirectional=True, num_layers=2),
    "no bias": dict(bias=False, bidirectional=True),
    "batch first": dict(batch_first=True, bidirectional=True),
    "dropout": dict(num_layers=3, dropout=0.4),
    "dropout of everything": dict(num_layers=2, dropout=1.0),
}
FORMS = [(kind, name) for kind in KINDS for name in OPTIONS] + [("LSTM", "projected"), ("RNN", "relu")]
OPTIONS |= {
    "projected": dict(proj_size=2, num_layers=2, bidirectional=True),
    "relu": dict(nonlinearity="relu", num_layers=2),
}


def states(kind, options, n, given):
    """Arrays for the first states, if they are given."""
    count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    widths = [options.get("proj_size", 4), 4][kind != "LSTM" :]
    return [numbers(count, n, width) for width in widths] if given else []


def with_states(kind, call):
    """Call with states in torch's form."""
    return lambda t, module, x, *hx: call(t, module, x, (hx if kind == "LSTM" else hx[0]) if hx else None)


@pytest.mark.parametrize(("kind", "name"), FORMS)
@pytest.mark.parametrize("given", [True, False], ids=["states", "zeros"])
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_sequences_of_one_length(kind, name, given, train, promised):
    options = OPTIONS[name]
    shape = (2, 5, 3) if "batch_first" in options else (5, 2, 3)
    call = with_states(kind, lambda t, module, x, hx: module(x, hx))
    make = lambda t: getattr(t.nn, kind)(3, 4, **options)
    same(learns(make, call, numbers(*shape), *states(kind, options, 2, given), train=train), promised)


@pytest.mark.parametrize(("kind", "name"), FORMS)
@pytest.mark.parametrize("lengths", [(5, 5, 3, 1), (2, 5, 1, 3)], ids=["sorted", "unsorted"])
@pytest.mark.parametrize("given", [True, False], ids=["states", "zeros"])
def test_packed_sequences(kind, name, lengths, given, promised):
    options = OPTIONS[name]

    def call(t, module, x, hx):
        rnn = t.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, list(lengths), batch_first=True, enforce_sorted=lengths[0] == 5)
        out, end = module(packed, hx)
        padded, n = rnn.pad_packed_sequence(out, batch_first=True)
        return out.data, padded, n, end

    make = lambda t: getattr(t.nn, kind)(3, 4, **options)
    program = learns(make, with_states(kind, call), numbers(4, 5, 3), *states(kind, options, 4, given))
    same(program, promised)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_batch(kind, promised):
    call = with_states(kind, lambda t, module, x, hx: module(x, hx))
    make = lambda t: getattr(t.nn, kind)(3, 4, bidirectional=True, batch_first=True)
    hx = [s[:, 0] for s in states(kind, dict(bidirectional=True), 1, True)]
    same(learns(make, call, numbers(5, 3), *hx), promised)
    same(learns(make, call, numbers(5, 3)), promised)


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind, torch):
    def program(t):
        t.manual_seed(1)
        module = getattr(t.nn, kind)(2, 3, bidirectional=True).double()
        x = t.tensor(numbers(4, 2, 2), requires_grad=True)
        out = module(x)[0]
        slopes = t.autograd.grad((out * out).sum(), [x, *module.parameters()], create_graph=True)
        return t.autograd.grad(sum((s * s).sum() for s in slopes), [x, *module.parameters()])

    same(program, torch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_cell_step_after_step(kind):
    """The layer's own rule, backpropagation through time, against the chain rule through cells; no torch needed."""
    layer, cell = getattr(tg.nn, kind)(3, 4).double(), getattr(tg.nn, f"{kind}Cell")(3, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): p for name, p in layer.state_dict().items()})
    x, state, outs = tg.tensor(numbers(5, 2, 3)), None, []
    for step in x:
        state = cell(step, state)
        outs.append(state[0] if kind == "LSTM" else state)
    by_steps = tg.stack(outs)
    at_once = layer(x)[0]
    assert tg.allclose(at_once, by_steps)
    (at_once.sin().sum() + by_steps.sin().sum()).backward()
    for a, b in zip(layer.parameters(), cell.parameters()):
        assert tg.allclose(a.grad, b.grad)
        assert a.grad.abs().max() > 0.1


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("options", [{}, dict(bias=False)], ids=str)
@pytest.mark.parametrize("batched", [True, False], ids=["batch", "single"])
@pytest.mark.parametrize("given", [0, 1], ids=["zeros", "states"])
def test_cells(kind, options, batched, given, promised):
    call = with_states(kind.removesuffix("Cell"), lambda t, module, x, hx: module(x, hx))
    make = lambda t: getattr(t.nn, kind)(3, 4, **options)
    shapes = [(2, 3), *[(2, 4)] * (given * (1 + (kind == "LSTMCell")))]
    same(learns(make, call, *(numbers(*shape[1 - batched :]) for shape in shapes)), promised)


def test_a_cell_may_be_a_relu(promised):
    make = lambda t: t.nn.RNNCell(3, 4, nonlinearity="relu")
    same(learns(make, lambda t, module, x: module(x), numbers(2, 3)), promised)


@pytest.mark.parametrize("kind", KINDS)
def test_bits_at_the_start_are_torchs(kind, promised):
    begun = []
    for t in (tg, promised):
        t.manual_seed(3)
        module = getattr(t.nn, kind)(7, 5, num_layers=2, bidirectional=True)
        begun.append({name: p.detach().numpy().tobytes() for name, p in module.named_parameters()})
    assert begun[0] == begun[1]
    assert list(begun[0]) == list(begun[1])


def test_a_state_goes_to_torch_and_comes_back(torch):
    ours, theirs = (t.nn.LSTM(3, 4, num_layers=2, proj_size=2).double() for t in (tg, torch))
    theirs.load_state_dict({k: torch.tensor(v.array) for k, v in ours.state_dict().items()})
    x = numbers(5, 2, 3)
    assert np.allclose(ours(tg.tensor(x))[0].tolist(), theirs(torch.tensor(x))[0].tolist())
    theirs.weight_hr_l1.data.mul_(2)
    ours.load_state_dict(theirs.state_dict())
    assert np.allclose(ours(tg.tensor(x))[0].tolist(), theirs(torch.tensor(x))[0].tolist())


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"])
def test_a_copy_is_equal_and_apart(clone):
    module = tg.nn.GRU(3, 4)
    twin, x = clone(module), tg.rand(5, 2, 3)
    assert twin(x)[0].tolist() == module(x)[0].tolist()
    with tg.no_grad():
        twin.weight_hh_l0.zero_()
    assert twin(x)[0].tolist() != module(x)[0].tolist()


def test_weights_that_were_replaced_are_used():
    module = tg.nn.RNN(3, 4)
    for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        setattr(module, name, tg.nn.Parameter(tg.zeros_like(getattr(module, name))))
    assert not module(tg.rand(5, 2, 3))[0].any()
    assert module.flatten_parameters() is None
    assert [
        [w is getattr(module, n) for w, n in zip(*both)] for both in zip(module.all_weights, module._all_weights)
    ] == [[True] * 4]


REFUSED = {
    "input size 0": lambda t, kind: kind(0, 4),
    "hidden size 0": lambda t, kind: kind(3, 0),
    "half a hidden unit": lambda t, kind: kind(3, 4.5),
    "no layers": lambda t, kind: kind(3, 4, num_layers=0),
    "bias a number": lambda t, kind: kind(3, 4, bias=1),
    "batch_first a word": lambda t, kind: kind(3, 4, batch_first="yes"),
    "dropout 2": lambda t, kind: kind(3, 4, dropout=2),
    "dropout True": lambda t, kind: kind(3, 4, dropout=True),
    "a projection as wide": lambda t, kind: kind(3, 4, proj_size=4),
    "a negative projection": lambda t, kind: kind(3, 4, proj_size=-1),
    "other input size": lambda t, kind: kind(3, 4)(t.ones(5, 2, 2)),
    "a vector": lambda t, kind: kind(3, 4)(t.ones(3)),
    "no steps": lambda t, kind: kind(3, 4)(t.ones(0, 2, 3)),
    "doubles": lambda t, kind: kind(3, 4)(t.ones(5, 2, 3, dtype=t.float64)),
    "integers": lambda t, kind: kind(3, 4)(t.ones(5, 2, 3, dtype=t.int64)),
    "a packed sequence of 3-d data": lambda t, kind: kind(3, 4)(t.nn.utils.rnn.pack_sequence([t.ones(2, 2, 3)])),
    "an unknown mode": lambda t, kind: t.nn.RNNBase("ELMAN", 3, 4),
    "an unknown nonlinearity": lambda t, kind: t.nn.RNN(3, 4, nonlinearity="gelu"),
}
STATES = {
    "of another batch": lambda t: (t.ones(5, 2, 3), t.ones(1, 3, 4)),
    "of another size": lambda t: (t.ones(5, 2, 3), t.ones(1, 2, 3)),
    "of another dtype": lambda t: (t.ones(5, 2, 3), t.ones(1, 2, 4, dtype=t.float64)),
    "without a batch": lambda t: (t.ones(5, 2, 3), t.ones(1, 4)),
    "with a batch": lambda t: (t.ones(5, 3), t.ones(1, 1, 4)),
}
REFUSED |= {
    f"states {name}": lambda t, kind, give=give: with_states(kind.__name__, lambda t, module, x, hx: module(x, hx))(
        t, kind(3, 4), (given := give(t))[0], *[given[1]] * (1 + (kind.__name__ == "LSTM"))
    )
    for name, give in STATES.items()
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, kind, torch):
    ours, theirs = (outcome(lambda t: REFUSED[name](t, getattr(t.nn, kind)), t) for t in (tg, torch))
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), (ours, theirs)
    if not any(word in name for word in ("projection", "dtype", "3-d data")):
        assert str(ours)[:20] == str(theirs)[:20], (ours, theirs)


REFUSED_CELLS = {
    "other input size": lambda t, cell, wrap: cell(3, 4)(t.ones(2, 5)),
    "a cube": lambda t, cell, wrap: cell(3, 4)(t.ones(2, 2, 3)),
    "states of another batch": lambda t, cell, wrap: cell(3, 4)(t.ones(2, 3), wrap(t.ones(3, 4))),
    "states of another size": lambda t, cell, wrap: cell(3, 4)(t.ones(2, 3), wrap(t.ones(2, 5))),
    "states with too many dims": lambda t, cell, wrap: cell(3, 4)(t.ones(2, 3), wrap(t.ones(1, 2, 4))),
    "states of another dtype": lambda t, cell, wrap: cell(3, 4)(t.ones(2, 3), wrap(t.ones(2, 4, dtype=t.float64))),
    "one state": lambda t, cell, wrap: t.nn.LSTMCell(3, 4)(t.ones(2, 3), (t.ones(2, 4),)),
    "an unknown nonlinearity": lambda t, cell, wrap: t.nn.RNNCell(3, 4, nonlinearity="gelu")(t.ones(2, 3)),
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("name", REFUSED_CELLS)
def test_what_torchs_cells_refuse_is_refused(name, kind, torch):
    wrap = lambda h: (h, h) if kind == "LSTMCell" else h
    ours, theirs = (outcome(lambda t: REFUSED_CELLS[name](t, getattr(t.nn, kind), wrap), t) for t in (tg, torch))
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), (ours, theirs)


def test_packed_data_that_is_not_what_its_sizes_say_is_refused():
    module = tg.nn.GRU(3, 4)
    for sizes in ([1, 3], [2, 1], [2, 2, 1], []):
        with pytest.raises(RuntimeError, match="batch_sizes"):
            module(tg.nn.utils.rnn.PackedSequence(tg.ones(4, 3), tg.tensor(sizes, dtype=tg.int64)))


def test_dropout_without_a_layer_to_follow_warns(torch):
    ours, theirs = (told(lambda t: t.nn.LSTM(3, 4, dropout=0.5), t) for t in (tg, torch))
    assert [category for category, _ in ours] == [category for category, _ in theirs] == [UserWarning]
    assert ours[0][1] == __file__


FUNCTIONS = ["rnn_tanh", "rnn_relu", "gru", "lstm"]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("packed", [True, False])
def test_functions(name, packed, torch):
    def program(t):
        gates = {"gru": 3, "lstm": 4}.get(name, 1) * 4
        params = [t.tensor(numbers(*shape)) for shape in ((gates, 3), (gates, 4), (gates,), (gates,))]
        state = t.tensor(numbers(1, 2, 4))
        hx = (state, state) if name == "lstm" else state
        x = t.tensor(numbers(5, 2, 3))
        given = (x[0:2, 0], t.tensor([2])) if packed else (x,)
        function = getattr(t, name)
        return list(function(*given, hx, params, True, 1, 0.0, False, False, *[] if packed else [False]))

    same(program, torch)


@pytest.mark.parametrize("count", [3, 5])
def test_a_wrong_number_of_parameters_is_refused(count, torch):
    def program(t):
        params = [t.ones(4, 3), t.ones(4, 4), t.ones(4), t.ones(4), t.ones(4)]
        return t.rnn_tanh(t.ones(5, 2, 3), t.zeros(1, 2, 4), params[:count], True, 1, 0.0, False, False, False)

    ours, theirs = outcome(program, tg), outcome(program, torch)
    assert type(ours) is type(theirs) is RuntimeError
