"""Containers beside torch's: random programs of what one does with lists and dictionaries, and what is refused."""

import copy
import pickle
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.functional.agree import agree
from tests.snippets import outcome

# ------------------------------------------------------------------ rows

numbers = st.integers(-4, 6)
slices = st.builds(slice, *[st.none() | st.integers(-4, 4)] * 2, st.none() | st.sampled_from([-2, -1, 1, 2]))
widths = st.integers(1, 3)
several = st.lists(widths, max_size=3)

ROW_STEPS = {
    "append": ([widths], lambda row, layers, n: row.append(layers(n)) is row),
    "extend": ([several], lambda row, layers, ns: row.extend([layers(n) for n in ns]) is row),
    "insert": ([numbers, widths], lambda row, layers, i, n: row.insert(i, layers(n)) is row),
    "set": ([numbers, widths], lambda row, layers, i, n: row.__setitem__(i, layers(n))),
    "get": ([numbers], lambda row, layers, i: row[i]),
    "part": ([slices], lambda row, layers, i: row[i]),
    "delete": ([numbers], lambda row, layers, i: row.__delitem__(i)),
    "delete part": ([slices], lambda row, layers, i: row.__delitem__(i)),
    "pop": ([numbers], lambda row, layers, i: row.pop(i)),
    "pop part": ([slices], lambda row, layers, i: row.pop(i)),
    "add": ([several], lambda row, layers, ns: row + type(row)(*layers.given(row, ns))),
    "add to": ([several], lambda row, layers, ns: row.__iadd__(type(row)(*layers.given(row, ns))) is row),
    "times": ([st.integers(-1, 3)], lambda row, layers, n: row * n),
    "times before": ([st.integers(-1, 3)], lambda row, layers, n: n * row),
    "times in place": ([st.integers(-1, 3)], lambda row, layers, n: row.__imul__(n) is row),
    "twice": ([widths], lambda row, layers, n: [row.append(m) for m in [layers(n)] * 2] and None),
}
step = st.one_of(st.tuples(st.just(name), *arguments) for name, (arguments, _) in ROW_STEPS.items())


class Layers:
    """Layers of an engine, each with a width that tells it from others."""

    def __init__(self, t):
        self.t = t

    def __call__(self, width):
        return self.t.nn.Linear(width, 1)

    def given(self, row, widths):
        """The layers as a row's class takes them."""
        layers = [self(n) for n in widths]
        return layers if isinstance(row, self.t.nn.Sequential) else [layers]


def state(row):
    """What a row holds, in words; which of the layers are the same one; and what else shows them."""
    held = list(row)
    same = [held.index(m) for m in held]
    shown = [name for name in dir(row) if name.isdigit()]
    return [
        repr(row),
        len(row),
        same,
        list(row.state_dict()),
        [getattr(row, n) is m for n, m in row._modules.items()],
        shown,
    ]


def told(value, t):
    return repr(value) if isinstance(value, t.nn.Module) else value


def program_of(cls, start, steps):
    """Where torch leaves a row in disorder (a ModuleList's insert outside of it), we refuse, and so is it skipped."""

    def program(t):
        layers = Layers(t)
        row = getattr(t.nn, cls)()
        row.extend([layers(n) for n in start])
        seen = [state(row)]
        for name, *args in steps:
            if cls == "ModuleList" and (
                name.startswith("times") or (name == "insert" and not 0 <= args[0] <= len(row))
            ):
                continue
            try:
                found = told(ROW_STEPS[name][1](row, layers, *args), t)
            except Exception as error:
                found = type(error).__name__
            seen.append([name, found, state(row)])
        return seen

    return program


@given(
    cls=st.sampled_from(["Sequential", "ModuleList"]),
    start=st.lists(widths, max_size=4),
    steps=st.lists(step, max_size=8),
)
def test_any_program_on_a_row_is_torchs(promised, cls, start, steps):
    program = program_of(cls, start, steps)
    assert program(tg) == program(promised)


