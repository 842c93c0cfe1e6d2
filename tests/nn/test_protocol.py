"""What Module does for its users, hooks, checkpoints and errors, is what torch's does: the same programs run in both."""

import copy

import numpy as np
import pytest

import tinygrad_edu as tg


def net(t):
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Linear(2, 3), t.nn.Tanh(), t.nn.Linear(3, 2))


def numbers(value):
    """A program's result, as what can be compared between engines."""
    if isinstance(value, (list, tuple)):
        return [numbers(v) for v in value]
    if isinstance(value, dict):
        return {k: numbers(v) for k, v in value.items()}
    return np.round(value.detach().numpy(), 5).tolist() if hasattr(value, "detach") else value


def forward_hooks(t):
    seen, model = [], net(t)
    model[0].register_forward_pre_hook(lambda m, args: seen.append(("second", args)))
    model[0].register_forward_pre_hook(lambda m, args: args[0] * 2, prepend=True)
    model[1].register_forward_hook(lambda m, args, out: seen.append(("out", args, out)))
    model.register_forward_hook(lambda m, args, kwargs, out: (out, sorted(kwargs)), with_kwargs=True)
    handle = model[2].register_forward_pre_hook(lambda m, args, kwargs: ((args[0] + 1,), kwargs), with_kwargs=True)
    first = model(t.ones(1, 2))
    handle.remove()
    return [first, model(t.ones(1, 2)), seen]


def always_called_hooks(t):
    seen, model = [], net(t)
    model.register_forward_hook(lambda m, args, out: seen.append(("always", out)), always_call=True)
    model.register_forward_hook(lambda m, args, out: seen.append(("never", out)))
    with pytest.raises(RuntimeError):
        model(t.ones(1, 5))
    return seen


def backward_hooks(t):
    seen, model = [], net(t)
    x = t.ones(2, 2, requires_grad=True)
    model[0].register_full_backward_hook(lambda m, gi, go: seen.append(("first", gi, go)))
    model[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 3,))
    model[2].register_full_backward_pre_hook(lambda m, go: (go[0] + 1,))
    model[2].register_full_backward_hook(lambda m, gi, go: seen.append(("last", gi, go)))
    (model(x) ** 2).sum().backward()
    return [seen, x.grad, [p.grad for p in model.parameters()]]


def backward_hooks_without_inputs_that_want_gradients(t):
    seen, model = [], net(t)
    model.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    with pytest.warns(UserWarning, match="since no inputs require gradients"):
        model(t.ones(2, 2)).sum().backward()
    with t.no_grad():
        model(t.ones(2, 2))
    return seen


class Two:
    """A module of two inputs, one of them no tensor, and two outputs."""

    @staticmethod
    def of(t):
        class Two(t.nn.Module):
            def forward(self, x, k, y):
                return x * k, y + x

        return Two()


def backward_hooks_of_several(t):
    seen, model = [], Two.of(t)
    model.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    x, y = t.ones(2, requires_grad=True), t.ones(2)
    a, b = model(x, 3.0, y)
    (a * 2).sum().backward(retain_graph=True)
    (a.sum() + 5 * b.sum()).backward()
    return [seen, x.grad]


def second_order_through_hooks(t):
    seen, model = [], net(t).double()
    model[1].register_full_backward_hook(lambda m, gi, go: seen.append(gi))
    x = t.ones(1, 2, dtype=t.float64, requires_grad=True)
    (g,) = t.autograd.grad((model(x) ** 2).sum(), x, create_graph=True)
    g.sum().backward()
    return [g, x.grad]


def state(t):
    model = net(t)
    model.register_state_dict_pre_hook(lambda m, prefix, keep: m.register_buffer("late", t.ones(1)))
    model.register_state_dict_post_hook(lambda m, state, prefix, meta: state.update(more=t.zeros(1)))
    kept = model.state_dict()
    return [list(kept), dict(kept._metadata), list(model.state_dict(prefix="a.", keep_vars=True))]


