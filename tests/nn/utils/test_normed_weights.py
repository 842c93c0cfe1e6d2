"""Weight and spectral normalization are torch's, as hooks and as parametrizations: weights, draws, gradients, checkpoints."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.functional.agree import agree
from tests.nn.beside import numbers, weighted

pytestmark = pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated:FutureWarning")

LAYERS = {
    "Linear": (lambda t: t.nn.Linear(3, 4), (2, 3)),
    "Conv1d": (lambda t: t.nn.Conv1d(3, 4, 2), (2, 3, 5)),
    "Conv2d": (lambda t: t.nn.Conv2d(2, 3, 2), (2, 2, 4, 4)),
    "ConvTranspose2d": (lambda t: t.nn.ConvTranspose2d(2, 3, 2), (2, 2, 3, 3)),
    "Embedding": (lambda t: t.nn.Embedding(3, 4), None),
}
NORMS = {
    "weight": lambda t, layer, dim: t.nn.utils.weight_norm(layer, dim=dim),
    "spectral": lambda t, layer, dim: t.nn.utils.spectral_norm(layer, dim=dim),
    "parametrized weight": lambda t, layer, dim: t.nn.utils.parametrizations.weight_norm(layer, dim=dim),
    "parametrized spectral": lambda t, layer, dim: t.nn.utils.parametrizations.spectral_norm(layer, dim=dim),
}


def given_to(t, shape):
    return t.tensor([2, 0, 1, 1]) if shape is None else t.tensor(numbers(*shape), dtype=t.float64, requires_grad=True)


def said(t, layer, x):
    """The layer's output, the gradients of a sum of it, and its state."""
    out = layer(x)
    leaves = [p for p in layer.parameters() if p.requires_grad]
    state = layer.state_dict()
    return [out, *t.autograd.grad(weighted(out), leaves), " ".join(state), *state.values()]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", LAYERS)
@given(data=st.data())
def test_a_normed_layer_is_torchs(name, norm, data):
    torch = pytest.importorskip("torch")
    make, shape = LAYERS[name]
    dims = len(tuple(make(tg).weight.shape))
    dim = data.draw(st.sampled_from([None, *range(-dims if norm.startswith("parametrized s") else 0, dims)]))
    modes = data.draw(st.lists(st.booleans(), min_size=1, max_size=3))
    seed = data.draw(st.integers(0, 1000))

    def program(t):
        t.manual_seed(seed)
        layer = NORMS[norm](t, make(t).double(), dim)
        found = [repr(layer), layer.weight]
        for training in modes:
            found += said(t, layer.train(training), given_to(t, shape))
        return found

    agree(program, tg, torch)


@pytest.mark.parametrize("norm", NORMS)
def test_draws_are_torchs_in_float32(norm, promised):
    seen = []
    for t in (tg, promised):
        t.manual_seed(3)
        layer = NORMS[norm](t, t.nn.Linear(5, 4), None)
        seen.append([layer.weight.detach().numpy(), t.rand(3).numpy()])
    assert abs(seen[0][0] - seen[1][0]).max() <= 1e-6
    assert (seen[0][1] == seen[1][1]).all()


@pytest.mark.parametrize("norm", NORMS)
def test_checkpoints_travel_both_ways(norm, torch):
    for here, there in ((tg, torch), (torch, tg)):
        here.manual_seed(0)
        layer = NORMS[norm](here, here.nn.Linear(3, 4), 0)
        for _ in range(3):
            layer(here.ones(2, 3))
        there.manual_seed(1)
        other = NORMS[norm](there, there.nn.Linear(3, 4), 0)
        other.load_state_dict({k: there.tensor(v.detach().numpy()) for k, v in layer.state_dict().items()})
        x = numbers(2, 3).astype("float32")
        for mode in (False, True):
            a, b = layer.train(mode)(here.tensor(x)), other.train(mode)(there.tensor(x))
            assert abs(a.detach().numpy() - b.detach().numpy()).max() <= 1e-5


def test_a_checkpoint_of_the_old_weight_norm_is_taken_by_the_new():
    old, new = NORMS["weight"](tg, tg.nn.Linear(3, 4), 0), NORMS["parametrized weight"](tg, tg.nn.Linear(3, 4), 0)
    new.load_state_dict(old.state_dict())
    assert tg.equal(new.weight, old.weight)


