"""The walk over torch's own table of optimizers: what passes, and that it finds what is wrong, missing, or accepted."""

import json
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from parity import __main__ as command
from parity.optimizers import EXCLUDED

pytestmark = pytest.mark.torch

NAMES = [name for name in tg.optim.__all__ if name[0].isupper() and name != "Optimizer"]


@pytest.fixture
def walk(torch):
    """The walk over one optimizer, with few steps."""
    pytest.importorskip("expecttest")
    with warnings.catch_warnings(action="ignore"):
        from parity.optimizers.walk import entries
        from parity.optimizers.walk import walk as walked
    return lambda name, dtypes=("float64",), steps=6: walked(*entries([name]), dtypes, steps)


def told(row):
    return "\n".join(
        f"{f.stage} {f.dtype} #{f.index} {f.verdict} ({f.sample}): {f.told} {f.where}" for f in row.findings
    )


def missed(row):
    return {f.stage for f in row.findings}


@pytest.mark.parametrize("name", NAMES)
def test_some_steps_of_every_optimizer(name, walk):
    row = walk(name, ("float64", "float32"), 10)
    assert row.verdict == "pass", row.missing or told(row)
    assert not row.unasked
    assert {stage for stage, _, _ in row.counts} == {"update", "state", "repr", "error"}


@pytest.mark.sweep
@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_every_optimizer(name, walk, record_property):
    row = walk(name, ("float64", "float32"), 50)
    record_property("examples", row.samples.total())
    assert row.verdict == "pass", row.missing or told(row)


def test_torchs_table_is_walked_or_excluded_with_a_reason(walk):
    from parity.optimizers.walk import entries

    assert {info.name for info in entries([])} == {*NAMES, *EXCLUDED}


# ------------------------------------------------------------------ planted


def test_a_wrong_update_is_found_in_its_first_step(walk, monkeypatch):
    own = tg.optim.Adam.update

    def wrong(self, p, g, state, group):
        before = p.copy()
        own(self, p, g, state, group)
        p += (p - before) * 1e-6

    monkeypatch.setattr(tg.optim.Adam, "update", wrong)
    row = walk("Adam")
    assert row.verdict == "WRONG"
    assert {"update"} <= missed(row) <= {"update", "state"}
    assert row.findings[0].told.startswith("step 1, parameter (")


def test_a_wrong_buffer_is_found(walk, monkeypatch):
    own = tg.optim.RMSprop.update

    def wrong(self, p, g, state, group):
        own(self, p, g, state, group)
        state["square_avg"].array[...] *= 1 + 1e-14

    monkeypatch.setattr(tg.optim.RMSprop, "update", wrong)
    assert "square_avg" in walk("RMSprop").findings[0].told


def test_a_wrong_direction_of_lbfgs_is_found(walk, monkeypatch):
    from tinygrad_edu.optim import lbfgs

    own = lbfgs.direction
    monkeypatch.setattr(lbfgs, "direction", lambda *given: own(*given) * (1 + 1e-6))
    assert "update" in missed(walk("LBFGS", steps=10))


def test_state_under_another_name_is_found(walk, monkeypatch):
    own = tg.optim.Adamax.state_dict

    def renamed(self):
        saved = own(self)
        kept = {n: {k.replace("exp_inf", "exp_max"): v for k, v in s.items()} for n, s in saved["state"].items()}
        return {**saved, "state": kept}

    monkeypatch.setattr(tg.optim.Adamax, "state_dict", renamed)
    row = walk("Adamax")
    assert missed(row) == {"state"}
    assert "exp_max" in row.findings[0].told


def test_a_checkpoint_that_loses_something_is_found(walk, monkeypatch):
    own = tg.optim.SGD.load_state_dict
    monkeypatch.setattr(tg.optim.SGD, "load_state_dict", lambda self, saved: own(self, {**saved, "state": {}}))
    found = {f.sample for f in walk("SGD").findings if f.stage == "state"}
    assert found == {"momentum", "dampening", "weight_decay w/ momentum", "nesterov"}


def test_another_print_and_an_accepted_mistake_and_an_exception_are_found(walk, monkeypatch):
    monkeypatch.setattr(tg.optim.Adagrad, "check", lambda self, group: None)
    monkeypatch.setattr(tg.optim.Adagrad, "__repr__", lambda self: "Adagrad")
    row = walk("Adagrad")
    assert missed(row) == {"repr", "error"}
    assert {f.verdict for f in row.findings if f.stage == "error"} == {"accepts"}
    monkeypatch.setattr(tg.optim.Adagrad, "update", lambda self, p, g, state, group: np.ones(3) @ np.ones(4))
    row = walk("Adagrad")
    assert {f.verdict for f in row.findings if f.stage == "update"} == {"raises"}
    assert "ValueError" in row.findings[0].told


# ------------------------------------------------------------------ the command


def test_the_command(capsys, tmp_path, walk, monkeypatch):
    pytest.importorskip("rich")
    results = tmp_path / "a.json"
    assert command.main(["optimizers", "adam"]) == 2
    assert "torch's table has no optimizer 'adam'" in capsys.readouterr().err
    given = ["optimizers", "Adamax", "Muon", "--steps", "4", "--dtype", "float64", "--json", str(results)]
    assert command.main(given) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 optimizers are here, 1 of them without a miss; 5 trainings." in printed
    assert "excluded: Muon: it computes in bfloat16" in printed
    found = json.loads(results.read_text(), parse_constant=pytest.fail)
    assert found["agrees"] is True
    assert [row["verdict"] for row in found["optimizers"]] == ["pass", "excluded"]
    assert found["optimizers"][0]["used"]["float64"] < 1
    monkeypatch.delattr(tg.optim, "Adamax")
    assert command.main([*given, "-v"]) == 1
    assert "Adamax: there is no tinygrad_edu.optim.Adamax" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--steps", "1"], ["--dtype", "int64"], ["--json", "no/such/folder/a.json"]])
def test_usage(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        command.main(["optimizers", *arguments])
    assert exit.value.code == 2
    assert arguments[0] in capsys.readouterr().err
