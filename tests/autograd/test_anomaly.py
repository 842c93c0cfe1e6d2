"""Birth certificates: each nan is traced to the op, line, element and numbers that it was born of, in either direction."""

import linecache
import re
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.declared import cases, draw, name_of, tensors
from tinygrad_edu.autograd.anomaly_mode import Anomaly
from tinygrad_edu.thread import thread

NAN_LOSS = "a loss that is nan, though no gradient of it is"


def outcome(program, name="tinygrad_edu"):
    """What a program under anomaly mode raises, or the gradient of its x."""
    text = f"import {name} as tg\ninf, nan = float('inf'), float('nan')\n{textwrap.dedent(program)}"
    linecache.cache["program.py"] = len(text), None, text.splitlines(True), "program.py"
    known = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with __import__(name).autograd.detect_anomaly():
                exec(compile(text, "program.py", "exec"), known)
        except Exception as error:
            return error
    return known["x"].grad.tolist()


# what happens: (the program, whose first line is line 3; what the message says, in this order)
BORN = {
    "pytorch issue 160016, case 1: the producer is named, not the one that passed it on": (
        """\
        x = tg.tensor([1.0], requires_grad=True)
        y = tg.sqrt(x - 2)
        y = tg.sqrt(y)
        y.backward()
        """,
        [
            "Function 'SqrtBackward0' returned nan values in its 0th output.",
            "line 5: y = tg.sqrt(y)",
            "forward: sqrt(-1.0) = nan, element [0]",
            "line 4: y = tg.sqrt(x - 2)",
            "through sqrt (line 5)",
        ],
    ),
    "pytorch issue 160016, case 2: a nan loss does not pass in silence": (
        """\
        x = tg.tensor([1.0], requires_grad=True)
        loss = tg.log(-x)
        loss.backward()
        """,
        [
            "Function 'LogBackward0'",
            NAN_LOSS,
            "log(-1.0) = nan, element [0]",
            "line 4: loss",
            "x > 0",
            ".clamp(min=1e-12)",
        ],
    ),
    "inf - inf, of log(0)": (
        """\
        x = tg.tensor([1.0, 0.0], requires_grad=True)
        a = x.log()
        b = a + 1
        (b - a).sum().backward()
        """,
        [
            "'LogBackward0' returned nan",
            "-inf - (-inf) = nan, element [1]",
            "line 6",
            "older",
            "log(0.0) = -inf, element [1]",
        ],
    ),
    "0 / 0, beside an inf that is not its cause": (
        """\
        x = tg.tensor([0.0, 1.0], requires_grad=True)
        y = x / tg.tensor([0.0, inf])
        y.sum().backward()
        """,
        [NAN_LOSS, "0.0 / 0.0 = nan, element [0]", "through sum (line 5)\nWhy: 0 / 0 has no value"],
    ),
    "0 / 0": (
        """\
        x = tg.tensor([0.0], requires_grad=True)
        (x / x).sum().backward()
        """,
        [
            "'DivBackward0' returned nan values in its 1th",
            "0.0 / 0.0 = nan",
            "through sum",
            "0 / 0 has no value",
            "divisor",
        ],
    ),
    "exp overflows, in a softmax by hand": (
        """\
        x = tg.tensor([100.0, 1.0], requires_grad=True)
        e = x.exp()
        (e / e.sum()).sum().backward()
        """,
        ["inf / inf = nan, element [0]", "line 5", "exp(100.0) = inf, element [0]", "line 4", "softmax and logsumexp"],
    ),
    "float16 overflows": (
        """\
        x = tg.tensor([300.0], dtype=tg.float16, requires_grad=True)
        y = x * x
        (y - y).sum().backward()
        """,
        [NAN_LOSS, "inf - inf = nan", "line 5", "300.0 * 300.0 = inf", "line 4", "`.float()`"],
    ),
    "a sum overflows": (
        """\
        x = tg.tensor([60000.0, 60000.0], dtype=tg.float16, requires_grad=True)
        y = x.sum()
        (y * 0).backward()
        """,
        [NAN_LOSS, "inf * 0.0 = nan, its only element", "sum(2 numbers up to 6e+04) = inf"],
    ),
    "x / 0, then 0 times that": (
        """\
        x = tg.tensor([1.0], requires_grad=True)
        y = x / 0
        (y * 0).sum().backward()
        """,
        ["inf * 0.0 = nan", "1.0 / 0.0 = inf", "line 4"],
    ),
    "nan in the data, by the name of the variable": (
        """\
        x, w = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor([0.5, nan])
        (x * w).sum().backward()
        """,
        ["'MulBackward0' returned nan", "No op made it: w had nan from the start, element [1]", "mend the data"],
    ),
    "nan in a leaf": (
        """\
        x = tg.tensor([1.0, nan], requires_grad=True)
        (x * 2).sum().backward()
        """,
        [NAN_LOSS, "No op made it: x had nan from the start, element [1]", "line 4"],
    ),
    "a number that is nan": (
        """\
        x = tg.tensor([1.0], requires_grad=True)
        (x + nan).sum().backward()
        """,
        [NAN_LOSS, "No op made it: `other` of add had nan"],
    ),
    "through views": (
        """\
        x = tg.tensor([1.0, -1.0, 4.0, 9.0], requires_grad=True)
        m = x.sqrt().reshape(2, 2)
        (m.T[1] * 2).sum().backward()
        """,
        ["sqrt(-1.0) = nan, element [1]", "through reshape (line 4), permute (line 5), getitem (line 5), sum (line 5)"],
    ),
    "written in place": (
        """\
        x = tg.tensor([-1.0, 1.0], requires_grad=True)
        y = x * 2
        y.sqrt_()
        (y + 1).sum().backward()
        """,
        ["'SqrtBackward0' returned nan", "sqrt(-2.0) = nan, element [0]", "through add (line 6)"],
    ),
    "read through a view that was made before": (
        """\
        x = tg.tensor([1.0, -1.0], requires_grad=True)
        y = x * 2
        v = y[1:]
        y.log_()
        (v + 1).sum().backward()
        """,
        [NAN_LOSS, "log(-2.0) = nan, element [1]", "line 6: y.log_()", "add (line 7)"],
    ),
    "broadcast": (
        """\
        x = tg.tensor([1.0, 0.0], requires_grad=True)
        (tg.zeros(3, 2) / x).sum().backward()
        """,
        ["'DivBackward0' returned nan", "0.0 / 0.0 = nan, element [0, 1]"],
    ),
    "written in place through a view that is gone": (
        """\
        x = tg.tensor([1.0, -1.0], requires_grad=True)
        y = x * 2
        y[1:].log_()
        (y + 1).sum().backward()
        """,
        [NAN_LOSS, "log(-2.0) = nan, element [0]", "line 5: y[1:].log_()"],
    ),
    "assigned": (
        """\
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        y = x * 2
        y[1] = nan
        (y * x).sum().backward()
        """,
        ["No op made it", "line 5: y[1] = nan", "mul (line 6)"],
    ),
    "written where no graph is": (
        """\
        x, w = tg.tensor([1.0, 2.0], requires_grad=True), tg.ones(2)
        w.mul_(inf)
        w.sub_(inf)
        (x * w).sum().backward()
        """,
        ["inf - inf = nan, element [0]", "line 5", "older: no op made it", "line 4"],
    ),
    "filled with nan": (
        """\
        x, w = tg.tensor([1.0, 2.0], requires_grad=True), tg.ones(2)
        w.fill_(nan)
        (x * w).sum().backward()
        """,
        ["No op made it: nan was written in place, element [0]", "line 4: w.fill_(nan)"],
    ),
    "in the forward of a Function": (
        """\
        class Root(tg.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return tg.sqrt(x)
            @staticmethod
            def backward(ctx, g):
                return g
        x = tg.tensor([-1.0], requires_grad=True)
        (Root.apply(x) * 2).sum().backward()
        """,
        [NAN_LOSS, "sqrt(-1.0) = nan", "line 6: return tg.sqrt(x)", "through Root (line 11), mul (line 11)"],
    ),
    "in the forward of a Function, by NumPy": (
        """\
        class Root(tg.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return tg.from_numpy(x.detach().numpy() ** 0.5)
            @staticmethod
            def backward(ctx, g):
                return g
        x = tg.tensor([-1.0], requires_grad=True)
        (Root.apply(x) * 2).sum().backward()
        """,
        [NAN_LOSS, "what Root made had nan from the start", "line 11"],
    ),
    "in the backward of a Function": (
        """\
        class Twice(tg.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return g * tg.log(tg.tensor([-1.0]))
        x = tg.tensor([2.0], requires_grad=True)
        Twice.apply(x).sum().backward()
        """,
        ["Function 'TwiceBackward' returned nan", "log(-1.0) = nan", "line 9: return g * tg.log", "through mul"],
    ),
    "in the backward of a Function, by NumPy; an inf in its forward that came to nothing is not its cause": (
        """\
        class Twice(tg.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x * 2
                tg.log(x * 0)
                return y
            @staticmethod
            def backward(ctx, g):
                return tg.from_numpy(g.numpy() * nan)
        x = tg.tensor([2.0], requires_grad=True)
        Twice.apply(x).sum().backward()
        """,
        [
            "Function 'TwiceBackward' returned nan",
            "the backward of Twice = nan, element [0]",
            "same line\nWhy: the slope",
        ],
    ),
    "born in the backward: inf * 0": (
        """\
        x = tg.tensor([0.0, 0.0], requires_grad=True)
        s = (x * x).sum()
        s.sqrt().backward()
        """,
        [
            "Function 'MulBackward0' returned nan",
            "Born in the backward: dx = g * y = nan with g = inf, y = 0.0, element [0] of mul",
            "older: born in the backward: dx = g / (2 * out) = inf with g = 1.0, out = 0.0",
            "line 5: s.sqrt().backward()",
        ],
    ),
    "gradients that add up to inf - inf": (
        """\
        x = tg.tensor([0.0, 2.0], requires_grad=True)
        a = x * 1
        (a.sqrt() - 2 * a.sqrt()).sum().backward()
        """,
        [
            "Function 'MulBackward0' returned nan",
            "g = ",
            "out = 0.0, element [0] of sqrt",
            "a sum of gradients, inf - inf",
        ],
    ),
    "in the gradient that was given": (
        """\
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        (x * 2).backward(tg.tensor([1.0, nan]))
        """,
        ["Function 'MulBackward0' returned nan", "the gradient that backward() was given", "element [1]"],
    ),
    "switched off by a factor of 0, which does not": (
        """\
        x = tg.tensor([0.0, 4.0], requires_grad=True)
        (tg.sqrt(x) * (x > 0)).sum().backward()
        """,
        ["'SqrtBackward0'", "arrives at element [0] is 0", "g = 0.0, out = 0.0", "0 * inf has no value"],
    ),
    "a row that is masked as a whole": (
        """\
        x = tg.tensor([[1.0, 2.0]], requires_grad=True)
        s = x.masked_fill(tg.tensor([[True, True]]), -inf)
        s.softmax(-1).sum().backward()
        """,
        ["softmax(2 numbers up to inf) = nan, element [0, 0]", "line 5", "older: no op made it", "line 4"],
    ),
    "through a network": (
        """\
        x = tg.ones(3, 2, requires_grad=True)
        data = tg.tensor([[1.0, 1.0], [1.0, nan], [1.0, 1.0]])
        net = tg.nn.Sequential(tg.nn.Linear(2, 2), tg.nn.Tanh(), tg.nn.Linear(2, 1))
        tg.nn.functional.mse_loss(net(x * data), tg.ones(3, 1)).backward()
        """,
        [
            "'MseLossBackward0' returned nan",
            "data had nan from the start, element [1, 1]",
            "through mul",
            "linear",
            "mse_loss",
        ],
    ),
}


