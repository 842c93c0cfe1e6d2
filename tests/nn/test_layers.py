"""Layers with parameters beside torch's: text, attributes, copies, outputs, slopes, checkpoints, errors."""

import pytest

import tinygrad_edu as tg
from tests.draws import bits
from tests.functional.agree import agree, values
from tests.snippets import outcome

from .configurations import CONFIGURATIONS, made
from .shells import public, shown

SIZES = {1: (2, 4, 7), 2: (2, 4, 6, 5), 3: (2, 4, 4, 5, 3)}
several = [made(4, 6, 3), made(4, 2, 2, stride=2, bias=False), made(4, 6, 2, 1, 2, 2, 2)]
ways = [made(4, 3, 3, padding=1, padding_mode=mode) for mode in ("reflect", "replicate", "circular")]
same = [made(4, 3, 2, padding="same"), made(4, 3, 2, padding="same", dilation=3, padding_mode="circular")]
back = [made(4, 6, 3), made(4, 2, 2, 2, bias=False), made(4, 6, 3, 2, 1, 1, 2), made(4, 2, 2, dilation=2)]
norms = [made(4), made(4, 0.1, None), made(4, momentum=0.4, bias=False), made(4, affine=False)]
untracked = [made(4, track_running_stats=False)]
tracked = [
    made(4),
    made(4, affine=True),
    made(4, affine=True, track_running_stats=True),
    made(4, 0.1, None, True, True),
]

INPUTS = {
    "Identity": ([made(), made(5, colour="red")], [(2, 3)]),
    "Linear": ([made(3, 4), made(3, 2, False)], [(3,), (2, 3), (2, 0, 3), (2, 4, 3)]),
    "Bilinear": ([made(3, 3, 4), made(3, 3, 2, False)], [(3,), (5, 3)]),
    **{f"Conv{d}d": ([*several, *ways, *same], [SIZES[d], SIZES[d][1:]]) for d in SIZES},
    "Conv2d": ([*several, *ways, *same, made(4, 3, (1, 3), (2, 1), [0, 1], (1, 2))], [SIZES[2]]),
    **{f"ConvTranspose{d}d": (back, [SIZES[d], SIZES[d][1:]]) for d in SIZES},
    **{f"BatchNorm{d}d": ([*norms, *untracked], [SIZES[d]]) for d in SIZES},
    "BatchNorm1d": ([*norms, *untracked], [SIZES[1], (5, 4)]),
    **{f"InstanceNorm{d}d": (tracked, [SIZES[d], SIZES[d][1:]]) for d in SIZES},
    "LayerNorm": ([made(5), made((6, 5), 0.1), made([5], bias=False), made(5, 1e-5, False)], [SIZES[2], (6, 5)]),
    "GroupNorm": ([made(2, 4), made(1, 4, 0.1, False), made(4, 4, bias=False)], [SIZES[2], SIZES[1], (6, 4)]),
    "RMSNorm": ([made(5), made((6, 5), 0.1), made([5], elementwise_affine=False)], [SIZES[2], (6, 5)]),
    "LocalResponseNorm": ([made(2), made(3, 0.5, 0.6, 2.0)], [SIZES[2], SIZES[1]]),
}
LAYERS = [(name, *made, size) for name, (ways, sizes) in INPUTS.items() for made in ways for size in sizes]


def layer(t, name, args, named):
    """A layer in float64 whose affine parameters, too, are no round numbers."""
    t.manual_seed(0)
    dtype = {} if name.endswith(("ResponseNorm", "Identity")) else {"dtype": t.float64}
    module = getattr(t.nn, name)(*args, **named, **dtype)
    for p in module.parameters():
        if p.dim() == 1:
            t.nn.init.uniform_(p, -1, 1)
    return module


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("name", "args", "named", "size"), LAYERS, ids=str)
def test_a_layer_is_torchs(name, args, named, size, promised):
    inputs = lambda t: [values(t, *size), *([values(t, *size) ** 2] if name == "Bilinear" else [])]
    agree(lambda t: shown(t, layer(t, name, args, named), *inputs(t)), tg, promised)


