"""Lazy layers beside torch's: before their first input, with it, and as what they are then."""

import copy
import pickle

import pytest

import tinygrad_edu as tg
from tests.draws import bits
from tests.functional.agree import agree, values

from .configurations import made

SIZES = {1: (2, 4, 7), 2: (2, 4, 6, 5), 3: (2, 4, 4, 5, 3)}
CASES = [
    ("LazyLinear", *made(3), (5, 7)),
    ("LazyLinear", *made(3, bias=False), (7,)),
    *((f"LazyConv{d}d", *made(6, 2, padding=1, groups=2), SIZES[d]) for d in SIZES),
    ("LazyConv2d", *made(3, 2, padding="same", padding_mode="reflect", bias=False), SIZES[2][1:]),
    *((f"LazyConvTranspose{d}d", *made(6, 2, 3, groups=2), SIZES[d]) for d in SIZES),
    ("LazyConvTranspose1d", *made(6, 2, bias=False), SIZES[1][1:]),
    *((f"LazyBatchNorm{d}d", *made(momentum=None), SIZES[d]) for d in SIZES),
    ("LazyBatchNorm1d", *made(0.1, track_running_stats=False, bias=False), (5, 4)),
    *((f"LazyInstanceNorm{d}d", *made(), SIZES[d]) for d in SIZES),
]


def told(module):
    """Its text, and what of it is learned, saved, and not known yet."""
    named = [*module.named_parameters(), *module.named_buffers()]
    known = [(name, str(t.dtype), t.requires_grad, "Uninitialized" in repr(t)) for name, t in named]
    return [repr(module), type(module).__name__, known, list(module.state_dict())]


@pytest.mark.parametrize(("name", "args", "named", "size"), CASES, ids=str)
def test_a_lazy_layer_is_torchs(name, args, named, size, promised):
    """Before, after, and converted in between; the parameters stay the same objects, so an optimizer can have them."""

    def program(t):
        t.manual_seed(0)
        module = getattr(t.nn, name)(*args, **named)
        twin = pickle.loads(pickle.dumps(module))
        seen = [told(module), told(twin), told(module.double()), module.has_uninitialized_params()]
        before = list(module.parameters())
        for m in (module, twin.double()):
            t.manual_seed(1)
            out = m(values(t, *size))
            (out * values(t, *out.shape)).sum().backward()
            seen += [told(m), list(map(bits, m.parameters())), bits(t.get_rng_state())]
        assert all(a is b for a, b in zip(before, module.parameters()))
        return [str(seen), out, *(p.grad for p in module.parameters()), *module.buffers()]

    agree(program, tg, promised)


@pytest.mark.parametrize(("name", "args", "named", "size"), [c for c in CASES if "Instance" not in c[0]], ids=str)
def test_a_checkpoint_tells_the_sizes_too(name, args, named, size, promised):
    def program(t):
        t.manual_seed(0)
        origin = getattr(t.nn, name)(*args, **named)
        origin(values(t, *size).float())
        lazy = getattr(t.nn, name)(*args, **named)
        seen = [str(lazy.load_state_dict(origin.state_dict())), type(lazy).__name__, lazy.has_uninitialized_params()]
        out = lazy(values(t, *size).float())
        return [str(seen), type(lazy).__name__, *map(str, map(bits, lazy.parameters())), list(out.shape)]

    agree(program, tg, promised)


def test_a_lazy_checkpoint_of_a_lazy_layer_leaves_it_lazy(torch):
    def program(t):
        state = pickle.loads(pickle.dumps(t.nn.LazyLinear(3).state_dict()))
        layer = t.nn.LazyLinear(3)
        return str([[*map(list, layer.load_state_dict(state))], told(layer)])

    agree(program, tg, torch)


def test_a_net_of_lazy_layers_learns_as_torchs(promised):
    """The optimizer is made before the first batch, and the net is converted before it, too."""

    def program(t):
        t.manual_seed(0)
        net = t.nn.Sequential(
            *(t.nn.LazyConv2d(4, 3), t.nn.LazyBatchNorm2d(), t.nn.ReLU(), t.nn.Flatten(), t.nn.LazyLinear(2))
        ).to("cpu", t.float64)
        optimizer = t.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        for _ in range(3):
            optimizer.zero_grad()
            net(values(t, 2, 3, 5, 5)).square().sum().backward()
            optimizer.step()
        return [repr(net), *net.state_dict().values()]

    agree(program, tg, promised)