@pytest.mark.parametrize("case", BORN)
def test_the_certificate_names_op_line_element_and_numbers(case):
    program, parts = BORN[case]
    message = str(outcome(program))
    assert re.search(".*".join(map(re.escape, parts)), message, re.S), message
    assert len(message.splitlines()) <= 6


@pytest.mark.parametrize("case", BORN)
def test_what_torch_raises_at_is_raised_and_begins_the_same(case, torch):
    """And what it does not raise at is only ever a loss that is nan."""
    program, _ = BORN[case]
    ours, theirs = outcome(program), outcome(program, "torch")
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs)
        assert str(ours).startswith(str(theirs))
    else:
        assert NAN_LOSS in str(ours)


BACKWARD = "\nx0.sum().backward()"
MASKED = {
    "x = tg.tensor([-1.0, 0.0], requires_grad=True)\nx0 = tg.where(x > 0, tg.sqrt(x), x)": [1, 1],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nx0 = tg.where(x > 0, x.sqrt(), x)": [1, 1],
    "x = tg.tensor([0.0, 1.0], requires_grad=True)\nx0 = tg.where(x > 0, x.log() * x, 0.0)": [0, 1],
    "x = tg.tensor([0.0, 2.0], requires_grad=True)\nx0 = tg.where(x == 0, 1.0, x / x)": [0, 0],
    "x = tg.tensor([0.0, 4.0], requires_grad=True)\nx0 = tg.where(x != 0, x**-0.5, 1.0)": [0, -1 / 16],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nr = x.sqrt()\nx0 = tg.where(x > 0, r, x)": [1, 1],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nx0 = tg.where(x > 0, tg.sqrt(x) + 1, x).reshape(2, 1)": [1, 1],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nx0 = tg.sqrt(x).masked_fill(x == 0, 0.0)": [0, 1],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nx0 = tg.where(\nx > 0,tg.sqrt(x),x)": [1, 1],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nx0 = tg.where(x > 0, 1 * tg.pow(x, 0.5), x)": [1, 1],
    "x = tg.tensor([0.0, 0.25], requires_grad=True)\nx0 = tg.where(x > 0, x.pow(0.5), x)": [1, 1],
}


