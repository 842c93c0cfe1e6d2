"""The calibration: an error planted in a rule is planted there, is caught at once, and honest steps are let pass."""

import json
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import tinygrad_edu as tg
from parity.calibrate.tables import draw, tables
from parity.calibrate.training import MODELS, Planted, Rules, training
from tinygrad_edu.testing.judge import KAPPA, UPDATE
from tinygrad_edu.thread import watching


def test_an_error_is_planted_in_one_rule_only():
    def gradients():
        w, b = tg.tensor([[2.0]], requires_grad=True), tg.tensor([3.0], requires_grad=True)
        tg.nn.functional.linear(tg.tensor([[1.5]]), w, b).tanh().sum().backward()
        return w.grad.item(), b.grad.item()

    with watching(Rules()) as rules:
        dw, db = gradients()
    assert rules.seen.keys() - {None} == {"sum.dx", "tanh.dx", "linear.dw", "linear.db"}
    for rule, wrong in {"linear.dw": (1.0001, 1), "linear.db": (1, 1.0001), "tanh.dx": (1.0001, 1.0001)}.items():
        with watching(Planted(rule)):
            assert gradients() == pytest.approx((dw * wrong[0], db * wrong[1]), rel=1e-6)


@pytest.mark.parametrize("model", [MODELS[0], MODELS[7], MODELS[-1]], ids=["perceptron", "mlp", "breast-cancer"])
def test_a_planted_error_is_caught_at_once_and_nothing_else_is(model, torch, tmp_path):
    found = training(replace(model, seed=1), 3)
    assert len(found.honest) == 3
    assert max(found.honest) < KAPPA
    assert max(found.update) < UPDATE
    assert {"linear.dw", "linear.db", "sigmoid.dx", "binary_cross_entropy.dx"} <= found.planted.keys()
    assert {step for step, tensor in found.caught.values()} == {1}
    assert found.caught.keys() == found.planted.keys()
    pytest.importorskip("matplotlib")
    assert any("linear.dw" in line for line in tables([found]))
    draw([found], tmp_path / "kappa.png")


# ------------------------------------------------------------------ by family


@pytest.fixture
def families(torch):
    pytest.importorskip("expecttest")
    with warnings.catch_warnings(action="ignore"):
        from parity.calibrate import families
    return families


@pytest.mark.parametrize(
    ("kind", "key", "rules"),
    [
        ("ops", "exp", {"exp.dx"}),
        ("ops", "matmul", {"matmul.dx", "matmul.dy"}),
        ("modules", "Linear", {"linear.dx", "linear.dw", "linear.db"}),
        ("modules", "Dropout", {"mul.dx"}),
        ("cases", "text-mlp", {"linear.dw", "nll_loss.dx", "log_softmax.dx"}),
    ],
)
def test_honest_samples_are_let_pass_and_planted_errors_seen(kind, key, rules, families):
    found = families.walk(kind, key, 2)
    assert 1 <= len(found) <= 2
    assert not any(sample.refused for sample in found)
    assert max(sample.honest for sample in found) < KAPPA
    assert rules <= {rule for sample in found for rule in (*sample.planted, *sample.unseen)}
    assert all(kappa > KAPPA for sample in found for kappa in sample.planted.values())
    assert all(moved == pytest.approx(1e-4, rel=0.5) for sample in found for moved in sample.moved.values())


def test_wrong_numbers_are_called_so(families):
    from parity.calibrate.sampled import Sample

    def step(wrong=1.0):
        x = tg.arange(1.0, 5, requires_grad=True)
        y = x.exp()
        (g,) = tg.autograd.grad(y.sum(), x)
        return {"output 0": y.detach().numpy(), "gradient 0": g.numpy() * np.float32(wrong)}

    off = families.judged(Sample("exp", "a family", "#0", partial(step, 1.0001), step, step))
    assert off.gradient > KAPPA > off.output
    assert not off.torchs
    torchs = families.judged(Sample("exp", "a family", "#0", step, partial(step, 1.0001), step))
    assert torchs.torchs
    both = "\n".join(families.tables([off, torchs]))
    assert "NOT EXPLAINED" in both
    assert "torch's own rounding" in both
    assert "With the limit at 64: 1 false alarms" in both


def test_a_sample_that_cannot_be_judged_is_named(families):
    from parity.calibrate.sampled import Sample

    def refuses():
        raise ValueError("no such sample")

    found = families.judged(Sample("exp", "a family", "#0", refuses, refuses))
    assert found.refused == "ValueError: no such sample"


def test_the_command_over_some_ops(families, tmp_path, capsys):
    from parity.calibrate.__main__ import main

    main(["ops", "exp", "sum", "eq", "--samples", "2", "--jobs", "1", "--json", str(tmp_path / "found.json")])
    printed = capsys.readouterr().out
    assert "| entry by entry | 2 |" in printed
    assert "| reductions | 2 |" in printed
    assert "0 false alarms, 100.0% of the errors seen" in printed
    assert {found["name"] for found in json.loads((tmp_path / "found.json").read_text())} == {"exp", "sum"}


def test_a_cosine_of_two_numbers_can_be_judged(families):
    assert not any(found.refused for found in families.walk("ops", "nn.functional.cosine_similarity", None))
