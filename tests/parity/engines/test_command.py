"""python -m parity engine FILE: what it prints and writes, and its exit status."""

import json

import pytest

from parity.__main__ import main

RIGHT = """
import numpy as np

class Line:
    def __init__(self):
        self.p = {"w": np.zeros((1, 2)), "b": np.zeros(1)}

    def parameters(self):
        return self.p

    def load(self, parameters):
        self.p = parameters

    def gradients(self, x, y):
        error = x @ self.p["w"].T + self.p["b"] - y
        return np.mean(error**2), {"w": 2 * error.T @ x / len(x), "b": 2 * error.mean(0)}

engine = Line

def reference(torch):
    return torch.nn.Linear(2, 1), torch.nn.MSELoss()

batches = [(np.arange(8.0).reshape(4, 2), np.arange(4.0).reshape(4, 1))]
"""
WRONG = RIGHT.replace("2 * error.mean(0)", "error.mean(0)")


@pytest.fixture
def run(tmp_path, capsys, torch):
    """Judge this source: (exit status, output, errors, the JSON)."""
    pytest.importorskip("rich")

    def run(source, *arguments):
        path, results = tmp_path / "mine.py", tmp_path / "found.json"
        path.write_text(source)
        status = main(["engine", str(path), "--steps", "3", "--json", str(results), *arguments])
        found = json.loads(results.read_text(), parse_constant=pytest.fail) if results.exists() else None
        return status, *capsys.readouterr(), found

    return run


def test_agreement(run):
    status, out, _, found = run(RIGHT)
    assert (status, found["agrees"], found["findings"]) == (0, True, [])
    assert "Parameters: w = weight, b = bias" in out
    assert out.strip().endswith("The engines agree.")
    assert [run["dtype"] for run in found["runs"]] == ["float64", "float32"]


def test_disagreement(run):
    status, out, _, found = run(WRONG, "--dtype", "float64")
    assert (status, found["agrees"]) == (1, False)
    assert "The engines DISAGREE, first in float64, lock-step, step 1, gradient (b): [0] " in out
    (finding,) = found["findings"]
    assert finding["torch"] == 2 * finding["ours"]
    assert finding["inputs"][0] == {
        "name": "x",
        "shape": [4, 2],
        "dtype": "float64",
        "agrees": True,
        "sample": [0, 1, 2],
    }


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (RIGHT.replace("engine = Line", ""), "must define engine"),
        (RIGHT.replace("batches =", "other ="), "must define batches"),
        (RIGHT.replace("Linear(2, 1)", "Bilinear(2, 2, 1)"), "shape"),
        (RIGHT.replace('self.p["b"] - y', 'self.p["c"] - y'), "KeyError"),
        ("import a_package_that_is_missing", "a_package_that_is_missing"),
    ],
)
def test_what_cannot_be_judged_is_exit_status_2(source, complaint, run):
    status, _, errors, found = run(source)
    assert (status, found) == (2, None)
    assert complaint in errors


def test_a_file_that_is_missing(capsys, torch):
    pytest.importorskip("rich")
    assert main(["engine", "nowhere.py"]) == 2
    assert "nowhere.py" in capsys.readouterr().err