@pytest.mark.parametrize("program", MASKED)
def test_a_masked_branch_is_recognised_and_the_double_where_in_the_message_cures_it(program):
    program += BACKWARD
    message = str(outcome(program))
    assert "A masked branch: `where` did not choose element [0]" in message
    old, new = re.search("the double where\\): replace `(.*)` by `(.*)`", message, re.S).groups()
    program, as_given = program.replace("(\n", "("), program
    assert old in program
    assert outcome(program.replace(old, new)) == MASKED[as_given.removesuffix(BACKWARD)]


def test_a_where_that_chose_the_entry_is_not_blamed():
    message = str(
        outcome("""\
        x = tg.tensor([0.0, 4.0], requires_grad=True)
        y = tg.sqrt(x) * (x > 0)
        tg.where(x < 1, y, 0.0).sum().backward()
        """)
    )
    assert "masked branch" not in message
    assert "0 * inf has no value" in message


@pytest.mark.parametrize(
    "program",
    [
        "x = tg.tensor([1000.0], requires_grad=True)\nx.exp().sum().backward()",
        "x = tg.tensor([0.0], requires_grad=True)\nx.sqrt().sum().backward()",
        "x = tg.tensor([nan, 1.0], requires_grad=True)\ntg.where(x > 0, x, 0.0).sum().backward()",
        "x = tg.tensor([nan, 1.0], requires_grad=True)\nx.nan_to_num().sum().backward()",
        "x = tg.tensor([1.0, 2.0], requires_grad=True)\ny = x.masked_fill(x < 2, -inf)\ny.softmax(0)[1].backward()",
        "x = tg.tensor([1.0], requires_grad=True)\n(-x).log()\n(x * x).sum().backward()",
        "x = tg.tensor([1.0], requires_grad=True)\nx.backward(tg.tensor([nan]))",
    ],
)
def test_what_torch_lets_run_runs(program, torch):
    """inf alone is no reason to stop, nor a nan that does not reach the loss."""
    np.testing.assert_array_equal(outcome(program), outcome(program, "torch"))


