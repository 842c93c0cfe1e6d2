"""Views and in-place writes: the same programs in both engines, with equal results, gradients and errors."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome


def start(t, shape=(3, 4)):
    """A leaf, and a computed tensor that may be written to."""
    n = int(np.prod(shape))
    x = t.arange(1.0, n + 1, dtype=t.float64).reshape(shape).detach().requires_grad_()
    return x, x * 1.0


def after(t, x, *results, weight=None):
    """Gradients of Σ i · resultᵢ²."""
    sum(((i + 1) * (r * r).sum() for i, r in enumerate(results)), t.zeros(())).backward()
    return [*results, x.grad, *([weight.grad] if weight is not None else [])]


def weighted(t, *shape):
    n = int(np.prod(shape))
    return (t.arange(1.0, n + 1, dtype=t.float64).reshape(shape) / n).detach().requires_grad_()


def write_a_row(t):
    x, y = start(t)
    w = weighted(t, 4)
    y[1] = w
    return after(t, x, y, weight=w)


def write_through_a_view(t):
    x, y = start(t)
    v = y[1:]
    w = weighted(t, 2, 4)
    v.mul_(w)
    return after(t, x, y, v, weight=w)


def view_of_a_view(t):
    x, y = start(t)
    v = y[1:]
    u = v[:, 2]
    u.add_(10)
    return after(t, x, y, v, u)


def sibling_views(t):
    x, y = start(t)
    a, b = y[0], y[:, 0]
    a.mul_(3)
    b.mul_(5)
    return after(t, x, y, a, b)


def base_written_after_view(t):
    x, y = start(t)
    v = y.t()
    y.exp_()
    return after(t, x, v, y)


def a_constant_base_starts_to_need_grad(t):
    x, _ = start(t, (2,))
    base = t.zeros(3, 2, dtype=t.float64)
    row = base[1]
    base[1] = x * 2
    base[2] = x
    return [base.requires_grad, row.requires_grad, *after(t, x, base, row)]


def masked_write(t):
    x, y = start(t)
    y[y > 6] *= 2
    return after(t, x, y)


def masked_add(t):
    x, y = start(t)
    w = weighted(t, 6)
    y[y > 6] += w
    return after(t, x, y, weight=w)


def fancy_write(t):
    x, y = start(t)
    w = weighted(t, 2, 4)
    y[t.tensor([0, 2])] = w
    return after(t, x, y, weight=w)


def transposed_and_reshaped_view(t):
    x, y = start(t)
    v = y.t().unsqueeze(0)
    v[0, 1] = 7.0
    return after(t, x, y, v)


def flattened_view(t):
    x, y = start(t)
    f = y.view(-1)
    f[::5] = 0
    return after(t, x, y, f)


def copy_and_fill(t):
    x, y = start(t)
    w = weighted(t, 4)
    y[0].copy_(w)
    y[1].fill_(3)
    y[2].zero_()
    return after(t, x, y, weight=w)


def operators_in_place(t):
    x, y = start(t)
    y += 1
    y *= 2
    y -= x
    y /= 3
    y **= 2
    return after(t, x, y)


def value_saved_before_an_input_write_is_cloned(t):
    x, y = start(t)
    w = weighted(t, 3, 4)
    y.mul_(w)
    y.pow_(2)
    return after(t, x, y, weight=w)


def write_what_add_does_not_need(t):
    x, y = start(t)
    z = y + 1
    y.mul_(2)
    return after(t, x, z, y)


def exp_saves_its_output_not_its_input(t):
    x, y = start(t)
    z = (y / 12).exp()
    y.add_(1)
    return after(t, x, z, y)


def no_grad_update_of_a_leaf(t):
    x, _ = start(t)
    (x * x).sum().backward()
    with t.no_grad():
        x -= 0.1 * x.grad
        x[0] = 0
    return [x, x.requires_grad, x.is_leaf]


def detached_writes_are_seen(t):
    _, y = start(t)
    d = y.detach()
    d.mul_(2)
    return [y, d, y._version, d._version]


def squeeze_of_nothing_is_a_view(t):
    x, y = start(t)
    s, e = y.squeeze(), y.expand(3, 4)
    s.mul_(2)
    e.add_(1)
    return after(t, x, y, s)


def truths_as_indices(t):
    x, y = start(t)
    y[True] *= 2
    s = y.sum()
    s[s > 0] = 3.0
    return after(t, x, y, y[True], y[False], s)


def values_with_more_axes_than_their_place(t):
    x, y = start(t)
    w = weighted(t, 1, 4)
    y[1] = w
    y[y > 11] = t.tensor([[7.0]], dtype=t.float64)
    return after(t, x, y, weight=w)


def numbers_beside_index_arrays(t):
    x, y = start(t, (2, 3, 4))
    y[0, :, [0, 1]] = weighted(t, 3, 2).detach()
    return after(t, x, y, y[1, :, [2, 0, 0]], y[1, ..., [0, 3]], y[[0, 1], None, 2])


def empty_writes(t):
    x, y = start(t)
    y[y > 100] *= 2
    z = t.zeros(0, 3)
    z += t.ones(3)
    return [*after(t, x, y), z]


def second_derivative_through_a_write(t):
    x, y = start(t)
    y[1] = y[0].clone() * y[2].clone()
    (g,) = t.autograd.grad((y**3).sum(), x, create_graph=True)
    (h,) = t.autograd.grad((g * g).sum(), x)
    return [g, h]


def versions(t):
    x, y = start(t)
    v = y[0]
    seen = [y._version]
    v.add_(1)
    y.mul_(2)
    return [*seen, y._version, v._version, x._version, y.data._version]


# ------------------------------------------------------------------ and those that must be refused


def saved_output_overwritten(t):
    _, y = start(t)
    z = (y / 12).exp()
    z.mul_(2)
    z.sum().backward()


def saved_input_overwritten(t):
    _, y = start(t)
    z = y * y
    y.add_(1)
    z.sum().backward()


def saved_constant_overwritten(t):
    _, y = start(t)
    mask = t.ones(3, 4, dtype=t.float64)
    z = y * mask
    mask.zero_()
    z.sum().backward()


def saved_input_overwritten_through_a_view(t):
    _, y = start(t)
    z = y * y
    y[0].zero_()
    z.sum().backward()


def saved_output_overwritten_through_detach(t):
    _, y = start(t)
    z = t.sigmoid(y)
    z.detach().zero_()
    z.sum().backward()


def leaf_written(t):
    x, _ = start(t)
    x.add_(1)


def leaf_item_written(t):
    x, _ = start(t)
    x[0] = 1


def view_of_leaf_written(t):
    x, _ = start(t)
    x[0].zero_()


def expanded_written(t):
    t.ones(1, 3).expand(4, 3).add_(1)


def shape_would_change(t):
    t.ones(3).add_(t.ones(2, 3))


def dtype_would_change(t):
    t.ones(3, dtype=t.int64).add_(0.5)


def item_out_of_range(t):
    t.ones(3)[5] = 1


def item_of_wrong_shape(t):
    t.ones(3, 2)[0] = t.ones(3)


RESULTS = [
    write_a_row,
    write_through_a_view,
    view_of_a_view,
    sibling_views,
    base_written_after_view,
    a_constant_base_starts_to_need_grad,
    masked_write,
    masked_add,
    fancy_write,
    transposed_and_reshaped_view,
    flattened_view,
    copy_and_fill,
    operators_in_place,
    value_saved_before_an_input_write_is_cloned,
    write_what_add_does_not_need,
    exp_saves_its_output_not_its_input,
    no_grad_update_of_a_leaf,
    detached_writes_are_seen,
    second_derivative_through_a_write,
    versions,
    squeeze_of_nothing_is_a_view,
    truths_as_indices,
    values_with_more_axes_than_their_place,
    numbers_beside_index_arrays,
    empty_writes,
]
ERRORS = {
    saved_output_overwritten: "modified by an inplace operation: exp saved its output",
    saved_input_overwritten: "modified by an inplace operation: mul saved its input",
    saved_constant_overwritten: "mul saved its input 'other', of shape .3, 4., for the rule dx = g . y",
    saved_input_overwritten_through_a_view: "modified by an inplace operation",
    saved_output_overwritten_through_detach: "modified by an inplace operation: sigmoid",
    leaf_written: "a leaf Variable that requires grad is being used in an in-place operation",
    leaf_item_written: "a leaf Variable that requires grad",
    view_of_leaf_written: "a view of a leaf Variable that requires grad",
    expanded_written: r"more than one element .* Please clone\(\)",
    shape_would_change: "output with shape .3. doesn't match the broadcast shape .2, 3.",
    dtype_would_change: "result type torch.float32 can't be cast to the desired output type torch.int64",
    item_out_of_range: "index 5 is out of bounds for dimension 0 with size 3",
    item_of_wrong_shape: "shape mismatch|must match",
}


@pytest.mark.parametrize("program", RESULTS)
def test_results_and_gradients_equal_torchs(program, torch):
    ours, theirs = outcome(program, tg), outcome(program, torch)
    assert not isinstance(theirs, Exception), theirs
    if isinstance(ours, Exception):
        raise ours
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert np.shape(a) == np.shape(b)
        assert np.allclose(a, b, rtol=1e-13, atol=0)


@pytest.mark.parametrize(("program", "message"), ERRORS.items())
def test_refusals_say_why(program, message):
    with pytest.raises((RuntimeError, IndexError), match=message):
        program(tg)


@pytest.mark.parametrize("program", ERRORS)
def test_refusals_have_torchs_type(program, torch):
    assert type(outcome(program, tg)) is type(outcome(program, torch))


def test_a_refused_write_changes_nothing():
    for program in (expanded_written, shape_would_change, dtype_would_change):
        assert isinstance(outcome(program, tg), RuntimeError)
    x = tg.ones(3, dtype=tg.float64, requires_grad=True)
    with pytest.raises(RuntimeError):
        x.add_(1)
    y = x * 1
    with pytest.raises(RuntimeError):
        y.add_(tg.ones(2, 3, dtype=tg.float64))
    assert x.tolist() == y.tolist() == [1, 1, 1]
    assert y._version == 0
