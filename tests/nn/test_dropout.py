"""Dropout: what is dropped is in tests/test_random.py; here are the corners, and what is refused."""

import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

FORMS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]
SHAPES = {"dropout1d": (4, 3, 2), "dropout2d": (4, 3, 2, 2), "dropout3d": (4, 3, 1, 2, 2)}


def x(t, form):
    return t.arange(48.0)[: 24 if form == "dropout1d" else 48].reshape(SHAPES.get(form, (4, 3, 4))) / 7 - 3


def called(t, form, *args, **options):
    """Value, and whether it is the very input."""
    t.manual_seed(0)
    given = x(t, form)
    out = getattr(t.nn.functional, form)(given, *args, **options)
    return [out, out is given, given]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "options",
    [
        dict(p=p, training=training, inplace=inplace)
        for p in (0, 0.0, 0.3, 1)
        for training in (True, False)
        for inplace in (True, False)
    ],
    ids=str,
)
def test_every_corner_is_torchs(form, options, promised):
    assert outcome(lambda t: called(t, form, **options), tg) == outcome(lambda t: called(t, form, **options), promised)


@pytest.mark.parametrize("form", FORMS)
def test_defaults_are_torchs(form, promised):
    assert outcome(lambda t: called(t, form), tg) == outcome(lambda t: called(t, form), promised)


@pytest.mark.parametrize("form", ["dropout1d", "dropout3d"])
@pytest.mark.parametrize("inplace", [True, False])
def test_without_a_batch(form, inplace, promised):
    def program(t):
        t.manual_seed(1)
        given = x(t, form)[0] * 1
        return [getattr(t.nn.functional, form)(given, 0.4, inplace=inplace), given]

    assert outcome(program, tg) == outcome(program, promised)


MODULES = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_torchs(name, promised):
    def program(t):
        t.manual_seed(3)
        module = getattr(t.nn, name)(0.4, inplace=True)
        form = name.lower() if name.lower() in SHAPES else "dropout"
        given = x(t, form)
        trained = module(given).tolist()
        return [repr(module), repr(getattr(t.nn, name)()), trained, given.tolist(), module.eval()(x(t, form)).tolist()]

    assert program(tg) == program(promised)


REFUSED = {
    "p above 1": lambda t: t.nn.functional.dropout(t.ones(3), 1.5),
    "p below 0": lambda t: t.nn.functional.alpha_dropout(t.ones(3), -0.5),
    "p above 1 though not training": lambda t: t.nn.functional.dropout(t.ones(3), 1.5, training=False),
    "p above 1 for a module": lambda t: t.nn.Dropout2d(2),
    "1d of a vector": lambda t: t.nn.functional.dropout1d(t.ones(3)),
    "features of a vector": lambda t: t.nn.functional.feature_alpha_dropout(t.ones(3), training=True),
    "2d of a vector": lambda t: t.nn.functional.dropout2d(t.ones(3)),
    "integers": lambda t: t.nn.functional.dropout(t.ones(3, dtype=t.int64)),
    "a leaf in place": lambda t: t.nn.functional.dropout(t.ones(3, requires_grad=True), inplace=True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    ours, theirs = (outcome(REFUSED[name], engine) for engine in (tg, torch))
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), (ours, theirs)


@pytest.mark.parametrize(("form", "shape"), [("dropout2d", (2, 3, 4)), ("dropout2d", (2, 3)), ("dropout3d", (1, 2, 3))])
def test_doubtful_shapes_warn(form, shape, torch):
    for engine in (tg, torch):
        with pytest.warns(UserWarning, match=f"{form}: Received a") as caught:
            getattr(engine.nn.functional, form)(engine.ones(*shape))
        assert caught[0].filename == __file__


def test_in_place_over_a_computed_tensor_has_the_same_slopes(promised):
    def program(t):
        t.manual_seed(2)
        w = t.ones(20, requires_grad=True)
        y = w * 3
        t.nn.functional.dropout(y, 0.5, inplace=True)
        (y * y).sum().backward()
        return w.grad

    assert outcome(program, tg) == outcome(program, promised)


def test_without_torch_what_is_kept_is_scaled_up_and_so_is_its_slope():
    tg.manual_seed(0)
    w = tg.ones(10_000, requires_grad=True)
    y = tg.nn.functional.dropout(w, 0.2)
    assert set(y.tolist()) == {0.0, 1.25}
    assert abs(y.mean().item() - 1) < 0.02
    y.sum().backward()
    assert w.grad.tolist() == y.tolist()
