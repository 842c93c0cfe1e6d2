"""How modules begin: the same seed, the same bits of every parameter and buffer as torch."""

import pytest

import tinygrad_edu as tg
from tests.draws import bits

from .configurations import CONFIGURATIONS

HERE = [name for name in CONFIGURATIONS if name in tg.nn.__all__]
CASES = [(name, args, named) for name in HERE for args, named in CONFIGURATIONS[name]]


def begun(t, name, args, named):
    module = getattr(t.nn, name)(*args, **named)
    kept = [(key, p.requires_grad, bits(p)) for key, p in module.named_parameters()]
    return [kept, [(key, bits(b)) for key, b in module.named_buffers()], bits(t.get_rng_state())]


@pytest.mark.filterwarnings(
    "ignore:dropout option adds", "ignore:Initializing zero-element", "ignore:enable_nested_tensor"
)
@pytest.mark.parametrize(("name", "args", "named"), CASES, ids=str)
def test_parameters_and_buffers_begin_as_torchs(name, args, named, promised):
    for seed in range(100):
        found = []
        for t in (tg, promised):
            t.manual_seed(seed)
            dtype = {"dtype": t.float64} if seed % 5 == 0 and name != "Transformer" else {}
            found.append(begun(t, name, args, named | dtype))
        assert found[0] == found[1], f"seed {seed}"


def test_every_module_that_draws_is_in_the_table():
    resets = ("reset_parameters", "_reset_parameters")
    drawn = {name for name in tg.nn.__all__ if any(hasattr(getattr(tg.nn, name), reset) for reset in resets)}
    assert {name for name in drawn if not name.startswith("Lazy") and not name.endswith("Base")} <= {*HERE}


@pytest.mark.parametrize("name", [name for name in HERE if name not in ("Transformer", "PReLU")])
def test_a_module_is_made_in_the_default_dtype_or_another(name, torch):
    args, named = CONFIGURATIONS[name][0]
    for dtype in ("float16", "float64"):
        told = []
        for t in (tg, torch):
            module = getattr(t.nn, name)(*args, **named, device="cpu", dtype=getattr(t, dtype))
            told.append([(key, str(value.dtype)) for key, value in module.state_dict().items()])
        assert told[0] == told[1]


def test_a_device_that_is_not_here_is_refused():
    with pytest.raises((AssertionError, RuntimeError)):
        tg.nn.Linear(2, 3, device="cuda")


def test_without_torch_a_layer_begins_within_its_bounds():
    tg.manual_seed(0)
    layer = tg.nn.Conv2d(4, 50, 5)
    for p in layer.parameters():
        assert 0.09 < p.abs().max().item() <= 0.1 == 1 / (4 * 5 * 5) ** 0.5
        assert p.requires_grad
    assert tg.nn.Embedding(5, 3, padding_idx=1).weight[1].tolist() == [0, 0, 0]
    assert tg.nn.BatchNorm1d(2).running_var.tolist() == [1, 1]