def test_names_of_a_sequential_are_kept_until_one_is_deleted(torch):
    def program(t):
        layers = Layers(t)
        row = t.nn.Sequential(OrderedDict(a=layers(1), b=layers(2), c=layers(3)))
        seen = [repr(row), repr(row[1:]), row.b is row[1]]
        row[1] = t.nn.Tanh()
        seen += [repr(row), list(row.state_dict()), row.pop(0) is not None, repr(row), hasattr(row, "b")]
        row.insert(1, layers(5))
        return str([seen, row, [*row.state_dict()], row + row, row * 2])

    agree(program, tg, torch)


def test_a_subclass_makes_parts_of_itself(torch):
    def program(t):
        class Net(t.nn.Sequential):
            pass

        row = Net(t.nn.Linear(1, 2), t.nn.Tanh(), t.nn.Linear(2, 1))
        return str([row[1:], row + row, type(row[:1]).__name__, type(row * 2).__name__])

    agree(program, tg, torch)


def test_repeated_blocks_of_a_list_are_folded(torch):
    def program(t):
        block = lambda: t.nn.Sequential(t.nn.Linear(2, 2), t.nn.Tanh())
        rows = [
            *([], [t.nn.Tanh()], [t.nn.Linear(2, 2) for _ in range(4)], [block(), block(), t.nn.Tanh(), block()]),
            [t.nn.ModuleList([block(), block()]), t.nn.ModuleList([block(), block()])],
        ]
        return str([t.nn.ModuleList(row) for row in rows])

    agree(program, tg, torch)


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["deepcopy", "pickle"]
)
def test_a_copy_holds_copies(clone):
    layer = tg.nn.Linear(1, 1)
    row = tg.nn.ModuleList([layer, tg.nn.Tanh(), layer])
    twin = clone(row)
    assert twin[0] is twin[2] is getattr(twin, "0")
    assert twin[0] is not layer
    del twin[0]
    assert repr(twin) == repr(row[1:])
    assert len(row) == 3


def test_without_torch_a_sequential_calls_one_after_the_other():
    row = tg.nn.Sequential(tg.nn.Flatten(), tg.nn.Tanh())
    assert row(tg.ones(1, 2, 2)).tolist() == [[tg.tensor(1.0).tanh().item()] * 4]
    assert tg.nn.Sequential()(3) == 3
    assert [type(m).__name__ for m in row * 2] == ["Flatten", "Tanh"] * 2


# ------------------------------------------------------------------ modules by name

names = st.sampled_from(["a", "b", "c d", "1"])
DICT_STEPS = {
    "set": ([names, widths], lambda held, layers, k, n: held.__setitem__(k, layers(n))),
    "get": ([names], lambda held, layers, k: held[k]),
    "delete": ([names], lambda held, layers, k: held.__delitem__(k)),
    "pop": ([names], lambda held, layers, k: held.pop(k)),
    "clear": ([], lambda held, layers: held.clear()),
    "contains": ([names], lambda held, layers, k: k in held),
    "update": ([names, widths], lambda held, layers, k, n: held.update({k: layers(n)})),
    "update by pairs": ([names, widths], lambda held, layers, k, n: held.update([(k, layers(n)), ["z", layers(1)]])),
    "update by another": ([names, widths], lambda held, layers, k, n: held.update(type(held)({k: layers(n)}))),
}
dict_step = st.one_of(st.tuples(st.just(name), *arguments) for name, (arguments, _) in DICT_STEPS.items())


@given(steps=st.lists(dict_step, max_size=10))
def test_any_program_on_a_dictionary_is_torchs(promised, steps):
    def program(t):
        held, layers, seen = t.nn.ModuleDict({"b": t.nn.Tanh()}), Layers(t), []
        for name, *args in steps:
            try:
                found = told(DICT_STEPS[name][1](held, layers, *args), t)
            except Exception as error:
                found = type(error).__name__
            both = [list(held), list(held.keys()), [k for k, _ in held.items()], list(map(repr, held.values()))]
            seen.append([name, found, repr(held), len(held), list(held.state_dict()), *both])
            seen.append([hasattr(held, k) for k in ("a", "b", "c d", "1")])
        return seen

    assert program(tg) == program(promised)


# ------------------------------------------------------------------ parameters

things = st.sampled_from(["tensor", "parameter", "number", "module"])
keys = st.sampled_from(["b", "a", "c d"])


def thing(t, kind, width):
    return {
        "tensor": lambda: t.ones(width),
        "parameter": lambda: t.nn.Parameter(t.zeros(width, 2), requires_grad=width > 1),
        "number": lambda: width,
        "module": lambda: t.nn.Linear(width, 1),
    }[kind]()


