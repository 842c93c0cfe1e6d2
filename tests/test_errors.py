"""Bad input: torch's exception type, a message that says how to mend it, and nothing half-changed."""

import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome


def leaf(t, *values):
    return t.tensor(values, requires_grad=True)


def model(t):
    return t.nn.Linear(2, 1)


# what somebody does wrong: (what they write, what they are told)
MISTAKES = {
    "sizes that do not match": (
        lambda t: t.ones(2, 3) + t.ones(2, 4),
        r"size of tensor a \(3\) must match .* b \(4\).*dimension 1.*add",
    ),
    "matmul of sizes that do not fit": (lambda t: t.ones(2, 3) @ t.ones(4, 5), r"cannot be multiplied \(2x3 and 4x5\)"),
    "matmul of a scalar": (lambda t: t.ones(()) @ t.ones(3), "at least 1D"),
    "linear of the wrong width": (lambda t: model(t)(t.ones(3, 5)), r"cannot be multiplied \(3x5 and 2x1\)"),
    "two dtypes in matmul": (lambda t: t.ones(2, 2) @ t.ones(2, 2, dtype=t.float64), "same dtype"),
    "mean of integers": (lambda t: t.arange(3).mean(), "floating point.*float"),
    "softmax of integers": (lambda t: t.arange(3).softmax(0), "not implemented"),
    "minus of booleans": (lambda t: -t.tensor([True]), "not implemented|not supported"),
    "integers to a negative power": (lambda t: t.arange(1, 3) ** -1, "negative integer powers"),
    "a string for a number": (lambda t: t.ones(2) + "1", "must be Tensor or Number, not str|unsupported"),
    "no tensor at all": (lambda t: t.exp(1.0), "must be Tensor|Tensor or Number"),
    "a dim that is not there": (lambda t: t.ones(2, 3).sum(2), r"expected to be in range of \[-2, 1\], but got 2"),
    "a dim twice": (lambda t: t.ones(2, 3).sum((0, 0)), "multiple times"),
    "an index out of range": (lambda t: t.ones(3)[3], "index 3 is out of bounds for dimension 0 with size 3"),
    "too many indices": (lambda t: t.ones(3)[0, 0], "too many indices"),
    "a float as an index": (lambda t: t.ones(3)[1.5], "indices|index"),
    "a reshape that loses numbers": (
        lambda t: t.ones(6).reshape(4, 2),
        r"shape '\[4, 2\]' is invalid for input of size 6",
    ),
    "a view that would copy": (lambda t: t.ones(2, 3).t().view(6), "reshape"),
    "a permute with too few dims": (lambda t: t.ones(2, 3).permute(0), "dimension"),
    "an expand of a long axis": (lambda t: t.ones(2).expand(3), r"\(3\) must match the existing size \(2\)"),
    "cat of unequal sizes": (
        lambda t: t.cat([t.ones(2, 3), t.ones(2, 4)]),
        "Sizes of tensors must match except in dimension 0",
    ),
    "stack of unequal sizes": (lambda t: t.stack([t.ones(2), t.ones(3)]), "equal size"),
    "an unknown keyword": (lambda t: t.ones(3).sum(axes=0), "unexpected keyword|invalid combination"),
    # probabilities
    "BCE above 1": (
        lambda t: t.nn.BCELoss()(t.tensor([0.5, 1.5]), t.ones(2)),
        r"between 0 and 1.*element \[1\] is 1.5.*sigmoid",
    ),
    "BCE of NaN": (lambda t: t.nn.BCELoss()(t.tensor([np.nan]), t.ones(1)), "between 0 and 1.*is nan.*detect_anomaly"),
    "BCE of (N) and (N, 1)": (
        lambda t: t.nn.BCELoss()(t.ones(3), t.ones(3, 1)),
        "different to the input size.*squeeze",
    ),
    "logits of (N) and (N, 1)": (
        lambda t: t.nn.BCEWithLogitsLoss()(t.ones(3), t.ones(3, 1)),
        "must be the same as input size.*squeeze",
    ),
    "a class that is not there": (
        lambda t: t.nn.CrossEntropyLoss()(t.ones(2, 3), t.tensor([0, 3])),
        "Target 3 is out of bounds",
    ),
    "float classes": (lambda t: t.nn.functional.nll_loss(t.ones(2, 3), t.ones(2)), "expected scalar type Long"),
    "batches of two sizes": (
        lambda t: t.nn.CrossEntropyLoss()(t.ones(2, 3), t.tensor([0])),
        r"batch_size \(2\) to match target batch_size \(1\)",
    ),
    "a reduction that is none": (
        lambda t: t.nn.functional.mse_loss(t.ones(2), t.ones(2), reduction="avg"),
        "avg is not a valid value",
    ),
    # the graph
    "backward on a vector": (lambda t: (leaf(t, 1.0, 2.0) * 2).backward(), "implicitly created only for scalar"),
    "backward without grad": (lambda t: t.ones(()).backward(), "does not require grad"),
    "backward twice": (
        lambda t: [y := leaf(t, 1.0).exp().sum(), y.backward(), y.backward()],
        "second time.*retain_graph",
    ),
    "a gradient of another shape": (lambda t: (leaf(t, 1.0, 2.0) * 2).backward(t.ones(3)), "Mismatch in shape"),
    "grad of what was not used": (
        lambda t: t.autograd.grad(leaf(t, 1.0).sum(), leaf(t, 1.0)),
        "not have been used in the graph.*allow_unused",
    ),
    "grad of what needs none": (
        lambda t: t.autograd.grad(leaf(t, 1.0).sum(), t.ones(1)),
        "does not require grad|not have been used",
    ),
    "integers that require grad": (lambda t: t.tensor([1], requires_grad=True), "floating point"),
    "requires_grad of a computed tensor": (lambda t: (leaf(t, 1.0) * 2).requires_grad_(False), "leaf"),
    "numpy() of what needs grad": (lambda t: leaf(t, 1.0).numpy(), r"Can't call numpy\(\).*detach\(\).numpy\(\)"),
    "item() of many": (lambda t: t.ones(2).item(), "2 elements cannot be converted to Scalar"),
    "the truth of many": (lambda t: bool(t.ones(2)), "ambiguous"),
    "the length of a scalar": (lambda t: len(t.ones(())), "0-d"),
    "a .grad of another shape": (lambda t: setattr(leaf(t, 1.0), "grad", t.ones(2)), "grad"),
    "a .grad that is no tensor": (lambda t: setattr(leaf(t, 1.0), "grad", [1.0]), "Tensor or None"),
    "a copy of a computed tensor": (lambda t: __import__("copy").deepcopy(leaf(t, 1.0) * 2), "graph leaves"),
    # modules
    "a module used before its init": (
        lambda t: type("M", (t.nn.Module,), {"__init__": lambda s: setattr(s, "f", t.nn.Linear(1, 1))})(),
        r"before Module.__init__\(\) call",
    ),
    "a module without forward": (lambda t: t.nn.Module()(1), "forward"),
    "a plain tensor for a parameter": (
        lambda t: setattr(model(t), "weight", t.ones(1, 2)),
        "cannot assign .* as parameter 'weight'",
    ),
    "a missing and an unexpected key": (
        lambda t: model(t).load_state_dict({"weight": t.ones(1, 2), "b": t.ones(1)}),
        "(?s)Missing key.*bias.*Unexpected key.*b",
    ),
    "a parameter of another size": (
        lambda t: model(t).load_state_dict({"weight": t.ones(1, 3), "bias": t.ones(1)}),
        r"size mismatch for weight.*\[1, 3\].*\[1, 2\]",
    ),
    "an attribute that is not there": (lambda t: model(t).wieght, "wieght"),
    # optimizers
    "no parameters": (lambda t: t.optim.Adam([]), "empty parameter list"),
    "one tensor for parameters": (lambda t: t.optim.Adam(t.ones(2)), "iterable of Tensors"),
    "a computed parameter": (lambda t: t.optim.Adam([leaf(t, 1.0) * 2]), "non-leaf"),
    "a foreign parameter": (lambda t: t.optim.SGD([np.ones(2)], lr=0.1), "can only optimize Tensors.*ndarray"),
    "a negative rate": (lambda t: t.optim.Adam([leaf(t, 1.0)], lr=-1), "Invalid learning rate: -1"),
    "a beta of 1": (lambda t: t.optim.Adam([leaf(t, 1.0)], betas=(1.0, 0.9)), "Invalid beta parameter at index 0"),
    "a negative eps": (lambda t: t.optim.AdamW([leaf(t, 1.0)], eps=-1), "Invalid epsilon"),
    "a negative decay": (lambda t: t.optim.SGD([leaf(t, 1.0)], lr=1, weight_decay=-1), "Invalid weight_decay"),
    "a negative momentum": (lambda t: t.optim.SGD([leaf(t, 1.0)], lr=1, momentum=-1), "Invalid momentum"),
    "nesterov without momentum": (
        lambda t: t.optim.SGD([leaf(t, 1.0)], lr=1, nesterov=True),
        "Nesterov momentum requires",
    ),
    "one parameter in two groups": (
        lambda t: [p := leaf(t, 1.0), t.optim.Adam([{"params": [p]}, {"params": [p]}])],
        "more than one parameter group",
    ),
    "an option that is none": (lambda t: t.optim.Adam([leaf(t, 1.0)], learning_rate=1), "unexpected keyword"),
    # data
    "ragged lists": (lambda t: t.tensor([[1.0], [1.0, 2.0]]), "expected sequence of"),
    "a batch size of 0": (lambda t: t.utils.data.DataLoader([1], batch_size=0), "positive integer"),
    "shuffle and a sampler": (lambda t: t.utils.data.DataLoader([1], shuffle=True, sampler=[0]), "mutually exclusive"),
    "rows of two lengths": (lambda t: t.utils.data.TensorDataset(t.ones(2), t.ones(3)), "[Ss]ize mismatch"),
    "an upside-down range": (lambda t: t.ones(2).uniform_(2, 1), "from"),
    "an empty range": (lambda t: t.randint(3, 3, (2,)), "from.*to"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_message_says_what_and_how_to_mend_it(mistake):
    program, message = MISTAKES[mistake]
    with pytest.raises(Exception, match=re.compile(message, re.S)) as caught:
        program(tg)
    assert "numpy" not in type(caught.value).__module__


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_type_is_torchs(mistake, torch):
    program, _ = MISTAKES[mistake]
    theirs = outcome(program, torch)
    assert isinstance(theirs, Exception), "torch accepts it"
    assert type(outcome(program, tg)) is type(theirs), theirs


def test_mse_of_n_and_n_1_warns_as_torch_does():
    with pytest.warns(UserWarning, match="different to the input size.*incorrect results due to broadcasting"):
        tg.nn.functional.mse_loss(tg.ones(3), tg.zeros(3, 1))


def test_a_refused_state_changes_nothing():
    linear = model(tg)
    before = linear.weight.tolist(), linear.bias.tolist()
    with pytest.raises(RuntimeError):
        linear.load_state_dict({"weight": tg.ones(1, 2), "bias": tg.ones(2)})
    assert (linear.weight.tolist(), linear.bias.tolist()) == before
    optimizer = tg.optim.Adam(linear.parameters(), lr=0.1)
    linear(tg.ones(1, 2)).sum().backward()
    optimizer.step()
    state = repr(optimizer.state_dict())
    wrong = optimizer.state_dict()
    wrong["param_groups"][0]["params"] = [0]
    with pytest.raises(ValueError, match="doesn't match the size"):
        optimizer.load_state_dict(wrong)
    with pytest.raises(ValueError, match="more than one"):
        optimizer.add_param_group({"params": [linear.weight]})
    assert repr(optimizer.state_dict()) == state
    assert len(optimizer.param_groups) == 1


def test_a_refused_backward_adds_nothing():
    x = leaf(tg, 1.0, 2.0)
    (x * x).sum().backward()
    before = x.grad.tolist()
    y = (x.exp() * x).sum()
    y.backward()
    x.grad = tg.tensor(before)
    with pytest.raises(RuntimeError):
        y.backward()
    assert x.grad.tolist() == before