SPOILT = [case for case in cases() if case[0].differentiable and "cholesky" not in case[0].name]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_whatever_the_op_the_certificate_can_be_written(value, rng):
    for case in SPOILT:
        op, shapes, params = case
        arrays = draw(op, shapes, rng)
        spoilt = next(a for a in arrays if a is not None and a.dtype.kind == "f")
        spoilt[(0,) * spoilt.ndim] = value
        errors = []
        for mode in (tg.autograd.detect_anomaly(), tg.autograd.set_detect_anomaly(False)):
            with mode:
                try:
                    out = op.call(*tensors(op, arrays), **params)
                    out.sum().backward()
                except Exception as error:
                    errors.append(error)
        if len(errors) == 1:
            assert str(errors[0]).startswith("Function '"), (name_of(case), errors[0])
            assert "Why: " in str(errors[0])


def test_anomaly_mode_keeps_nothing_of_what_is_gone():
    with tg.autograd.detect_anomaly():
        (watcher,) = thread.watchers
        assert isinstance(watcher, Anomaly)
        x = tg.tensor([0.0, 1.0], requires_grad=True)
        for _ in range(3):
            loss = x.log().sum()
            loss.backward()
        assert len(watcher.arrays) == 2  # that of x.grad, and of the last loss: log(x) is gone
        del loss, x
        assert not watcher.arrays


def test_the_page_shows_the_messages():
    page = (Path(__file__).parents[2] / "docs" / "nan.md").read_text()
    shown = [*list(BORN.values())[:2], BORN["exp overflows, in a softmax by hand"], (next(iter(MASKED)) + BACKWARD, [])]
    for program, _ in shown:
        assert f"RuntimeError: {outcome(program)}\n" in page
