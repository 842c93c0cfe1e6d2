"""The activations as modules, beside torch's."""

import pytest

import tinygrad_edu as tg
from tests.functional.agree import agree, values

from .shells import shown

IN_PLACE = [
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Mish",
    "Hardsigmoid",
    "Hardswish",
    "ELU",
    "CELU",
    "LeakyReLU",
    "RReLU",
    "Hardtanh",
]
PLAIN = [
    "GELU",
    "Hardshrink",
    "Softshrink",
    "Tanhshrink",
    "Sigmoid",
    "LogSigmoid",
    "Tanh",
    "Softsign",
    "Softplus",
    "PReLU",
]
OPTIONS = [
    ("ELU", (2,), {}),
    ("CELU", (), dict(alpha=0.5, inplace=True)),
    ("LeakyReLU", (0.2, True), {}),
    ("RReLU", (0.1, 0.4), {}),
    ("RReLU", (0.2, 0.2, True), {}),
    ("Hardtanh", (-2, 0.5), {}),
    ("Hardtanh", (), dict(min_value=-0.5, max_value=0.25)),
    ("Threshold", (0.3, -7), {}),
    ("Threshold", (0.3, 20.0, True), {}),
    ("GELU", ("tanh",), {}),
    ("Hardshrink", (0.1,), {}),
    ("Softshrink", (0,), {}),
    ("Softplus", (3, 1.5), {}),
    ("PReLU", (3, 0.1), {}),
    ("GLU", (1,), {}),
    ("GLU", (), {}),
    ("Softmax", (0,), {}),
    ("Softmax", (), {}),
    ("LogSoftmax", (-1,), {}),
    ("Softmin", (1,), {}),
    ("Softmax2d", (), {}),
    *((name, (), {}) for name in PLAIN),
    *((name, (), dict(inplace=inplace)) for name in IN_PLACE for inplace in (False, True)),
]


@pytest.mark.parametrize(("name", "args", "named"), OPTIONS, ids=str)
def test_an_activation_is_torchs(name, args, named, promised):
    size = (2, 4, 4) if name == "GLU" else (2, 3, 4, 2)

    def program(t):
        module = getattr(t.nn, name)(*args, **named).double()
        return shown(t, module, values(t, *size) * 3)

    agree(program, tg, promised)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_slope_of_prelu_is_learned(dtype, torch):
    def program(t):
        prelu = t.nn.PReLU(2, init=0.3, device="cpu", dtype=getattr(t, dtype))
        prelu(-t.ones(3, 2, dtype=prelu.weight.dtype)).sum().backward()
        return [prelu.weight, prelu.weight.grad, str(prelu.weight.dtype), prelu.init]

    agree(program, tg, torch)


REFUSED = {
    "no room between the ends": lambda t: t.nn.Hardtanh(1.0, 1.0),
    "no threshold": lambda t: t.nn.Threshold(),
    "softmax2d of a matrix": lambda t: t.nn.Softmax2d()(t.ones(2, 3)),
    "an unknown approximation": lambda t: t.nn.GELU("nearly")(t.ones(2)),
    "halves of three": lambda t: t.nn.GLU()(t.ones(3)),
    "rrelu from right to left": lambda t: t.nn.RReLU(0.5, 0.1)(t.ones(3)),
    "a leaf in place": lambda t: t.nn.ReLU(True)(t.ones(3, requires_grad=True)),
    "celu without alpha": lambda t: t.nn.CELU(0)(t.ones(3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever torch raises)
        REFUSED[name](torch)
    with pytest.raises(theirs.type):
        REFUSED[name](tg)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda t: t.nn.Hardtanh(min_value=-2.0), "`min_value` is deprecated and renamed to `min_val`"),
        (lambda t: t.nn.Hardtanh(max_value=2.0), "`max_value` is deprecated and renamed to `max_val`"),
    ],
)
def test_old_names_warn(make, said, torch):
    for engine in (tg, torch):
        with pytest.warns(FutureWarning, match=said) as caught:
            make(engine)
        assert caught[0].filename == __file__


def test_without_torch_an_activation_keeps_its_options():
    module = tg.nn.LeakyReLU(0.5, inplace=True)
    x = tg.tensor([-2.0, 2.0])
    assert module(x) is x
    assert x.tolist() == [-1, 2]
    assert repr(module) == "LeakyReLU(negative_slope=0.5, inplace=True)"