def mixin(t):
    (found,) = (cls for cls in t.nn.LazyLinear.__mro__ if cls.__name__ == "LazyModuleMixin")
    return found


def own(t):
    """A lazy module of a user's own."""

    class Scale(mixin(t), t.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = t.nn.UninitializedParameter()
            self.register_buffer("seen", t.nn.UninitializedBuffer())

        def initialize_parameters(self, x, by=2):
            if self.has_uninitialized_params():
                self.weight.materialize(x.shape)
                self.seen.materialize((), dtype=t.int64)
                with t.no_grad():
                    self.weight.fill_(by)
                    self.seen.fill_(by)

        def forward(self, x, by=2):
            return x * self.weight

    return Scale()


def test_a_lazy_module_of_ones_own(torch):
    def program(t):
        module = own(t)
        return [module(t.ones(2, 3), by=5), module(t.ones(2, 3)), *module.state_dict().values()]

    agree(program, tg, torch)


def partly(t):
    layer = t.nn.LazyConv1d(3, 2)
    layer.load_state_dict({"weight": t.ones(3, 4, 2)}, strict=False)
    return layer(t.ones(4, 5))


REFUSED = {
    "a shape": lambda t: t.nn.LazyLinear(3).weight.shape,
    "a count": lambda t: t.nn.LazyLinear(3).weight.numel(),
    "arithmetic": lambda t: t.nn.LazyLinear(3).weight * 2,
    "a penalty": lambda t: sum(p.sum() for p in t.nn.LazyLinear(3).parameters()),
    "an initializer": lambda t: t.nn.init.ones_(t.nn.LazyLinear(3).weight),
    "forward itself": lambda t: t.nn.LazyLinear(3).forward(t.ones(2, 2)),
    "a buffer's numbers": lambda t: t.nn.LazyBatchNorm1d().running_mean + 1,
    "channels that groups do not divide": lambda t: t.nn.LazyConv2d(4, 3, groups=2)(t.ones(1, 3, 5, 5)),
    "too few dims": lambda t: t.nn.LazyConv2d(4, 3)(t.ones(5, 5)),
    "too many dims": lambda t: t.nn.LazyBatchNorm1d()(t.ones(2, 3, 5, 5)),
    "channels other than loaded": lambda t: partly(t),
    "a lazy checkpoint": lambda t: t.nn.Linear(2, 3).load_state_dict(t.nn.LazyLinear(3).state_dict()),
    "a padding mode": lambda t: t.nn.LazyConvTranspose1d(3, 2, padding_mode="circular"),
    "no initialization": lambda t: type("Own", (mixin(t), t.nn.Module), {})()(1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever torch raises)
        REFUSED[name](torch)
    with pytest.raises(theirs.type):
        REFUSED[name](tg)


def test_what_does_not_initialize_all_is_refused():
    class Forgetful(tg.nn.LazyLinear):
        def initialize_parameters(self, input):
            self.weight.materialize((3, 2))

    with pytest.raises(RuntimeError, match="has not been fully initialized"):
        Forgetful(3)(tg.ones(2))


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["deepcopy", "pickle"]
)
def test_a_copy_is_lazy_and_apart(clone):
    """torch cannot deepcopy what has lazy buffers, and pickles no dtype."""
    module = tg.nn.LazyBatchNorm1d(dtype=tg.float64)
    twin = clone(module)
    twin(tg.rand(5, 3, dtype=tg.float64))
    assert twin.weight.dtype is twin.running_mean.dtype is tg.float64
    assert module.has_uninitialized_params()


def test_a_first_input_that_is_refused_leaves_the_layer_lazy():
    layer = tg.nn.LazyConv2d(4, 3, groups=2)
    for x in (tg.ones(1, 3, 5, 5), tg.ones(5, 5)):
        with pytest.raises((ValueError, RuntimeError)):
            layer(x)
        assert repr(layer.weight) == "<UninitializedParameter>"
    assert layer(tg.ones(1, 6, 5, 5)).shape == (1, 4, 3, 3)


def test_once_known_a_layer_is_as_fast_as_if_it_had_been_from_the_start():
    layer = tg.nn.LazyLinear(3)
    layer(tg.ones(2))
    assert type(layer) is tg.nn.Linear
    assert not layer.hooked
    assert layer.in_features == 2


def test_one_item_without_a_batch_tells_its_channels_too():
    """torch takes its length for them, and then refuses it."""
    layer = tg.nn.LazyInstanceNorm1d()
    assert layer(tg.rand(4, 7)).shape == (4, 7)
    assert layer.num_features == 4