def parameters_of(held, t):
    learned = [(name, list(p.shape), p.requires_grad) for name, p in held.named_parameters()]
    return [repr(held), len(held), learned, [told(v, t) if not hasattr(v, "detach") else v.tolist() for v in held]]


LIST_STEPS = {
    "append": ([things, widths], lambda held, t, kind, n: held.append(thing(t, kind, n)) is held),
    "extend": ([things, widths], lambda held, t, kind, n: held.extend([thing(t, kind, n)] * n) is held),
    "add to": ([things, widths], lambda held, t, kind, n: held.__iadd__([thing(t, kind, n)]) is held),
    "set": ([numbers, things, widths], lambda held, t, i, kind, n: held.__setitem__(i, thing(t, kind, n))),
    "get": ([numbers], lambda held, t, i: repr(held[i])),
    "part": ([slices], lambda held, t, i: repr(held[i])),
}
list_step = st.one_of(st.tuples(st.just(name), *arguments) for name, (arguments, _) in LIST_STEPS.items())


@given(steps=st.lists(list_step, max_size=10))
def test_any_program_on_a_list_of_parameters_is_torchs(promised, steps):
    def program(t):
        held, seen = t.nn.ParameterList([t.ones(3)]), []
        for name, *args in steps:
            try:
                found = LIST_STEPS[name][1](held, t, *args)
            except Exception as error:
                found = type(error).__name__
            seen.append([name, found, parameters_of(held, t)])
        return seen

    assert program(tg) == program(promised)


PARAMETER_STEPS = {
    "set": ([keys, things, widths], lambda held, t, k, kind, n: held.__setitem__(k, thing(t, kind, n))),
    "get": ([keys], lambda held, t, k: repr(held[k])),
    "get or": ([keys], lambda held, t, k: repr(held.get(k, 3))),
    "set default": ([keys, things, widths], lambda held, t, k, kind, n: repr(held.setdefault(k, thing(t, kind, n)))),
    "delete": ([keys], lambda held, t, k: held.__delitem__(k)),
    "pop": ([keys], lambda held, t, k: repr(held.pop(k))),
    "pop item": ([], lambda held, t: repr(held.popitem())),
    "clear": ([], lambda held, t: held.clear()),
    "copy": ([], lambda held, t: repr(held.copy())),
    "contains": ([keys], lambda held, t, k: k in held),
    "reversed": ([], lambda held, t: list(reversed(held))),
    "fromkeys": ([keys, widths], lambda held, t, k, n: repr(held.fromkeys([k, "z"], t.ones(n)))),
    "update": ([things, widths], lambda held, t, kind, n: held.update({"z": thing(t, kind, n), "b": t.ones(1)})),
    "update in order": ([widths], lambda held, t, n: held.update(OrderedDict(z=t.ones(n), b=t.ones(1)))),
    "update by pairs": ([widths], lambda held, t, n: held.update([("z", t.ones(n)), ["b", t.ones(1)]])),
    "or": ([keys, widths], lambda held, t, k, n: repr(held | t.nn.ParameterDict({k: t.ones(n)}))),
    "ror": ([keys, widths], lambda held, t, k, n: sorted({k: t.ones(n)} | dict(held.items()))),
    "or to": ([keys, widths], lambda held, t, k, n: held.__ior__(t.nn.ParameterDict({k: t.ones(n)})) is held),
    "items": ([], lambda held, t: [list(held.keys()), repr(list(held.items())), repr(list(held.values()))]),
}
parameter_step = st.one_of(st.tuples(st.just(name), *arguments) for name, (arguments, _) in PARAMETER_STEPS.items())


@given(steps=st.lists(parameter_step, max_size=10))
def test_any_program_on_a_dictionary_of_parameters_is_torchs(promised, steps):
    def program(t):
        held, seen = t.nn.ParameterDict({"b": t.ones(2), "a": t.zeros(1)}), []
        for name, *args in steps:
            try:
                found = PARAMETER_STEPS[name][1](held, t, *args)
            except Exception as error:
                found = type(error).__name__
            seen.append([name, found, parameters_of(held, t)])
        return seen

    assert program(tg) == program(promised)


