"""Random programs: those of this engine agree with torch; a planted bug is found, made small, and printed to be run."""

import math
import runpy
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.testing import Program, assert_agrees, differences, minimal, operations, programs
from tinygrad_edu.testing.program.ir import Index
from tinygrad_edu.testing.program.vocabulary import CHAPTERS

few = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@few
@given(program=programs())
def test_this_engine_does_what_torch_does(program, torch):
    assert_agrees(program, tg, torch)


@pytest.mark.sweep
@pytest.mark.parametrize("shard", range(20))
@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(program=programs())
def test_ten_thousand_programs_do_what_they_do_in_torch(program, torch, shard):
    assert_agrees(program, tg, torch)


def no_graphs(program):
    """The same computation, of which no gradient is asked."""
    gone, steps = set(), []
    for step in program.steps:
        orders = step.operation in CHAPTERS["orders"] or step.operation.name in ("autograd.grad", "grad")
        if orders or gone & set(step.variables):
            gone.add(step.target)
        elif step.operation.name == "tensor":
            steps.append(step.__class__(step.operation, step.target, (), step.parameters | {"requires_grad": False}))
        else:
            steps.append(step)
    return Program(tuple(steps)), [program.names[step.target] for step in steps if step.operation.makes]


@few
@given(program=programs())
def test_values_do_not_depend_on_the_graph(program):
    plain, names = no_graphs(program)
    full, found = program.run(tg), plain.run(tg)
    if "error" in full or any(step.operation.name == "grad" for step in program.steps):
        return
    for name, of in zip(names, plain.names.values()):
        np.testing.assert_array_equal(found[of], full[name])


@few
@given(program=programs())
def test_a_program_does_the_same_each_time(program):
    assert differences(program, tg, tg) == []


# ------------------------------------------------------------------ a planted bug

WRONG = SimpleNamespace(**{name: getattr(tg, name) for name in dir(tg)})
RIGHT = tg.outer
WRONG.outer = lambda x, y: RIGHT(x, y) * 1.0001


def first_failure(strategy, engine, reference):
    """The first program that differs, as Hypothesis has shrunk it."""

    @settings(max_examples=300, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(program=strategy)
    def search(program):
        assert_agrees(program, engine, reference)

    with pytest.raises(AssertionError) as caught:
        search()
    return caught.value


@pytest.mark.sweep
def test_a_bug_is_found_shrunk_and_printed():
    failure = first_failure(programs(ops=("add", "mul", "outer", "reshape", "sum", "mul_")), WRONG, tg)
    small = minimal(failure.program, WRONG, tg)
    assert small.size() <= (1, 2)
    assert "torch.outer(" in str(failure)
    assert "the engines disagree: " in str(failure)


def test_minimal_leaves_only_what_is_needed():
    long = Program.of(
        ("tensor", (), {"data": [[0.5, -1.5], [2.5, 4.0]], "dtype": "float64", "requires_grad": True}),
        ("exp", (0,), {}),
        ("index", (1,), {"index": Index((0, slice(None)))}),
        ("tanh", (2,), {}),
        ("outer", (3, 2), {}),
        ("sum", (4,), {}),
        ("backward", (5,), {"of": "", "retain_graph": True}),
    )
    small = minimal(long, WRONG, tg)
    assert [step.operation.name for step in small.steps] == ["tensor", "outer"]
    assert small.steps[0].parameters["data"] == [1.0]
    assert differences(small, WRONG, tg)


def test_the_script_tells_the_wrong_engine_from_the_right(tmp_path, monkeypatch, capsys, torch):
    program = Program.of(
        ("tensor", (), {"data": [1.0, 2.0], "dtype": "float64", "requires_grad": True}),
        ("outer", (0, 0), {}),
        ("backward", (1,), {"of": ".sum()"}),
    )
    path = tmp_path / "script.py"
    path.write_text(program.script())
    runpy.run_path(str(path), run_name="__main__")
    assert "no difference" in capsys.readouterr().out
    monkeypatch.setattr(tg, "outer", WRONG.outer)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(path), run_name="__main__")
    assert end.value.code == 1
    assert "b differs" in capsys.readouterr().out


