"""The twelve classic mistakes: torch's exception, both lines, why, and a fix that is applied here, word for word."""

import linecache
import re
import textwrap
import warnings
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tinygrad_edu.teaching import keeping_graph, out_of_place, summed

HEAD = "import tinygrad_edu as tg\n\n"

# mistake: (the script, [what its message must say], the fix: (old, new), where what is new stands in the message)
TWELVE = {
    "backward on a freed graph": (
        """\
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        with tg.autograd.detect_anomaly():
            y = x.exp()
            loss = y.sum()
            loss.backward()
            y.sum().backward()
        assert x.grad.allclose(2 * x.exp())
        """,
        ["exp", "saved at", "y = x.exp()", "freed at", "line 7: loss.backward()"],
        ("loss.backward()", "loss.backward(retain_graph=True)"),
    ),
    "in place on a saved value": (
        """\
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        with tg.autograd.detect_anomaly():
            y = x.exp()
            y.add_(1)
            y.sum().backward()
        assert x.grad.allclose(x.exp())
        """,
        [
            "exp saved its output",
            "of shape [2]",
            "saved at",
            "y = x.exp()",
            "overwritten at",
            "line 6: y.add_(1)",
            "dx = g * out",
        ],
        ("y.add_(1)", "y = y.add(1)"),
    ),
    "in place on a leaf": (
        """\
        w = tg.tensor([1.0, 2.0], requires_grad=True)
        w.add_(1)
        assert w.tolist() == [2.0, 3.0]
        """,
        ["written to at", "line 4: w.add_(1)"],
        ("w.add_(1)", "with tg.no_grad(): w.add_(1)"),
    ),
    "backward on a vector": (
        """\
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        y = x * x
        y.backward()
        assert x.grad.tolist() == [2.0, 4.0]
        """,
        ["shape [2]", "Jacobian"],
        ("y.backward()", "y.sum().backward()"),
    ),
    "backward on a constant": (
        """\
        x = tg.tensor([1.0, 2.0])
        y = (x * x).sum()
        y.backward()
        assert x.grad.tolist() == [2.0, 4.0]
        """,
        ["constant", "no_grad, detach"],
        ("tg.tensor([1.0, 2.0])", "tg.tensor([1.0, 2.0], requires_grad=True)"),
    ),
    "(N) against (N, 1), in mse_loss": (
        """\
        prediction, target = tg.tensor([0.0, 1.0, 2.0]), tg.tensor([[0.0], [1.0], [2.0]])
        loss = tg.nn.functional.mse_loss(prediction, target)
        assert loss == 0
        """,
        ["[3, 1]", "[3]", "3 x 3 differences in the place of 3"],
        ("target)\n", "target.squeeze(1))\n"),
    ),
    "(N) against (N, 1), in BCELoss": (
        """\
        p, target = tg.tensor([[0.5], [0.5]]), tg.tensor([0.0, 1.0])
        loss = tg.nn.BCELoss()(p, target)
        assert abs(loss.item() - 0.6931) < 1e-4
        """,
        ["[2, 1]", "[2]", "2 x 2"],
        ("(p, target)", "(p.squeeze(1), target)"),
    ),
    "matmul of shapes that do not fit": (
        """\
        x, w = tg.ones(2, 3), tg.ones(4, 3)
        y = x @ w
        assert y.shape == (2, 4)
        """,
        ["2x3 and 4x3", "3 entries in the first and 4 in the second"],
        ("x @ w", "x @ w.mT"),
    ),
    "BCE of what is no probability": (
        """\
        z, target = tg.tensor([0.5, 1.5]), tg.ones(2)
        loss = tg.nn.BCELoss()(z, target)
        assert loss.item() > 0
        """,
        ["element [1] is 1.5", "sigmoid", "log(1 - p)"],
        ("BCELoss", "BCEWithLogitsLoss"),
    ),
    "BCE of nan": (
        """\
        x, target = tg.tensor([1.0, -1.0], requires_grad=True), tg.ones(2)
        with tg.autograd.detect_anomaly():
            z = x.log()
            p = z.sigmoid()
            loss = tg.nn.BCELoss()(p, target)
        assert loss.item() > 0
        """,
        ["element [1] is nan", "log(-1.0) = nan, element [1]", "line 5: z = x.log()", "through sigmoid (line 6)"],
        ("x.log()", "x.clamp(min=1e-12).log()"),
    ),
    "numpy() of what requires grad": (
        """\
        x = tg.tensor([1.0, 2.0], requires_grad=True)
        a = (2 * x).numpy()
        assert a.tolist() == [2.0, 4.0]
        """,
        ["no node behind"],
        (".numpy()", ".detach().numpy()"),
    ),
    "integers that require grad": (
        """\
        x = tg.tensor([1, 2], requires_grad=True)
        assert x.requires_grad
        """,
        ["torch.int64", "between two integers"],
        ("tg.tensor([1, 2]", "tg.tensor([1, 2], dtype=tg.float32"),
    ),
    "a computed tensor for an optimizer": (
        """\
        with tg.autograd.detect_anomaly():
            w = tg.ones(2, requires_grad=True) * 0.1
        optimizer = tg.optim.SGD([w], lr=0.1)
        w.sum().backward()
        optimizer.step()
        assert w.allclose(tg.zeros(2), atol=1e-6)
        """,
        ["shape [2]", "MulBackward0", "line 4: w = tg.ones"],
        ("requires_grad=True) * 0.1", "requires_grad=True).mul(0.1).detach().requires_grad_()"),
    ),
}