# ------------------------------------------------------------------ refused

linear = lambda t: t.nn.Linear(1, 1)

REFUSED = {
    "a function in a row": lambda t: t.nn.Sequential(t.tanh),
    "a dictionary in a row": lambda t: t.nn.Sequential({"a": linear(t)}),
    "a name with a dot": lambda t: t.nn.Sequential(OrderedDict({"a.b": linear(t)})),
    "a name that is a number": lambda t: t.nn.Sequential(OrderedDict({1: linear(t)})),
    "a name that is a method's": lambda t: t.nn.Sequential(OrderedDict(append=linear(t))),
    "a number set": lambda t: t.nn.Sequential(linear(t)).__setitem__(0, 3),
    "a number inserted": lambda t: t.nn.Sequential(linear(t)).insert(0, 3),
    "a place that is no number": lambda t: t.nn.Sequential(linear(t))["0"],
    "a list added": lambda t: t.nn.Sequential().__add__([linear(t)]),
    "a list added in place": lambda t: t.nn.Sequential().__iadd__([linear(t)]),
    "times a half": lambda t: t.nn.Sequential(linear(t)) * 0.5,
    "times nothing": lambda t: t.nn.Sequential(linear(t)) * 0,
    "one module for a list": lambda t: t.nn.ModuleList(linear(t)),
    "numbers in a list": lambda t: t.nn.ModuleList([1, 2]),
    "a list called": lambda t: t.nn.ModuleList([linear(t)])(t.ones(1)),
    "a dictionary called": lambda t: t.nn.ModuleDict()(t.ones(1)),
    "a number in a dictionary": lambda t: t.nn.ModuleDict({"a": 3}),
    "a key that is a number": lambda t: t.nn.ModuleDict({1: linear(t)}),
    "a key that is a method's": lambda t: t.nn.ModuleDict({"keys": linear(t)}),
    "no pairs": lambda t: t.nn.ModuleDict([linear(t)]),
    "triples": lambda t: t.nn.ModuleDict([("a", linear(t), 2)]),
    "one module for a dictionary": lambda t: t.nn.ModuleDict(3),
    "a missing key": lambda t: t.nn.ModuleDict()["a"],
    "a tensor for a list of parameters": lambda t: t.nn.ParameterList(t.ones(3)),
    "a list of parameters called": lambda t: t.nn.ParameterList()(),
    "a dictionary of parameters called": lambda t: t.nn.ParameterDict()(3),
    "a key of parameters that is a number": lambda t: t.nn.ParameterDict({1: t.ones(1)}),
    "a key of parameters that is a method's": lambda t: t.nn.ParameterDict({"keys": t.ones(1)}),
    "a key of parameters with a dot": lambda t: t.nn.ParameterDict({"a.b": t.ones(1)}),
    "no pairs of parameters": lambda t: t.nn.ParameterDict([3]),
    "triples of parameters": lambda t: t.nn.ParameterDict(["abc"]),
    "a missing parameter": lambda t: t.nn.ParameterDict()["a"],
    "a parameter in place of a number": lambda t: t.nn.ParameterList([t.ones(1)]).__setitem__(0, 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    theirs = outcome(REFUSED[name], torch)
    assert isinstance(theirs, Exception)
    with pytest.raises(type(theirs)):
        REFUSED[name](tg)


def test_a_list_refuses_an_insertion_outside_of_it():
    """torch leaves a gap in the numbers, or loses a module."""
    row = tg.nn.ModuleList([tg.nn.Tanh()])
    for i in (2, -2):
        with pytest.raises(IndexError):
            row.insert(i, tg.nn.Tanh())
    row.insert(-1, tg.nn.ReLU())
    assert repr(row) == "ModuleList(\n  (0): ReLU()\n  (1): Tanh()\n)"


def test_what_is_refused_leaves_a_container_as_it_was():
    held = tg.nn.ParameterDict({"a": tg.ones(1)})
    for key in (1, "keys", "b.c"):
        with pytest.raises((KeyError, TypeError)):
            held[key] = tg.ones(2)
    row = tg.nn.ParameterList([tg.ones(1)])
    with pytest.raises(TypeError):
        row.extend(3)
    assert list(held) == ["a"]
    assert len(row) == 1