ROWS = [[0, 4, 4], [2, 1, 4]]
TABLES = [
    ("Embedding", *made(5, 3), ROWS, {}),
    ("Embedding", *made(5, 3, padding_idx=-1), ROWS, {}),
    ("Embedding", *made(5, 3, 4, 0.5, 1.0, True), ROWS, {}),
    ("EmbeddingBag", *made(5, 3), ROWS, {}),
    ("EmbeddingBag", *made(5, 3, mode="max", padding_idx=4), ROWS, {}),
    ("EmbeddingBag", *made(5, 3, 0.5, 3.0, True, "sum"), [0, 4, 4, 1], {"offsets": [0, 3, 3]}),
    (
        *("EmbeddingBag", *made(5, 3, mode="sum", include_last_offset=True), [0, 4, 4]),
        {"offsets": [0, 1, 3], "per_sample_weights": [0.5, -1.0, 2.0]},
    ),
]


@pytest.mark.parametrize(("name", "args", "named", "rows", "more"), TABLES, ids=str)
def test_a_table_is_torchs(name, args, named, rows, more, promised):
    def program(t):
        module = layer(t, name, args, named)
        attributes = public(module)
        given = {key: t.tensor(v, dtype=t.float64 if type(v[0]) is float else t.int64) for key, v in more.items()}
        out = module(t.tensor(rows), **given)
        (out * values(t, *out.shape)).sum().backward()
        return [str([repr(module), attributes]), out, module.weight, module.weight.grad]

    agree(program, tg, promised)


@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
@pytest.mark.parametrize("options", [{}, {"freeze": False}, {"padding_idx": 1, "max_norm": 2.0}], ids=str)
def test_a_table_of_given_rows_is_torchs(name, options, torch):
    def program(t):
        rows = t.arange(6, dtype=t.float64).reshape(3, 2)
        module = getattr(t.nn, name).from_pretrained(rows, **options)
        rows[0, 0] = 7
        return [str([repr(module), module.weight.requires_grad]), module.weight, module(t.tensor([[0, 2], [1, 1]]))]

    agree(program, tg, torch)


# ------------------------------------------------------------------ running statistics


@pytest.mark.parametrize("named", [{}, {"momentum": None}, {"momentum": 0.0}, {"track_running_stats": False}], ids=str)
@pytest.mark.parametrize("name", ["BatchNorm1d", "InstanceNorm1d"])
def test_statistics_run_as_torchs(name, named, torch):
    """What each batch makes of the buffers, training and not, also once there is nothing to track any more."""

    def program(t):
        seen, module = [], getattr(t.nn, name)(4, dtype=t.float64, **named)
        for i in range(6):
            module.train(i != 4)
            out = module(values(t, 3, 4, 5) * (i + 1))
            seen += [out, *[b for b in module.buffers() if b is not None]]
        module.track_running_stats = False
        return [*seen, module(values(t, 3, 4, 5)), *module.buffers()]

    agree(program, tg, torch)


def test_running_statistics_can_be_reset(torch):
    def program(t):
        module = t.nn.BatchNorm1d(4)
        module(values(t, 3, 4).float())
        module.reset_running_stats()
        return list(module.buffers())

    assert outcome(program, tg) == outcome(program, torch) == [[0.0] * 4, [1.0] * 4, 0]


def test_a_batch_that_is_refused_is_not_counted():
    module = tg.nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        module(tg.ones(1, 3))
    assert module.num_batches_tracked.item() == 0
    assert module.running_mean.tolist() == [0, 0, 0]


def loaded(version):
    """Whether a checkpoint of that version may lack num_batches_tracked."""

    def program(t):
        model = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.BatchNorm1d(3))
        state = model.state_dict()
        del state["1.num_batches_tracked"]
        state._metadata["1"] = {} if version is None else {"version": version}
        return [*model.load_state_dict(state)]

    return program


@pytest.mark.parametrize("version", [None, 1, 2])
def test_a_checkpoint_from_before_batches_were_counted_is_taken_as_by_torch(version, torch):
    agree(loaded(version), tg, torch)
    assert isinstance(outcome(loaded(version), tg), RuntimeError) == (version == 2)


# ------------------------------------------------------------------ checkpoints

HERE = [name for name in CONFIGURATIONS if name in tg.nn.__all__]


@pytest.mark.filterwarnings(
    "ignore:dropout option adds", "ignore:Initializing zero-element", "ignore:enable_nested_tensor"
)
@pytest.mark.parametrize("name", HERE)
def test_checkpoints_travel_both_ways(name, torch):
    for args, named in CONFIGURATIONS[name]:
        ours, origin, back = (getattr(t.nn, name)(*args, **named) for t in (tg, torch, torch))
        assert ours.load_state_dict(origin.state_dict()) == ([], [])
        sent = {key: torch.from_numpy(value.numpy()) for key, value in ours.state_dict().items()}
        assert back.load_state_dict(sent) == ([], [])
        kept = [[(key, bits(value)) for key, value in m.state_dict().items()] for m in (origin, ours, back)]
        assert kept[0] == kept[1] == kept[2]