def script(mistake):
    return HEAD + textwrap.dedent(TWELVE[mistake][0])


def outcome(text):
    """What a script, run as a file of this name, raises; a warning of sizes that differ is an error. None if it passes."""
    linecache.cache["script.py"] = len(text), None, text.splitlines(True), "script.py"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", "Using a target size")
        try:
            exec(compile(text, "script.py", "exec"), {})
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize("mistake", TWELVE)
def test_the_message_says_what_where_why_and_how_to_mend_it(mistake):
    message = str(outcome(script(mistake)))
    for part in TWELVE[mistake][1]:
        assert part in message
    *_, why, fix = message.splitlines()
    assert why.startswith("Why: ")
    assert fix.startswith("Fix: ")
    assert len(message.splitlines()) <= 6


@pytest.mark.parametrize("mistake", TWELVE)
def test_the_type_and_the_beginning_are_torchs(mistake, torch):
    theirs, ours = outcome(script(mistake).replace("tinygrad_edu", "torch")), outcome(script(mistake))
    assert type(ours) is type(theirs)
    assert str(ours)[:50].lower().startswith(str(theirs)[:50].lower())


@pytest.mark.parametrize("mistake", TWELVE)
def test_the_fix_in_the_message_mends_the_script(mistake):
    old, new = TWELVE[mistake][2]
    message = str(outcome(script(mistake)))
    if f"replace `{old}` by `{new}`" not in message:
        assert any(code in new and code not in old for code in re.findall("`([^`]+)`", message)), "it is not printed"
    mended = script(mistake).replace(old, new, 1)
    assert mended != script(mistake)
    assert outcome(mended) is None


# ------------------------------------------------------------------ without anomaly mode, and where the line is no statement


@pytest.mark.parametrize("mistake", ["backward on a freed graph", "in place on a saved value"])
def test_without_anomaly_mode_it_says_how_to_see_the_lines(mistake):
    text = script(mistake).replace("with tg.autograd.detect_anomaly():", "if True:")
    message = str(outcome(text))
    assert message.endswith("; detect_anomaly() shows the lines.")
    assert " at File" not in message


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("y.add_(1)", "y = y.add(1)"),
        ("y += 1", "y = y + 1"),
        ("y *= y - 1", "y = y * (y - 1)"),
        ("y.sqrt_()", "y = y.sqrt()"),
        ("y.zero_()", None),
        ("y[0] = 1", None),
        ("z = y.add_(1)", None),
        ("y.add_(", None),
        ("if x: y.add_(1)", None),
    ],
)
def test_a_write_in_place_is_rewritten_where_it_is_a_statement(line, fix):
    assert out_of_place(line, lambda name: hasattr(tg.Tensor, name)) == fix


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("loss.backward()", "replace `loss.backward()` by `loss.sum().backward()`"),
        ("f(x).backward()", "replace `f(x).backward()` by `f(x).sum().backward()`"),
        ("y.backward(g)", None),
        ("tg.autograd.backward(y)", None),
    ],
)
def test_backward_of_many_is_rewritten_where_nothing_was_passed(line, fix):
    assert summed(line) == fix


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("loss.backward(); step()", "replace `loss.backward()` by `loss.backward(retain_graph=True)`"),
        ("g, = grad(y, x)", "replace `grad(y, x)` by `grad(y, x, retain_graph=True)`"),
        ("for y in losses: y.backward()", "replace `y.backward()` by `y.backward(retain_graph=True)`"),
        ("train(model)", None),
    ],
)
def test_the_walk_that_freed_is_rewritten_where_it_is_seen(line, fix):
    assert keeping_graph(line) == fix


def test_the_page_shows_the_messages():
    page = (Path(__file__).parent.parent / "docs" / "errors.md").read_text()
    for mistake in TWELVE:
        error = outcome(script(mistake))
        assert f"{type(error).__name__}: {error}\n" in page, mistake