def loading_hooks(t):
    seen, model = [], net(t)
    model[0].register_load_state_dict_pre_hook(lambda m, state, prefix, *rest: seen.append((prefix, sorted(state))))
    model.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    state = model.state_dict()
    del state["2.bias"]
    keys = model.load_state_dict(state)
    return [seen, keys.missing_keys, keys.unexpected_keys]


def extra_state(t):
    class Counter(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.n = 0

        def get_extra_state(self):
            return {"n": self.n}

        def set_extra_state(self, state):
            self.n = state["n"]

    a, b = Counter(), Counter()
    a.n = 3
    b.load_state_dict(a.state_dict())
    return [dict(a.state_dict()), b.n]


def assigned(t):
    model, state = net(t), net(t).double().state_dict()
    model.load_state_dict(state, assign=True)
    weight = model[0].weight
    return [
        weight.data_ptr() == state["0.weight"].data_ptr(),
        str(weight.dtype),
        weight.requires_grad,
        len(list(model.parameters())),
    ]


def versions(t):
    class New(t.nn.Module):
        _version = 2

        def __init__(self):
            super().__init__()
            self.register_buffer("scale", t.ones(1))

        def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
            if (local_metadata.get("version") or 1) < 2:
                state_dict.setdefault(prefix + "scale", t.full((1,), 7.0))
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    model = t.nn.Sequential(New())
    model.load_state_dict({})
    return [model[0].scale, dict(model.state_dict()._metadata)]


def buffers(t):
    model = t.nn.Module()
    model.kept = t.nn.Buffer(t.zeros(1))
    model.passing = t.nn.Buffer(t.zeros(1), persistent=False)
    model.kept = t.ones(2)
    return [list(model.state_dict()), [n for n, _ in model.named_buffers()], model.kept]


def paths(t):
    model = t.nn.Module()
    model.body = net(t)
    model.set_submodule("body.1", t.nn.ReLU())
    return [
        repr(model),
        model.get_parameter("body.2.bias"),
        repr(model.get_submodule("body.0")),
        model.get_submodule("") is model,
    ]


def shared(t):
    model = net(t)
    model.again = model[0]
    named = [n for n, _ in model.named_parameters()], [n for n, _ in model.named_parameters(remove_duplicate=False)]
    return [
        *named,
        [n for n, _ in model.named_children()],
        [n for n, _ in model.named_modules()],
        list(model.state_dict()),
    ]


def conversions(t):
    model = net(t)
    model.register_buffer("n", t.zeros(1, dtype=t.int64))
    model.to("cpu", t.float64).to(t.zeros(1)).type(t.float64).float().to(device="cpu")
    kinds = [str(p.dtype) for p in (*model.parameters(), *model.buffers())]
    return [kinds, [str(x.dtype) for x in (*model.half().parameters(), *model.buffers())]]


def wrapping(t):
    """A wrapper that hands on attributes which it does not have, as many do."""

    class Wrapper(t.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.inner, name)

    wrapped = Wrapper(t.nn.Linear(2, 3))
    return [wrapped.in_features, copy.deepcopy(wrapped).out_features, hasattr(wrapped, "nothing")]


def train_reaches_overridden_modes(t):
    class Frozen(t.nn.Linear):
        def train(self, mode=True):
            return super().train(False)

    model = t.nn.Sequential(Frozen(2, 2), t.nn.Linear(2, 2)).train()
    return [m.training for m in model.modules()]


def representation(t):
    class Odd(t.nn.Module):
        def extra_repr(self):
            return "a=1,\nb=2"

    class Named(t.nn.Module):
        def extra_repr(self):
            return "c=3"

    model = Named()
    model.odd, model.inner = Odd(), t.nn.Sequential(Named())
    return [repr(model), repr(Odd()), repr(t.nn.Module())]


PROGRAMS = [
    forward_hooks,
    always_called_hooks,
    backward_hooks,
    backward_hooks_without_inputs_that_want_gradients,
    backward_hooks_of_several,
    second_order_through_hooks,
    state,
    loading_hooks,
    extra_state,
    assigned,
    versions,
    buffers,
    paths,
    shared,
    conversions,
    wrapping,
    train_reaches_overridden_modes,
    representation,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_finds_what_it_finds_in_torch(program, torch):
    assert numbers(program(tg)) == numbers(program(torch))


WRONG = {
    "assigned before init": lambda t, m: setattr(t.nn.Module.__new__(t.nn.Module), "a", t.nn.Linear(1, 1)),
    "no parameter": lambda t, m: setattr(m[0], "weight", t.zeros(3, 2)),
    "no module": lambda t, m: m.add_module("a", 3),
    "no buffer": lambda t, m: m.register_buffer("a", 3),
    "a parameter of another kind": lambda t, m: m.register_parameter("a", t.zeros(2)),
    "a name with a dot": lambda t, m: m.add_module("a.b", t.nn.Tanh()),
    "a parameter under a method's name": lambda t, m: setattr(m, "forward", t.nn.Parameter(t.zeros(2))),
    "no name": lambda t, m: m.register_buffer("", t.zeros(2)),
    "a name that is no string": lambda t, m: m.register_buffer(3, t.zeros(2)),
    "a name that is taken": lambda t, m: m.register_buffer("forward", t.zeros(2)),
    "a buffer's new value": lambda t, m: (m.register_buffer("a", t.zeros(2)), setattr(m, "a", 3)),
    "no attribute": lambda t, m: m.nothing,
    "deleting nothing": lambda t, m: delattr(m, "nothing"),
    "no submodule": lambda t, m: m.get_submodule("0.nothing"),
    "a submodule that is none": lambda t, m: m.get_submodule("0.weight"),
    "a parameter that is none": lambda t, m: m.get_parameter("0.in_features"),
    "a buffer that is none": lambda t, m: m.get_buffer("0.weight"),
    "a place that is not there": lambda t, m: m.set_submodule("a.b", t.nn.Tanh()),
    "the root's place": lambda t, m: m.set_submodule("", t.nn.Tanh()),
    "missing keys": lambda t, m: m.load_state_dict({}),
    "unexpected keys": lambda t, m: m.load_state_dict({**m.state_dict(), "a": t.zeros(1), "0.b": t.zeros(1)}),
    "another shape": lambda t, m: m.load_state_dict({**m.state_dict(), "0.bias": t.zeros(4)}),
    "no tensor": lambda t, m: m.load_state_dict({**m.state_dict(), "0.bias": [1.0, 2.0, 3.0]}),
    "no dictionary": lambda t, m: m.load_state_dict([1]),
    "no forward": lambda t, m: t.nn.Module()(1),
    "an integer dtype": lambda t, m: m.to(t.int64),
    "a GPU": lambda t, m: m.cuda(),
    "no mode": lambda t, m: m.train("yes"),
    "a hook's wrong number": lambda t, m: (
        m.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0])),
        m(t.ones(1, 2, requires_grad=True)).sum().backward(),
    ),
    "a pre-hook's wrong number": lambda t, m: (
        m.register_full_backward_pre_hook(lambda m, go: (go[0], go[0])),
        m(t.ones(1, 2)).sum().backward(),
    ),
}


def complaint(torch, case):
    try:
        WRONG[case](torch, net(torch))
    except Exception as error:
        return type(error)
    raise AssertionError("torch takes it")


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_raises_what_it_raises_in_torch(case, torch):
    expected = complaint(torch, case)
    model = net(tg)
    before = numbers(model.state_dict())
    with pytest.raises(expected):
        WRONG[case](tg, model)
    after = numbers(model.state_dict())
    assert {name: after[name] for name in before} == before, "nothing is half done"


def test_the_warning_where_backward_hooks_cannot_be_called():
    model = Two.of(tg)
    model.forward = lambda x: {"x": x}
    model.register_full_backward_hook(lambda m, gi, go: None)
    with pytest.warns(UserWarning, match="should be a Tensor or a tuple of Tensors"):
        model(tg.ones(1, requires_grad=True))
