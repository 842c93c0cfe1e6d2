"""The stepper as text, and in a terminal under keys."""

import os
import select
import subprocess
import sys
import textwrap

import pytest

import tinygrad_edu as tg
from tinygrad_edu.explain import Explanation, explain, step_backward
from tinygrad_edu.explain.stepper import Walk

from .losses import two_layers

DIAMOND = """
    a = tg.tensor(3.0, requires_grad=True)
    b = a + a
    c = b + b
"""


def diamond():
    a = tg.tensor(3.0, requires_grad=True)
    b = a + a
    return b + b


def test_the_text_of_a_step():
    x, w = tg.tensor(2.0), tg.tensor(3.0, requires_grad=True)
    with tg.explain.recording():
        y = w * x
        z = y * y
    found = z.explain()
    text = found.text("y")
    assert text.splitlines()[0] == "step 2 of 3   y, made by mul"
    for words in (
        ": y = w * x",
        "computes      x * y, entry by entry",
        "value         6",
        "saved y       2",
        "∂z/∂y         12",
        "  to w, its x",
        "rule          dx = g * y",
        "product       24",
        "∂z/∂w         0 + 24 = 24",
    ):
        assert words in text
    assert "saved x" not in text  # which only the rule for x would ask for
    assert "∂z/∂y         6 + 6 = 12" in found.text(0)
    assert ".grad         0 + 24 = 24" in found.text("w")


def test_grad_that_is_there_is_added_to():
    w = tg.tensor(3.0, requires_grad=True)
    w.grad = tg.tensor(1.0)
    assert ".grad         1 + 6 = 7" in str(explain(w * w))


def test_a_line_that_was_not_recorded_says_how_to_get_it():
    assert "not recorded: compute it inside `with tinygrad_edu.explain.recording():`" in str(explain(diamond()))


def test_a_function_is_called_under_recording(capsys):
    found = step_backward(diamond)
    assert isinstance(found, Explanation)
    assert all(step.line.endswith(("b = a + a", "return b + b")) for step in found if not step.is_leaf)
    assert capsys.readouterr().out == f"{found}\n"
    assert "\x1b" not in str(found)


def test_an_explanation_is_a_sequence():
    model, compute = two_layers(2)
    found = explain(compute(), model)
    assert len(found) == len(list(found)) == len(found[:]) == 9
    assert found["0.weight"] is next(step for step in found if step.name == "0.weight")
    assert [step.number for step in found] == list(range(1, 10))
    with pytest.raises(KeyError, match="no step is called 'w'; there are binary_cross_entropy_with_logits1, squeeze1"):
        found["w"]
    assert repr(found).startswith("<9 steps back from binary_cross_entropy_with_logits1")


def pressed(walk, *keys):
    for key in keys:
        assert walk.press(key)
    return walk.explanation[walk.at].name


def test_keys():
    model, compute = two_layers(2)
    loss = compute()
    walk = Walk(explain(loss, model))
    assert pressed(walk) == "loss"
    assert pressed(walk, "n") == "squeeze1"
    assert pressed(walk, "\x1b[C", "") == "relu1"
    assert pressed(walk, "p") == "linear2"
    assert pressed(walk, "\x1b[D", "p", "p", "p") == "loss"
    assert pressed(walk, "/relu1") == "relu1"
    assert pressed(walk, "/bias") == "2.bias"
    assert pressed(walk, "/bias") == "0.bias"
    assert pressed(walk, *"n" * 20) == walk.explanation[-1].name
    at = walk.at
    assert walk.press("/nothing")
    assert walk.at == at
    assert "no step is called nothing; there are loss, squeeze1" in walk.screen()
    assert walk.press("?")
    assert "q quit" in walk.screen()
    assert not walk.press("q")


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX's")
def test_in_a_terminal(tmp_path):
    import pty

    script = tmp_path / "diamond.py"
    program = "import tinygrad_edu as tg\n" + textwrap.dedent(DIAMOND) + "tg.explain.step_backward(c)\nprint('done')\n"
    script.write_text(program)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, script], stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    read_until(ours, "q quit")
    for keys, shown in (("n", "step 2 of 3   b"), ("\x1b[D", "step 1 of 3   c"), ("/ab\x7f\n", "step 3 of 3   a")):
        os.write(ours, keys.encode())
        assert shown in read_until(ours, "q quit")
    os.write(ours, b"q")
    assert "done" in read_until(ours, "done")
    assert process.wait(20) == 0
    os.close(ours)


def read_until(end, words):
    """What the program has written, up to these words; what there is, if they do not come."""
    seen = b""
    while words not in seen.decode(errors="replace") and select.select([end], [], [], 20)[0]:
        seen += os.read(end, 4096)
    return seen.decode(errors="replace")