@pytest.mark.parametrize("kind", ["weight", "spectral"])
def test_a_norm_that_is_removed_leaves_its_weight(kind, torch):
    def program(t):
        t.manual_seed(0)
        layer = NORMS[kind](t, t.nn.Linear(3, 4).double(), None)
        x = t.tensor(numbers(2, 3))
        layer(x)
        layer = getattr(t.nn.utils, f"remove_{kind}_norm")(layer)
        return [repr(layer), " ".join(layer.state_dict()), layer.weight, layer(x), str(layer.weight.requires_grad)]

    agree(program, tg, torch)


WRONG = {
    "weight twice": lambda t: NORMS["weight"](t, NORMS["weight"](t, t.nn.Linear(2, 2), 0), 0),
    "spectral twice": lambda t: NORMS["spectral"](t, NORMS["spectral"](t, t.nn.Linear(2, 2), 0), 0),
    "no weight norm": lambda t: t.nn.utils.remove_weight_norm(t.nn.Linear(2, 2)),
    "no spectral norm": lambda t: t.nn.utils.remove_spectral_norm(t.nn.Linear(2, 2)),
    "another's norm": lambda t: t.nn.utils.remove_spectral_norm(NORMS["weight"](t, t.nn.Linear(2, 2), 0)),
    "no such weight": lambda t: t.nn.utils.weight_norm(t.nn.Linear(2, 2), "wrong"),
    "no parameter": lambda t: t.nn.utils.spectral_norm(t.nn.Linear(2, 2, bias=False), "bias"),
    "no iterations": lambda t: t.nn.utils.spectral_norm(t.nn.Linear(2, 2), n_power_iterations=0),
    "no iterations either": lambda t: t.nn.utils.parametrizations.spectral_norm(
        t.nn.Linear(2, 2), n_power_iterations=0
    ),
    "no such dim": lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(2, 2), dim=2),
    "no such tensor": lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(2, 2), "wrong"),
    "a lazy layer": lambda t: t.nn.utils.weight_norm(t.nn.LazyLinear(2)),
    "a lazy layer too": lambda t: t.nn.utils.spectral_norm(t.nn.LazyLinear(2)),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    said = []
    for t in (tg, torch):
        with pytest.raises((RuntimeError, ValueError, AttributeError, IndexError)) as raised:
            WRONG[case](t)
        said.append((raised.type, str(raised.value)[:40]))
    assert said[0] == said[1]


def test_the_hook_of_weight_norm_is_deprecated():
    with pytest.warns(FutureWarning, match="parametrizations") as seen:
        tg.nn.utils.weight_norm(tg.nn.Linear(2, 2))
    assert seen[0].filename == __file__


def test_what_is_refused_leaves_the_layer_as_it_was():
    layer = tg.nn.Linear(2, 2)
    before = list(layer.state_dict())
    with pytest.raises(ValueError, match="positive"):
        tg.nn.utils.spectral_norm(layer, n_power_iterations=0)
    with pytest.raises(IndexError):
        tg.nn.utils.weight_norm(layer, dim=5)
    assert list(layer.state_dict()) == before


def test_backward_after_another_forward():
    """The vectors that a graph needs are not those that the next forward improves."""
    for norm in ("spectral", "parametrized spectral"):
        layer = NORMS[norm](tg, tg.nn.Linear(3, 4), None)
        first = layer(tg.ones(1, 3)).sum()
        layer(tg.ones(1, 3)).sum().backward()
        first.backward()


def test_a_spectral_norm_is_near_1_after_a_while():
    layer = NORMS["parametrized spectral"](tg, tg.nn.Linear(6, 5).double(), None)
    for _ in range(300):
        layer.weight  # noqa: B018
    assert abs(tg.linalg.matrix_norm(layer.weight, 2).item() - 1) < 1e-6


def test_a_normed_layer_is_copied_and_its_hooks_with_it():
    layer = NORMS["spectral"](tg, tg.nn.Linear(3, 4), None)
    twin = pickle.loads(pickle.dumps(layer))
    assert tg.equal(twin(tg.ones(1, 3)), layer(tg.ones(1, 3)))
    with tg.no_grad():
        layer(tg.ones(1, 3))
    twin = copy.deepcopy(layer)
    assert tg.equal(twin(tg.ones(1, 3)), layer(tg.ones(1, 3)))
