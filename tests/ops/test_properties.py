"""Properties of every declared op, on shapes, strides, dtypes and numbers that Hypothesis draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.declared import cases, draw, in_torch
from tests.ops.test_declared import SYMMETRIC
from tinygrad_edu.graph import walk
from tinygrad_edu.op import registry
from tinygrad_edu.tensor import made

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
SMOOTH = [op for op in registry.values() if op.differentiable and any(case[0] is op for case in cases())]
ENTRYWISE = [
    op
    for op in registry.values()
    if any(case[0] is op for case in cases())
    and op.places
    and not op.variadic
    and (isinstance(op.forward, np.ufunc) or (op.cases is None and op.promotes))
]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 40.0, -200.0, 1e-30, 1e30, np.inf, -np.inf, np.nan]
MODERATE = [
    0.5,
    1.0,
    -2.5,
    3.0,
    40.0,
    np.nan,
]  # SciPy's approximations are others than torch's, and so are their limits
by_name = dict(ids=lambda op: op.name)


@st.composite
def called(draw_, op):
    """(shapes, parameters): a declared case, or shapes that broadcast for an op of numbers."""
    own = [case[1:] for case in cases() if case[0] is op]
    if op in ENTRYWISE and op.cases is None:
        shape = tuple(draw_(st.lists(st.integers(0, 3), max_size=3)))
        stretched = [
            tuple(1 if draw_(st.booleans()) else n for n in shape)[draw_(st.integers(0, len(shape))) :]
            for _ in op.inputs
        ]
        return [shape, *stretched[1:]], {}
    return draw_(st.sampled_from(own))


def strided(rng, a):
    """The same numbers lying in memory in another way: every second one, or in another order of axes."""
    if a is None or not a.ndim:
        return a
    order = rng.permutation(a.ndim)
    steps = tuple(slice(None, None, 2) for _ in a.shape)
    roomy = np.empty([2 * a.shape[i] for i in order], a.dtype)[steps]
    roomy[...] = a.transpose(order)
    return roomy.transpose(np.argsort(order))


def results(op, arrays, params, g=None):
    """(output, gradients), as arrays; g, if not given, is 1 everywhere."""
    xs = [None if a is None else made(a, None) for a in arrays]
    ruled = op.ruled * len(xs) if op.variadic else op.ruled
    for x, has_rule in zip(xs, ruled):
        if x is not None and has_rule and x.is_floating_point():
            x.requires_grad = True
    out = op.call(*xs, **params)
    if out.node is None:
        return out.array, []
    with np.errstate(all="ignore"):
        found, _ = walk([out.node], [np.ones(out.shape, out.array.dtype) if g is None else g])
    return out.array, [None if x is None or x.node is None else found.get(x.node) for x in xs]


@pytest.mark.parametrize("op", SMOOTH, **by_name)
@given(data=st.data(), rng=seeds)
@settings(max_examples=10)
def test_how_numbers_lie_in_memory_does_not_matter(op, data, rng):
    shapes, params = data.draw(called(op))
    arrays = draw(op, shapes, rng)
    if op.name == "view":
        return  # whose very error it is that they lie elsewhere
    out, grads = results(op, [None if a is None else a.copy() for a in arrays], params)
    out2, grads2 = results(op, [strided(rng, a) for a in arrays], params)
    assert np.allclose(out, out2, 1e-14, 1e-14, equal_nan=True)
    for a, b in zip(grads, grads2):
        assert (a is None) == (b is None)
        assert a is None or np.allclose(a, b, 1e-14, 1e-14, equal_nan=True)


@pytest.mark.parametrize("op", SMOOTH, **by_name)
@given(data=st.data(), rng=seeds)
@settings(max_examples=10)
def test_the_rules_are_the_adjoint_of_the_derivative(op, data, rng):
    """⟨g, J v⟩ = ⟨Jᵀ g, v⟩, with J v by a central difference."""
    shapes, params = data.draw(called(op))
    arrays = draw(op, shapes, rng)
    out, _ = results(op, arrays, params)
    g = rng.standard_normal(out.shape)
    _, grads = results(op, arrays, params, g)
    ruled = op.ruled * len(arrays) if op.variadic else op.ruled
    v = [
        rng.standard_normal(a.shape) if a is not None and has and a.dtype.kind == "f" else None
        for a, has in zip(arrays, ruled)
    ]
    if op.name in SYMMETRIC:
        v = [d + d.mT for d in v]
    h = 1e-6
    above, below = (
        op.forward(*(a if d is None else a + s * h * d for a, d in zip(arrays, v)), **params) for s in (1, -1)
    )
    forward = (g * (above - below)).sum() / (2 * h)
    backward = sum(((grad * d).sum() for grad, d in zip(grads, v) if d is not None and grad is not None), 0.0)
    scale = (
        1
        + abs(forward)
        + sum(np.abs(grad * d).sum() for grad, d in zip(grads, v) if d is not None and grad is not None)
    )
    assert abs(forward - backward) <= 1e-6 * scale


@pytest.mark.parametrize("op", ENTRYWISE, **by_name)
@given(data=st.data())
@settings(max_examples=20)
def test_special_values_and_slopes_are_torchs(op, data, promised):
    size = data.draw(st.integers(1, 3))
    numbers = st.lists(st.sampled_from(MODERATE if op.needs else SPECIAL), min_size=size, max_size=size)
    arrays = [np.array(data.draw(numbers)) for _ in op.inputs]
    if op.takes == "biu":
        arrays = [np.isfinite(a).astype(int) for a in arrays]
    if op.name == "where":
        arrays[0] = arrays[0] > 0
    near = 1e-9 if op.needs else 1e-12
    out, grads = results(op, arrays, {})
    theirs = [promised.tensor(a, requires_grad=a.dtype == float and has) for a, has in zip(arrays, op.ruled)]
    ref = in_torch(op, promised)(*theirs)
    same(out, ref.detach().numpy(), near, signs=op.name not in EITHER)
    if ref.requires_grad:
        live = [t for t in theirs if t.requires_grad]
        slopes = promised.autograd.grad(ref, live, promised.ones_like(ref), allow_unused=True)
        for a, b in zip([a for a in grads if a is not None], slopes, strict=True):
            same(a, np.zeros_like(a) if b is None else b.numpy(), near)


EITHER = {
    "maximum",
    "minimum",
    "fmax",
    "fmin",
}  # the larger of 0 and -0 is the one or the other, as the processor likes


def same(ours, theirs, near, signs=False):
    """Equal but for rounding; zeros in sign too, if asked."""
    assert np.allclose(ours, theirs, near, 0, equal_nan=True)
    assert not signs or (np.signbit(ours) == np.signbit(theirs))[~np.isnan(ours)].all()


@pytest.mark.parametrize("op", [op for op in ENTRYWISE if op.promotes and op.name != "sub"], **by_name)
@given(data=st.data(), rng=seeds)
@settings(max_examples=10)
def test_dtypes_meet_as_in_torch(op, data, rng, promised):  # but for sub, which torch refuses if any of the two is bool
    kinds = st.sampled_from(["bool", "uint8", "int32", "int64", "float32", "float64"])
    arrays = [rng.integers(1, 3, data.draw(st.sampled_from([(), (2,)]))).astype(data.draw(kinds)) for _ in op.inputs]
    if op.name == "where":
        arrays[0] = arrays[0] > 1
    errors = (RuntimeError, TypeError, NotImplementedError, IndexError)
    try:
        ref = in_torch(op, promised)(*map(promised.tensor, arrays))
    except errors:
        if op.name == "pow" and not arrays[1].ndim:
            return  # torch takes x ** True of truths, but no 0-d tensor, which is what a number is to us
        with pytest.raises(errors):
            op.call(*map(tg.tensor, arrays))
        return
    out = op.call(*map(tg.tensor, arrays))
    assert str(out.dtype) == str(ref.dtype)
    assert out.shape == tuple(ref.shape)
    assert np.allclose(out.array, ref.numpy(), 1e-5, 1e-6, equal_nan=True)


@pytest.mark.parametrize("op", [op for op in registry.values() if op.exact], **by_name)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_exact_ops_give_torchs_bits(op, dtype, rng, promised):
    arrays = [rng.standard_normal(10_000).astype(dtype) for _ in op.inputs]
    ref = in_torch(op, promised)(*map(promised.from_numpy, arrays)).numpy()
    out = op.call(*map(tg.from_numpy, arrays)).array
    same_bits = out.view(f"u{out.itemsize}") == ref.view(f"u{ref.itemsize}")
    assert (same_bits | np.isnan(ref)).all()