# ------------------------------------------------------------------ judging


def test_a_corner_is_judged_only_where_both_see_the_same_bits():
    """The engine's slope of maximum at a tie is wrong; but one of the numbers may have been rounded on its way there."""
    tie = Program.of(
        *(("tensor", (), {"data": n, "dtype": "float64", "requires_grad": True}) for n in (0.5, 0.25)),
        ("mul number", (1,), {"number": 2}),
        ("maximum", (0, 2), {}),
        ("backward", (3,), {"of": ""}),
    )
    wrong = SimpleNamespace(**vars(WRONG))
    wrong.maximum = lambda x, y: tg.where(x >= y, x, y)
    assert [d.name for d in differences(tie, wrong, tg)] == ["a.grad", "b.grad"]
    wrong.maximum = tg.maximum
    wrong.tensor = lambda data, **options: tg.tensor(data * (1 + 4e-16 * (data == 0.5)), **options)
    assert tie.run(wrong)["a.grad"] == 1
    assert differences(tie, wrong, tg) == []


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        (lambda t: t * (1 + 1e-15), []),
        (lambda t: t * (1 + 1e-11), ["b"]),
        (lambda t: t.float(), ["b"]),
        (lambda t: t[None], ["b"]),
        (lambda t: t.detach(), ["b.requires_grad"]),
    ],
    ids=["rounding", "numbers", "dtype", "shape", "graph"],
)
def test_what_is_judged(engine, name):
    program = Program.of(
        ("tensor", (), {"data": 3.0, "dtype": "float64", "requires_grad": True}), ("maximum", (0, 0), {})
    )
    wrong = SimpleNamespace(float64=tg.float64, tensor=tg.tensor, maximum=lambda x, y: engine(tg.maximum(x, y)))
    assert [difference.name for difference in differences(program, wrong, tg)] == name


def test_numbers_are_as_coarse_as_those_they_are_computed_from():
    program = Program.of(
        ("tensor", (), {"data": -0.84375, "dtype": "float64", "requires_grad": False}),
        ("tensor", (), {"data": 1.0, "dtype": "float32", "requires_grad": False}),
        ("sin", (1,), {}),
        ("add", (0, 2), {}),
    )
    wrong = SimpleNamespace(**vars(WRONG))
    wrong.tensor = lambda data, **options: tg.tensor(data * (1 + 1e-7 * (data == 1)), **options)
    assert not np.isclose(program.run(wrong)["d"], program.run(tg)["d"], rtol=1e-5)
    assert differences(program, wrong, tg) == []


# ------------------------------------------------------------------ other engines


