"""Views and in-place writes: the same programs in both engines, with equal results, gradients and errors."""

import re

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


def view_of_a_base_with_its_dims_in_another_order(t):
    x, _ = start(t)
    y = x.t() * 1
    y.t().view(-1)[::5] *= weighted(t, 3)
    y.t().reshape(6, 2)[1] = 7
    return after(t, x, y)


def element_of_an_expanded_tensor(t):
    x, y = start(t)
    e = y[:1].expand(3, 4)
    e[0].mul_(weighted(t, 4))
    e[1, 2] = x[2, 2] * 3
    (g,) = t.autograd.grad((y**3).sum() + (e * e).sum(), x, create_graph=True)
    return [y, e, g, *t.autograd.grad((g * g).sum(), x)]


def constant_in_an_expanded_tensor(t):
    c = t.zeros(1, 3)
    c.expand(4, 3).fill_(2)
    d = c.clone()
    d.expand(4, 3).zero_()
    return [c, d]


def what_is_read_may_be_written(t):
    x, y = start(t)
    y.add_(y)
    y.copy_(y)
    y[1] = y[0]
    y[[1, 2]] = y[[0, 1]]
    y[:, ::2] += y[:, 1::2]
    y.T[0] += 1
    y[1:][0] = y[2]
    return after(t, x, y)


def copied_across_dtypes(t):
    x, y = start(t)
    f, i = t.zeros(3, 4), t.zeros(3, 4, dtype=t.int64)
    f.copy_(y)
    i.copy_(y / 2)
    y[0].copy_(f[1, 0])
    y[1:2].copy_(weighted(t, 4).float())
    return [f, i, i.requires_grad, *after(t, x, y)]


def straight_into_memory(t):
    """A ufunc's in-place form that nobody records writes without a detour: the numbers are the same."""
    c = t.arange(12.0).reshape(3, 4)
    c.add_(c, alpha=-0.5).mul_(3).add_(c[0].clone()).sub_(t.ones(3, 1))
    c.T.mul_(t.arange(3.0))
    c[1:].abs_().neg_()
    c.add_(t.ones(3, 4, dtype=t.float64) * 0.1).add_(t.arange(4)).add_(t.tensor(0.1, dtype=t.float64))
    return [c, c._version, c.dtype == t.float32]


def gradients_kept_after_writes(t):
    x, y = start(t)
    v = y[0]
    y.retain_grad()
    v.retain_grad()
    v.mul_(3)
    y[1:].mul_(2)
    ((y * y).sum() + v.sum()).backward()
    return [y.grad, v.grad, x.grad]


def hooks_stay_where_they_were(t):
    x, y = start(t)
    seen, v = [], y[0]
    y.register_hook(lambda g: seen.append(g))
    v.register_hook(lambda g: seen.append(g))
    v.mul_(3)
    y.register_hook(lambda g: seen.append(g))
    (y * y).sum().backward()
    return [*seen, x.grad]


def written_over_by_what_has_no_slope(t):
    x, y = start(t)
    y[0].eq_(2.0)
    y[1:].T[1].logical_not_()
    z = (x * 1).gt_(x.detach())
    return [y.requires_grad, z.requires_grad, z.is_leaf, *after(t, x, y, z)]


def assigned_numbers_of_every_kind(t):
    c, i, b = t.zeros(4), t.zeros(4, dtype=t.int64), t.zeros(4, dtype=t.bool)
    for place in (0, slice(1, 2), t.tensor([2]), t.tensor([False, False, False, True])):
        c[place], i[place], b[place] = np.float64(2.5), 2.5, 2.5
    return [c, i, b]


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


def parts_of_an_expanded_tensor_written(t):
    t.ones(1, 3).expand(4, 3)[1:] = 2


def row_moved_over_itself(t):
    c = t.arange(5.0)
    c[1:] = c[:-1]


def transpose_added(t):
    c = t.ones(3, 3)
    c += c.T


def row_multiplied(t):
    c = t.ones(3, 3)
    c.mul_(c[0])


def copied_into_less(t):
    t.ones(4).copy_(t.ones(1, 4))


