"""What is a view, and what happens to one when it, its base or another view is written to."""

import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

RETURNS = {
    "reshape": lambda x: x.reshape(6),
    "reshape of a transposed": lambda x: x.t().reshape(6),
    "reshape to its own shape": lambda x: x.reshape(2, 3),
    "view as other bits": lambda x: x.view(dtype_of(x, "int32")),
    "flatten": lambda x: x.flatten(),
    "flatten of a vector": lambda x: x[0].flatten(),
    "ravel": lambda x: x.ravel(),
    "ravel of a transposed": lambda x: x.t().ravel(),
    "unflatten": lambda x: x.unflatten(1, (3, 1)),
    "squeeze": lambda x: x.squeeze(),
    "expand": lambda x: x.expand(2, 3),
    "broadcast_to": lambda x: x.broadcast_to((1, 2, 3)),
    "contiguous": lambda x: x.contiguous(),
    "contiguous of a transposed": lambda x: x.t().contiguous(),
    "t of a vector": lambda x: x[0].t(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "H": lambda x: x.H,
    "adjoint": lambda x: x.adjoint(),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "movedim": lambda x: x.movedim(0, 0),
    "narrow": lambda x: x.narrow(1, 0, 2),
    "unfold": lambda x: x.unfold(1, 2, 1),
    "as_strided": lambda x: x.as_strided((2, 2), (1, 2)),
    "diagonal": lambda x: x.diagonal(),
    "diag": lambda x: x.diag(),
    "split": lambda x: x.split(2, 1)[1],
    "tensor_split": lambda x: x.tensor_split(2)[1],
    "hsplit": lambda x: x.hsplit(3)[1],
    "unbind": lambda x: x.unbind()[1],
    "loop": lambda x: list(x)[1],
    "x[...]": lambda x: x[...],
    "x[True]": lambda x: x[True],
    "x[[0]]": lambda x: x[[0]],
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1),
    "rot90": lambda x: x.rot90(),
    "no rot90": lambda x: x.rot90(4),
    "repeat": lambda x: x.repeat(1, 1),
    "tile": lambda x: x.tile(1, 1),
    "clone": lambda x: x.clone(),
    "to": lambda x: x.float(),
    "to another dtype": lambda x: x.double(),
    "detach": lambda x: x.detach(),
    "view of a detached": lambda x: x.detach()[0],
    "real": lambda x: x.real,
    "tril": lambda x: x.tril(),
}


def dtype_of(x, name):
    return getattr(tg if isinstance(x, tg.Tensor) else pytest.importorskip("torch"), name)


def kinship(x, y):
    """How y is related to x, from which it was made."""
    same = y is x
    y.detach().zero_()  # which another view, and the same memory, notice
    return (
        same,
        y._is_view(),
        y._base is x,
        x._version,
        y.data_ptr() == x.data_ptr(),
        x.tolist(),
        y.shape,
        y.is_contiguous(),
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RETURNS)
def test_it_is_a_view_where_torch_has_one(name, torch):
    ours, theirs = (t.ones(6).view(2, 3).clone() for t in (tg, torch))
    assert kinship(ours, RETURNS[name](ours)) == kinship(theirs, RETURNS[name](theirs))


def written_after_split(t, x):
    (x * 1).split(2)[0].add_(1)


def used_after_its_base_was_written(t, x):
    y = x * 1
    a = y.chunk(2)[0]
    y.mul_(2)
    return a * 1


def used_in_no_grad_after_its_base_was_written(t, x):
    y = x * 1
    a = y.chunk(2)[0]
    y.mul_(2)
    with t.no_grad():
        return a * 1, a.requires_grad


def split_without_a_gradient(t, x):
    y = t.zeros(4)
    for part in y.split(2):
        part += 1
    for number in y:
        number *= 2
    return y, y._version


def split_that_meets_a_gradient(t, x):
    t.zeros(4).unbind()[0].add_(x[0])


def view_of_a_split_written(t, x):
    (x * 1).split(2)[0][:1].mul_(2)


def made_in_no_grad_written_outside(t, x):
    y = x * 1
    with t.no_grad():
        v = y[:2]
    v.mul_(2)


def made_in_no_grad_used_outside(t, x):
    with t.no_grad():
        v = x[:2]
    (v * 2).sum().backward()
    return v.requires_grad, v.is_leaf, v.grad, x.grad


def written_in_no_grad_and_used(t, x):
    with t.no_grad():
        v = x[:2]
        v.mul_(2)
    return v.detach(), v * 2