# ------------------------------------------------------------------ refused

x = lambda t, *size: t.ones(*size)

REFUSED = {
    "no groups": lambda t: t.nn.Conv1d(4, 4, 3, groups=0),
    "groups do not divide the input": lambda t: t.nn.Conv1d(3, 4, 3, groups=2),
    "groups do not divide the output": lambda t: t.nn.Conv1d(4, 3, 3, groups=2),
    "another padding": lambda t: t.nn.Conv2d(4, 3, 3, padding="full"),
    "same size in strides": lambda t: t.nn.Conv2d(4, 3, 3, padding="same", stride=2),
    "another mode": lambda t: t.nn.Conv2d(4, 3, 3, padding_mode="constant"),
    "another mode backwards": lambda t: t.nn.ConvTranspose2d(4, 3, 3, padding_mode="reflect"),
    "another mode of no name": lambda t: t.nn.ConvTranspose2d(4, 3, 3, padding_mode="x"),
    "too few channels": lambda t: t.nn.Conv2d(4, 3, 3)(x(t, 1, 3, 5, 5)),
    "too few dims": lambda t: t.nn.Conv2d(4, 3, 3)(x(t, 5, 5)),
    "too small an image": lambda t: t.nn.Conv2d(1, 1, 7)(x(t, 1, 5, 5)),
    "another dtype": lambda t: t.nn.Conv1d(1, 1, 2)(x(t, 1, 5).double()),
    "a mirror beyond the end": lambda t: t.nn.Conv1d(1, 1, 3, padding=3, padding_mode="reflect")(x(t, 1, 3)),
    "too large an output": lambda t: t.nn.ConvTranspose1d(1, 1, 2, 2)(x(t, 1, 4), output_size=(10,)),
    "too small an output": lambda t: t.nn.ConvTranspose1d(1, 1, 2, 2)(x(t, 1, 4), output_size=(7,)),
    "an output of too many dims": lambda t: t.nn.ConvTranspose1d(1, 1, 2, 2)(x(t, 1, 4), output_size=(1, 1, 1, 8)),
    "too much output padding": lambda t: t.nn.ConvTranspose1d(1, 1, 2, 2, output_padding=2)(x(t, 1, 4)),
    "padding the same backwards": lambda t: t.nn.ConvTranspose1d(1, 1, 2, padding="same")(x(t, 1, 4)),
    "too few features": lambda t: t.nn.Linear(3, 2)(x(t, 2)),
    "features of no number": lambda t: t.nn.Linear(-1, 2),
    "features of half a number": lambda t: t.nn.Linear(2.5, 2),
    "an input of integers": lambda t: t.nn.Linear(2, 2)(t.tensor([1, 2])),
    "nothing to weigh": lambda t: t.nn.Bilinear(0, 2, 3),
    "unequal batches": lambda t: t.nn.Bilinear(2, 2, 3)(x(t, 3, 2), x(t, 4, 2)),
    "a list": lambda t: t.nn.Linear(2, 2)([1.0, 2.0]),
    "batch norm of too few dims": lambda t: t.nn.BatchNorm1d(3)(x(t, 3)),
    "batch norm of too many dims": lambda t: t.nn.BatchNorm2d(3)(x(t, 2, 3, 4)),
    "batch norm in 3d of an image": lambda t: t.nn.BatchNorm3d(3)(x(t, 2, 3, 4, 4)),
    "batch norm of other channels": lambda t: t.nn.BatchNorm1d(3)(x(t, 2, 4)),
    "batch norm of one number": lambda t: t.nn.BatchNorm1d(3)(x(t, 1, 3)),
    "instance norm of too few dims": lambda t: t.nn.InstanceNorm2d(3)(x(t, 3, 4)),
    "instance norm of other channels": lambda t: t.nn.InstanceNorm1d(3, affine=True)(x(t, 2, 4, 5)),
    "instance norm of other channels alone": lambda t: t.nn.InstanceNorm1d(3, affine=True)(x(t, 4, 5)),
    "instance norm of one number": lambda t: t.nn.InstanceNorm1d(3)(x(t, 2, 3, 1)),
    "layer norm of other sizes": lambda t: t.nn.LayerNorm((3, 4))(x(t, 4, 3)),
    "layer norm over nothing": lambda t: t.nn.LayerNorm(())(x(t, 4, 3)),
    "groups that do not divide": lambda t: t.nn.GroupNorm(3, 4),
    "no groups at all": lambda t: t.nn.GroupNorm(0, 4),
    "group norm of other channels": lambda t: t.nn.GroupNorm(2, 4)(x(t, 2, 6)),
    "rms norm of other sizes": lambda t: t.nn.RMSNorm(3)(x(t, 4)),
    "padding beyond the table": lambda t: t.nn.Embedding(3, 2, padding_idx=3),
    "padding before the table": lambda t: t.nn.Embedding(3, 2, padding_idx=-4),
    "padding beyond the bags' table": lambda t: t.nn.EmbeddingBag(3, 2, padding_idx=3),
    "rows of another shape": lambda t: t.nn.Embedding(3, 2, _weight=x(t, 2, 3)),
    "rows that are no matrix": lambda t: t.nn.Embedding.from_pretrained(x(t, 3)),
    "bags of rows that are no matrix": lambda t: t.nn.EmbeddingBag.from_pretrained(x(t, 3)),
    "a row that is not there": lambda t: t.nn.Embedding(3, 2)(t.tensor([3])),
    "a row of half a number": lambda t: t.nn.Embedding(3, 2)(t.tensor([0.5])),
    "another way to bag": lambda t: t.nn.EmbeddingBag(3, 2, mode="min")(t.tensor([[1]])),
    "bags without offsets": lambda t: t.nn.EmbeddingBag(3, 2)(t.tensor([1])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever torch raises)
        REFUSED[name](torch)
    with pytest.raises(theirs.type):
        REFUSED[name](tg)


def test_channels_that_are_not_normalized_by_name_are_warned_of(torch):
    for t in (tg, torch):
        with pytest.warns(UserWarning, match="does not match num_features"):
            t.nn.InstanceNorm1d(3)(t.ones(2, 4, 5))


# ------------------------------------------------------------------ more of convolutions


@pytest.mark.parametrize("size", [(9,), (10,), (2, 2, 10)])
def test_a_size_can_be_wanted(size, torch):
    def program(t):
        t.manual_seed(0)
        return t.nn.ConvTranspose1d(4, 2, 3, 2, 1)(values(t, 2, 4, 5).float(), output_size=size).shape

    assert list(program(tg)) == list(program(torch))


def test_a_weight_of_ones_own_making(promised):
    """As in weight standardization: a subclass calls what forward calls."""

    def program(t):
        class Standardized(t.nn.Conv1d):
            def forward(self, input):
                weight = self.weight - self.weight.mean((1, 2), keepdim=True)
                return self._conv_forward(input, weight, self.bias)

        return [layer(t, "Conv1d", (4, 3, 2), {})(values(t, *SIZES[1])), repr(Standardized(4, 3, 2))]

    agree(program, tg, promised)


def test_a_weight_laid_out_otherwise_is_drawn_as_torchs(promised):
    found = []
    for t in (tg, promised):
        t.manual_seed(0)
        conv = t.nn.Conv2d(3, 4, 3).to(memory_format=t.channels_last)
        conv.reset_parameters()
        assert conv.weight.is_contiguous(memory_format=t.channels_last)
        found.append([bits(p) for p in conv.parameters()])
    assert found[0] == found[1]


def test_without_torch_a_layer_does_what_its_formula_says():
    layer = tg.nn.Linear(2, 3)
    assert layer(tg.tensor([1.0, 2.0])).tolist() == (layer.weight @ tg.tensor([1.0, 2.0]) + layer.bias).tolist()
    mean = tg.nn.Conv1d(1, 1, 2, bias=False, padding="same")
    tg.nn.init.constant_(mean.weight, 0.5)
    assert mean(tg.tensor([[1.0, 3.0, 7.0]])).tolist() == [[2, 5, 3.5]]
    norm = tg.nn.BatchNorm1d(1, eps=0)
    with pytest.raises(ValueError, match="eps must be positive"):
        norm(tg.tensor([[1.0], [3.0]]))
    norm = tg.nn.BatchNorm1d(1, momentum=None)
    norm(tg.tensor([[1.0], [3.0]]))
    norm(tg.tensor([[5.0], [5.0]]))
    assert norm.running_mean.tolist() == [3.5]
    assert norm.running_var.tolist() == [1]