class Value:
    """A scalar engine of few lines, as people write them."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.parents, self.slopes, self.grad = data, parents, slopes, 0.0

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        out = math.tanh(self.data)
        return Value(out, (self,), (1 - out * out,))

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for p in v.parents:
                    visit(p)
                order.append(v)

        visit(self)
        grads = {id(self): 1.0}
        for v in reversed(order):
            g = grads.get(id(v), 0.0)
            for p, slope in zip(v.parents, v.slopes):
                grads[id(p)] = grads.get(id(p), 0.0) + g * slope
            if not v.parents:
                v.grad = v.grad + g


def engine_of(value):
    return SimpleNamespace(float64=None, tensor=lambda data, dtype, requires_grad: value(data))


SCALAR = programs(
    ops=("add", "mul", "tanh", "backward"), shapes=st.just(()), dtypes=(("float64",),), modes=False, max_steps=6
)


@few
@given(program=SCALAR)
def test_a_scalar_engine_of_few_lines_is_tested_too(program):
    ours = {name: a for name, a in program.run(engine_of(Value)).items() if not name.endswith(".grad") or a != 0}
    theirs = program.run(tg)
    if "error" not in theirs:
        for name, a in ours.items():
            assert np.allclose(a, theirs[name], rtol=1e-12, atol=0) if theirs.get(name) is not None else True


@few
@given(program=SCALAR)
def test_an_engine_may_be_one_function(program):
    def call(name, *variables, **parameters):
        if name == "tensor":
            return Value(parameters["data"])
        if name == "backward":
            return variables[0].backward()
        if name == "numbers":
            return np.array(variables[0].data)
        if name == "gradient":
            return np.array(variables[0].grad)
        a, *b = variables
        return {"add": lambda: a + b[0], "mul": lambda: a * b[0], "tanh": lambda: a.tanh()}[name]()

    namespace = engine_of(Value)
    ours, theirs = program.run(call), program.run(namespace)
    assert ours.keys() == theirs.keys()
    for name, a in ours.items():
        np.testing.assert_array_equal(a, theirs[name])


# ------------------------------------------------------------------ drawing


def test_a_graph_that_is_kept_is_said_to_be():
    keeps = find(programs(), lambda p: any(s.parameters.get("retain_graph") for s in p.steps), settings=few)
    assert ".backward(retain_graph=True)" in keeps.function()


@pytest.mark.sweep
def test_every_operation_is_drawn():
    seen = set()

    @settings(
        max_examples=2000,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(program=programs())
    def draw(program):
        seen.update(step.operation.name for step in program.steps)
        seen.update(step.modes for step in program.steps)

    draw()
    assert set(operations()) <= seen
    assert ("no_grad", "enable_grad") in seen


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="there is no operation 'ad'"):
        find(programs(ops=("ad",)), lambda program: True)


# ------------------------------------------------------------------ what programs have found


FOUND = {
    "a write to a part is freed by the first backward": (
        ("tensor", (), {"data": [1.0, 2.0], "dtype": "float64", "requires_grad": True}),
        ("add number", (0,), {"number": 1}),
        ("setitem number", (1,), {"index": Index((0,)), "number": 3}),
        ("backward", (1,), {"of": ".sum()"}),
        ("backward", (1,), {"of": ".sum()"}),
    ),
    **{
        f"{name} notices a write to its input": (
            ("tensor", (), {"data": 1.0, "dtype": "float64", "requires_grad": True}),
            ("add number", (0,), {"number": 1}),
            (name, (1, 0), {"reduction": "sum"}),
            ("zero_", (1,), {}),
            ("backward", (2,), {"of": ""}),
        )
        for name in ("huber_loss", "smooth_l1_loss")
    },
    "no numbers, joined to one, want their gradient": (
        ("tensor", (), {"data": [1.0], "dtype": "float64", "requires_grad": False}),
        ("tensor", (), {"data": [], "dtype": "float64", "requires_grad": True}),
        ("cat", (0, 1), {"dim": 0}),
        ("backward", (2,), {"of": ".sum()"}),
    ),
    "a running product of one number is that number": (
        ("tensor", (), {"data": [2.0], "dtype": "float64", "requires_grad": True}),
        ("cumprod", (0,), {"dim": 0}),
        ("retain_grad", (1,), {}),
        ("second backward", (1, 0), {"of": ".square().sum()"}),
    ),
    "where a factor is 0, the gradient of a running product is not computed from the product": (
        ("tensor", (), {"data": [2.0, 3.0, 0.0], "dtype": "float64", "requires_grad": True}),
        ("cumprod", (0,), {"dim": 0}),
        ("retain_grad", (1,), {}),
        ("second backward", (1, 0), {"of": ".sum()"}),
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_programs_have_found_stays_mended(name, torch):
    program = Program.of(*FOUND[name])
    assert program.run(tg).get("error") == program.run(torch).get("error")
    assert_agrees(program, tg, torch)