def a_leaf_that_is_a_view(t, x):
    base = t.zeros(4)
    v = base[:2].requires_grad_()
    base.mul_(x)
    (v * 3).sum().backward()
    return v.is_leaf, base.requires_grad, v.grad, x.grad


def a_leaf_that_is_a_view_written(t, x):
    t.zeros(4)[:2].requires_grad_().add_(1)


def base_that_requires_grad_later(t, x):
    base = t.zeros(4)
    v = base[:2]
    base.requires_grad_()
    (v * 2).sum().backward()
    return v.requires_grad, v.is_leaf, v.grad, base.grad


def base_written_that_requires_grad_later(t, x):
    base = t.zeros(4)
    v = base[:2]
    base.add_(1).requires_grad_()
    (v * 2).sum().backward()
    return v.requires_grad, v.is_leaf, base.grad


def base_that_requires_grad_written_later(t, x):
    base = t.zeros(4)
    v = base[:2]
    base.requires_grad_()
    with t.no_grad():
        base.add_(1)
    (v * 2).sum().backward()
    return v.requires_grad, v.is_leaf, base.grad


def base_detached_in_place(t, x):
    y = x * 2
    v = y[:2]
    y.detach_()
    before = t.autograd.grad(v.sum(), x, retain_graph=True)
    y.mul_(3)
    return before, t.autograd.grad((v * v).sum(), x, allow_unused=True), v


def turned(t, x):
    y = x.view(2, 2) * 1
    v = y[0]
    y.t_()
    y.mul_(x.view(2, 2))
    v.add_(x[:2])
    y.unsqueeze_(0).transpose_(0, 2)
    (y * y).sum().backward()
    return x.grad, v, y, y._version, v._base is y


def turned_view(t, x):
    y = x.view(2, 2) * 1
    v = y[:, 1]
    u = v[:1]
    v.unsqueeze_(1).mul_(2)
    u.add_(x[0])
    (y * y).sum().backward()
    return x.grad, v, y, u, v._base is y, u._base is y


def leaf_turned(t, x):
    x.unsqueeze_(0)


def written_through_windows(t, x):
    (x * 1).unfold(0, 2, 2).mul_(3)


def expanded_by_nothing_written(t, x):
    y = x * 1
    y.expand(1, 4).mul_(2)
    y.expand(3, 4)[1].add_(1)
    return y


def keyword_of_a_write(t, x):
    y = t.zeros(4)
    y.add_(other=x)
    return t.autograd.grad(y.sum(), x)


def made_in_no_grad_and_met_by_what_was_written(t, x):
    with t.no_grad():
        y = x[:2]
    z = t.ones(2)
    w = y * z
    z.add_(1)
    w.sum().backward()


def made_in_no_grad_and_its_result_overwritten(t, x):
    with t.no_grad():
        y = x[:2]
    z = y.sigmoid()
    z.mul_(2)
    z.sum().backward()


def output_saved_by_a_write_to_a_view(t, x):
    y = x * 1
    y[:2].sigmoid_()
    y.add_(1)
    y.sum().backward()


WRITTEN = [
    written_after_split,
    used_after_its_base_was_written,
    used_in_no_grad_after_its_base_was_written,
    split_without_a_gradient,
    split_that_meets_a_gradient,
    view_of_a_split_written,
    made_in_no_grad_written_outside,
    made_in_no_grad_used_outside,
    written_in_no_grad_and_used,
    a_leaf_that_is_a_view,
    a_leaf_that_is_a_view_written,
    base_that_requires_grad_later,
    base_written_that_requires_grad_later,
    base_that_requires_grad_written_later,
    base_detached_in_place,
    turned,
    turned_view,
    leaf_turned,
    written_through_windows,
    expanded_by_nothing_written,
    keyword_of_a_write,
    made_in_no_grad_and_met_by_what_was_written,
    made_in_no_grad_and_its_result_overwritten,
    output_saved_by_a_write_to_a_view,
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", WRITTEN)
def test_a_write_to_a_view_does_what_it_does_in_torch(program, torch):
    ours, theirs = (outcome(lambda t: program(t, t.ones(4).requires_grad_()), t) for t in (tg, torch))
    assert type(ours) is type(theirs)
    assert isinstance(ours, Exception) or ours == theirs


def test_windows_that_overlap_cannot_be_written_to():
    x = tg.zeros(4)
    with pytest.raises(RuntimeError, match="single memory location"):
        x.unfold(0, 3, 1).add_(1)
    assert x.tolist() == [0, 0, 0, 0]