def filled_with_several(t):
    t.ones(4).fill_(t.ones(1))


def filled_with_too_much(t):
    t.ones(4, dtype=t.int64).fill_(float("inf"))


def list_assigned(t):
    t.ones(2)[0:2] = [1, 2]


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
    view_of_a_base_with_its_dims_in_another_order,
    element_of_an_expanded_tensor,
    constant_in_an_expanded_tensor,
    what_is_read_may_be_written,
    copied_across_dtypes,
    straight_into_memory,
    gradients_kept_after_writes,
    hooks_stay_where_they_were,
    written_over_by_what_has_no_slope,
    assigned_numbers_of_every_kind,
]
ERRORS = {
    saved_output_overwritten: "modified by an inplace operation: exp saved its output",
    saved_input_overwritten: "modified by an inplace operation: mul saved its input",
    saved_constant_overwritten: "mul saved its input 'other', of shape .3, 4., and it was .*Why: the rule dx = g . y",
    saved_input_overwritten_through_a_view: "modified by an inplace operation",
    saved_output_overwritten_through_detach: "modified by an inplace operation: sigmoid",
    leaf_written: "a leaf Variable that requires grad is being used in an in-place operation",
    leaf_item_written: "a leaf Variable that requires grad",
    view_of_leaf_written: "a view of a leaf Variable that requires grad",
    expanded_written: r"more than one element .* Please clone\(\)",
    parts_of_an_expanded_tensor_written: "more than one element",
    row_moved_over_itself: "some elements of the input tensor and the written-to tensor refer to a single memory location",
    transpose_added: "some elements of the input tensor",
    row_multiplied: "some elements of the input tensor",
    copied_into_less: "output with shape .4. doesn't match the broadcast shape",
    filled_with_several: "only supports a 0-dimensional value tensor",
    filled_with_too_much: "cannot be converted to type .*int64 without overflow",
    list_assigned: "can't assign a list",
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
    with pytest.raises((RuntimeError, IndexError, TypeError), match=re.compile(message, re.S)):
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


@pytest.mark.parametrize("kind", ["index", "mask"])
def test_indices_overwritten_before_backward_raise_or_do_no_harm(kind, torch):
    """Where torch raises its error about saved indices, so do we, or the gradient is that of the indices as they were."""
    calls = {
        "index": [
            lambda x, i: x[i],
            lambda x, i: x.gather(0, i),
            lambda x, i: x.scatter(0, i, 5.0),
            lambda x, i: x.scatter_add(0, i, x),
            lambda x, i: x.index_select(0, i),
            lambda x, i: x.index_copy(0, i, x * 2),
            lambda x, i: x.take(i),
        ],
        "mask": [lambda x, i: x[i], lambda x, i: x.masked_fill(i, 0.0), lambda x, i: x.masked_select(i)],
    }
    for call in calls[kind]:

        def program(t, write=True, call=call):
            x = t.arange(3.0).requires_grad_()
            i = t.tensor([2, 0, 1]) if kind == "index" else t.tensor([True, False, True])
            out = call(x * 1, i)
            if write:
                i.zero_()
            return t.autograd.grad((out * out).sum(), x)

        ours, theirs = outcome(program, tg), outcome(lambda t: program(t, write=False), torch)
        assert isinstance(ours, RuntimeError) or ours == theirs


def test_a_number_that_was_replaced_hears_nothing():
    """Where an index names a place twice, the last write stays, and has the whole slope. (torch gives it to all.)"""
    w = tg.ones(3, dtype=tg.float64, requires_grad=True)
    place = tg.tensor([1, 0, 1])
    for write in (
        lambda x: x.__setitem__(place, w),
        lambda x: x.index_put_((place,), w),
        lambda x: x.index_copy_(0, place, w),
        lambda x: x.scatter_(0, place, w),
        lambda x: x.put_(place, w),
    ):
        x = w.sum() * tg.ones(2, dtype=tg.float64)
        write(x)
        (g,) = tg.autograd.grad((x * tg.tensor([1.0, 2.0])).sum(), w)
        assert g.tolist() == [0, 1, 2]
