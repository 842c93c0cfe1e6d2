"""The calibration: an error planted in a rule is planted there, is caught at once, and honest steps are let pass."""

from dataclasses import replace

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
