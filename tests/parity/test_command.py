"""python -m parity: what it prints and writes, and its exit status."""

import json
import subprocess
import sys

import pytest

from parity import __main__ as command
from tinygrad_edu.testing.judge import KAPPA


def without(module, *arguments):
    """The command where `module` cannot be imported."""
    code = f"import sys; sys.modules['{module}'] = None; from parity.__main__ import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("module", ["torch", "rich"])
def test_without_an_extra_it_says_which_to_install(module):
    if module == "torch":
        pytest.importorskip("rich")
    done = without(module)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"needs {module}" in done.stderr
    assert 'pip install "tinygrad_edu[parity]"' in done.stderr


def test_parity_can_be_imported_without_torch():
    code = "import sys; sys.modules['torch'] = sys.modules['rich'] = None; import parity, parity.__main__"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--steps", "0"], "from 1 to"),
        (["--steps", "many"], "whole number"),
        (["--lr", "-1"], "positive and finite"),
        (["--lr", "nan"], "positive and finite"),
        (["--seed", str(2**32)], "from 0 to"),
        (["--json", "no/such/folder/a.json"], "make it first"),
        (["--plot", "a.gif"], ".png or .pdf or .svg"),
    ],
)
def test_usage(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as exit:
        command.main(arguments)
    assert exit.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("data", ["toy", "breast-cancer"])
def test_a_run(data, tmp_path, capsys, torch):
    pytest.importorskip("rich")
    pytest.importorskip("matplotlib")
    picture, results = tmp_path / "a.png", tmp_path / "a.json"
    assert command.main(["--data", data, "--steps", "5", "--plot", str(picture), "--json", str(results)]) == 0
    printed = capsys.readouterr().out
    assert "gradient" in printed
    assert printed.strip().endswith("The engines agree.")
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = json.loads(results.read_text(), parse_constant=pytest.fail)
    assert found["agrees"] is True
    assert found["options"]["dtype"] == ["float64", "float32"]
    assert [len(run["losses"]["ours"]) for run in found["runs"]] == [5, 5]
    tensors = {(row["quantity"], row["tensor"]) for row in found["runs"][0]["comparisons"]["lock-step"]}
    assert tensors == {("loss", "loss"), ("gradient", "fc1.weight"), ("gradient", "fc1.bias")}
    tensors = {(row["quantity"], row["tensor"]) for row in found["runs"][0]["comparisons"]["optimizer"]}
    assert {("exp_avg_sq", "fc1.bias"), ("parameter", "fc1.weight")} <= tensors
    kappas = [row["kappa"]["value"] for row in found["runs"][1]["comparisons"]["lock-step"]]
    assert 0 < max(kappas) < KAPPA


def test_disagreement_is_exit_status_1_and_names_the_first(monkeypatch, tmp_path, capsys, torch):
    pytest.importorskip("rich")
    from parity import lockstep

    monkeypatch.setattr(lockstep, "KAPPA", 1e-6)
    results = tmp_path / "a.json"
    assert command.main(["--steps", "5", "--json", str(results)]) == 1
    printed = capsys.readouterr().out
    assert "DISAGREE, first in float32, lock-step, step" in printed.splitlines()[-1]
    assert json.loads(results.read_text(), parse_constant=pytest.fail)["agrees"] is False


def test_a_weaker_promise_is_stated(monkeypatch, capsys, torch):
    pytest.importorskip("rich")
    monkeypatch.setattr(command.environment, "departures", lambda torch: ["torch is 2.99, not 2.13"])
    assert command.main(["--steps", "5", "--dtype", "float64"]) == 0
    printed = capsys.readouterr().out
    assert "torch is 2.99, not 2.13" in printed
    assert "initial weights" not in printed
