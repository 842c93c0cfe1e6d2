"""What `help` shows of an op: what it computes, its rules as code, and torch's page."""

import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn
from tinygrad_edu.op import registry


@pytest.mark.parametrize("op", registry.values(), ids=lambda op: op.name)
def test_help_has_the_formula_of_every_op_and_of_every_rule(op):
    said = op.call.__doc__
    assert said.strip()
    for key, formula in op.formulas.items():
        assert f"    {key} = {formula}" in said
        assert "lambda" not in formula
    assert op.formulas or not op.differentiable


def test_help_names_torchs_page_and_what_is_taken_at_a_corner():
    assert tg.exp.__doc__ == (
        "exp(x), entry by entry.\n\n    dx = g * out\n\nhttps://docs.pytorch.org/docs/stable/generated/torch.exp.html"
    )
    assert "Corners: 1/2 each where x = y." in tg.maximum.__doc__
    assert tg.Tensor.exp.__doc__ == tg.exp.__doc__


@pytest.mark.parametrize(
    "space", [tg, tg.nn, tg.optim, tg.nn.functional, tg.autograd, tg.linalg], ids=lambda m: m.__name__
)
def test_completion_offers_public_names_only(space):
    names = [name for name in dir(space) if not name.startswith("__")]
    assert not [name for name in names if name.startswith("_")]
    ours = {name for name in names if getattr(getattr(space, name), "__module__", "").startswith("numpy")}
    assert ours <= {"newaxis"}


def test_what_torch_does_not_have_is_offered_on_purpose(torch):
    extra = {name for name in dir(tg) if not name.startswith("_")} - set(dir(torch))
    assert extra == {"as_torch", "doctor", "explain"}
