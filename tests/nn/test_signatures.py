"""What a module is called with, to be made and to be used, is what torch's is called with."""

import inspect

import pytest

import tinygrad_edu as tg

MODULES = [
    name
    for name in tg.nn.__all__
    if getattr(getattr(tg.nn, name), "forward", tg.nn.Module.forward) is not tg.nn.Module.forward  # no containers
]


def parameters(function):
    return [
        (p.name, p.kind, getattr(p.default, "__name__", p.default))
        for p in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize("name", MODULES)
def test_arguments_are_torchs(name, torch):
    ours, theirs = (getattr(engine.nn, name) for engine in (tg, torch))
    arguments = parameters(theirs)
    if [kind for _, kind, _ in arguments] != [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]:
        names = [(name, kind) for name, kind, _ in arguments]
        assert [(name, kind) for name, kind, _ in parameters(ours)] == names or names == [("args", arguments[0][1])]
        assert [default for *_, default in parameters(ours)] == [default for *_, default in arguments]
    assert [p[0] for p in parameters(ours.forward)] == [p[0] for p in parameters(theirs.forward)]


def test_options_are_the_modules_and_not_the_classs():
    """So that a module's attributes are what it was made with, and a buffer may have the name of an option."""
    assert not hasattr(tg.nn.ELU, "alpha")
    assert not hasattr(tg.nn.MSELoss(), "size_average")
    assert tg.nn.ELU(alpha=2).alpha == 2


@pytest.mark.parametrize("call", [lambda: tg.nn.ELU(1, False, 3), lambda: tg.nn.ELU(beta=3), lambda: tg.nn.Tanh(1)])
def test_what_is_no_option_is_refused(call):
    with pytest.raises(TypeError):
        call()


class Scaled(tg.nn.ELU):
    """A shell of a user's own, with an attribute of a type that is no argument."""

    scale: list = [2.0]

    def __init__(self):
        super().__init__(0.5)
        self.weight = tg.nn.Parameter(tg.ones(1))

    def forward(self, input):
        return super().forward(input) * self.weight * self.scale[0]


def test_a_subclass_is_like_any_class():
    module = Scaled()
    assert repr(module) == "Scaled(alpha=0.5)"
    assert list(module.state_dict()) == ["weight"]
    assert module(tg.ones(2)).tolist() == [2, 2]


def test_shells_are_apart_though_their_options_are_equal():
    """Modules are compared as objects: a model may have several of a kind."""
    a, b = tg.nn.ELU(), tg.nn.ELU()
    assert a != b
    assert len({a, b}) == 2
