"""parity diff, from outside: scripts in, findings out."""

import json
from pathlib import Path

import pytest

from parity.diff.__main__ import main

SCRIPTS = Path(__file__).with_name("scripts")


@pytest.fixture
def compared(tmp_path, torch, capsys):
    """Run the command on a script, a file or its text: (exit status, the report, what was printed)."""
    pytest.importorskip("rich")

    def compared(script, *arguments, options=()):
        if isinstance(script, str):
            path = tmp_path / "script.py"
            path.write_text(script)
            script = path
        status = main([*options, "--json", str(tmp_path / "report.json"), str(script), *arguments])
        return status, json.loads((tmp_path / "report.json").read_text()), capsys.readouterr().out

    return compared


def test_a_bit_of_everything_agrees(compared):
    status, report, said = compared(SCRIPTS / "agree.py", "--anything", "1")
    assert report["findings"] == []
    assert status == 0
    assert report["printed"] == {"agree": True, "first": None, "lines": report["printed"]["lines"]}
    counts = report["compared"]
    assert counts["outputs"] > 250
    assert counts["gradients"] > 150
    assert counts["updates"] > 60
    first = report["steps"][0]
    assert 0 < max(first["kappa"].values()) < 64
    assert first["loss"][0] == pytest.approx(first["loss"][1], rel=1e-5)
    assert "No operation differs" in said


def test_a_rule_of_the_scripts_own_that_is_wrong_is_named(compared, tmp_path):
    page = tmp_path / "page.html"
    status, report, said = compared(SCRIPTS / "planted.py", "--steps", "2", options=["--html", str(page)])
    assert status == 1
    first, *others = report["findings"]
    assert others == []
    assert (first["what"], first["op"], first["step"]) == ("rule", "RMSNormFunction.backward", 1)
    lines = (SCRIPTS / "planted.py").read_text().splitlines()
    assert lines[int(first["line"].partition(":")[2]) - 1].strip() == "def backward(ctx, grad):"
    assert abs(first["ours"] - first["torch"]) == pytest.approx(first["delta"], rel=1e-6)
    assert "backward gives" in said
    assert "RMSNormFunction.backward" in page.read_text()


def test_it_may_be_trusted_and_its_neighbour_not(compared):
    script = """
import torch


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return -g


class Transposed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w, x.T @ g


x, w = torch.randn(2, 3, requires_grad=True), torch.randn(3, 3, requires_grad=True)
torch.manual_seed(0)
x, w = torch.randn(2, 3, requires_grad=True), torch.randn(3, 3, requires_grad=True)
(Reversed.apply(x) * Transposed.apply(x, w)).sum().backward()
"""
    _, report, _ = compared(script, options=["--trust", "Reversed"])
    rules = [finding for finding in report["findings"] if finding["what"] == "rule"]
    assert [rule["op"] for rule in rules] == ["Transposed.backward"]
    assert report["findings"][0]["op"] == "randn", "before that nothing was seeded, and so the first draw differs"


def test_what_only_one_engine_does_is_said(compared):
    ours = "type(torch.ones(1)).__module__.startswith('tinygrad_edu')"
    script = f"""
import torch

x = torch.ones(3, requires_grad=True)
y = (x * 2).sum()
y.backward()
optimizer = torch.optim.SGD([x], lr=0.1 if {ours} else 0.2)
if {ours}:
    x.grad.data.numpy()[1] = 7
optimizer.step()
if {ours}:
    raise KeyError("only here")
"""
    status, report, _ = compared(script)
    assert status == 1
    found = {finding["what"]: finding for finding in report["findings"]}
    assert found["gradient before the step"]["index"] == [1]
    assert (found["option"]["ours"], found["option"]["torch"]) == (0.1, 0.2)
    assert "KeyError: 'only here'" in found["error"]["why"]
    assert report["verdict"].startswith("SGD at script.py:10, step 1")


def test_an_error_that_both_raise_is_no_difference(compared):
    status, report, _ = compared("import torch\ntorch.ones(2) @ torch.ones(3)")
    assert (status, report["error"][0]) == (0, "RuntimeError")


def test_what_is_not_there_is_told(compared, capsys, tmp_path):
    assert main([str(tmp_path / "nothing.py")]) == 2
    assert "nothing.py" in capsys.readouterr().err
    status, report, _ = compared("import torch\ntorch.no_such_thing()")
    assert status == 0, "neither engine has it"
    status, report, _ = compared("import torch\ntorch.distributions.Normal(0.0, 1.0)")
    assert status == 1
    assert report["findings"][0]["what"] == "error"
