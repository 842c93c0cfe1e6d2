"""Every declared op, by its declaration alone: against finite differences, against torch, and against itself."""

import ast
import copy
import inspect
import pickle
from importlib.util import find_spec

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.declared import OURS_ALONE, cases, draw, in_torch, name_of, tensors
from tinygrad_edu.forms import public
from tinygrad_edu.graph import walk
from tinygrad_edu.op import registry
from tinygrad_edu.thread import Watcher, watching

ALL = list(cases())
SMOOTH = [case for case in ALL if case[0].differentiable]
every = pytest.mark.parametrize("case", ALL, ids=name_of)
differentiable = pytest.mark.parametrize("case", SMOOTH, ids=name_of)


SYMMETRIC = {"cholesky"}  # what is defined for symmetric matrices only, which finite differences must not leave


def called(op, params):
    if op.name in SYMMETRIC:
        return lambda x: op.call((x + x.mT) / 2, **params)
    return lambda *xs: op.call(*xs, **params)


def test_every_op_has_a_case():
    internal = {"overwritten", "floor_divide"}  # called by in-place writes only, and tested there
    present = {op.name for op in registry.values() if op.needs is None or find_spec(op.needs)}
    assert {case[0].name for case in ALL} | internal == present


@differentiable
def test_gradient_equals_finite_differences(case, rng):
    op, shapes, params = case
    xs = tensors(op, draw(op, shapes, rng))
    assert tg.autograd.gradcheck(called(op, params), xs, atol=1e-6, rtol=1e-6)


@differentiable
def test_second_derivative_equals_finite_differences(case, rng):
    op, shapes, params = case
    xs = tensors(op, draw(op, shapes, rng))
    if op.once:
        with pytest.raises(RuntimeError, match="once only"):
            tg.autograd.gradgradcheck(called(op, params), xs)
        return
    assert tg.autograd.gradgradcheck(called(op, params), xs, atol=1e-5, rtol=1e-5)


def scaled_gap(ours, theirs):
    """The largest difference, by the reference's own scale."""
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    finite = np.abs(theirs[np.isfinite(theirs)])
    scale = finite.max() if finite.size else 1
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    return np.nanmax(np.abs(ours.astype(float) - theirs.astype(float)), initial=0) / (scale or 1)


@pytest.mark.parametrize("case", [case for case in ALL if case[0].name not in OURS_ALONE], ids=name_of)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_and_gradients_equal_torchs(case, dtype, torch, rng):
    op, shapes, params = case
    theirs = in_torch(op, torch)
    if op.name == "cast" and dtype == np.float32:
        params = {"dtype": np.dtype(np.float64)}
    arrays = draw(op, shapes, rng, dtype)
    if op.takes == "biu":
        arrays = [np.asarray(abs(a) * 3).astype(int) for a in arrays]
    xs = tensors(op, arrays)
    ys = [None if x is None else torch.tensor(x.array, requires_grad=x.requires_grad) for x in xs]
    out = op.call(*xs, **params)
    named = {public(name): y for name, y in zip(op.inputs, ys) if name in op.optional}
    ref = theirs(*ys[: len(ys) - len(named)], **named, **params)
    bound = max(1e-12, LOOSER.get(op.name, 0)) if dtype == np.float64 else 2e-6
    assert scaled_gap(out.array, ref.detach().numpy()) <= bound
    if not ref.requires_grad:
        assert not out.requires_grad
        return
    g = rng.standard_normal(out.shape).astype(out.array.dtype)
    live = [i for i, y in enumerate(ys) if y is not None and y.requires_grad]
    first = tg.autograd.grad(out, [xs[i] for i in live], tg.tensor(g), create_graph=not op.once)
    first_ref = torch.autograd.grad(ref, [ys[i] for i in live], torch.tensor(g), create_graph=True, allow_unused=True)
    for a, b, i in zip(first, first_ref, live):
        assert (
            scaled_gap(a.array, np.zeros(arrays[i].shape, dtype) if b is None else b.detach().numpy(force=True))
            <= bound
        )
    if op.once:
        return
    along = [
        rng.standard_normal(a.shape).astype(dtype) for a in first
    ]  # not along the first: a norm's has constant length
    slope = sum((b * torch.tensor(v)).sum() for b, v in zip(first_ref, along) if b is not None and b.requires_grad)
    if not isinstance(slope, torch.Tensor):
        assert not any(a.requires_grad for a in first)
        return
    if op.name in ONCE_IN_TORCH:
        return
    theirs2 = torch.autograd.grad(slope, [ys[i] for i in live], allow_unused=True, materialize_grads=True)
    if any(a.requires_grad for a in first):
        ours = sum((a * v).sum() for a, v in zip(first, along) if a.requires_grad)
        ours2 = tg.autograd.grad(ours, [xs[i] for i in live], allow_unused=True, materialize_grads=True)
    else:
        ours2 = [tg.zeros_like(xs[i]) for i in live]
    for a, b in zip(ours2, theirs2):
        assert scaled_gap(a.array, b.numpy(force=True)) <= 10 * bound


# torch's second derivative of BCE adds 1e-12 to p and to 1 - p, where its first (and our second) does not.
LOOSER = {"binary_cross_entropy": 1e-10}
# torch's polygamma sums a series of few terms; SciPy's is exact to the last digits.
LOOSER |= {"lgamma": 2e-9, "digamma": 2e-9, "polygamma": 2e-9}
ONCE_IN_TORCH = {"hardsigmoid"}


@differentiable
def test_fast_form_and_general_form_are_equal_to_the_bit(case, rng):
    op, shapes, params = case
    arrays = draw(op, shapes, rng)
    g = None
    results = []
    for watched in (False, True):
        xs = tensors(op, arrays)
        if watched:
            with watching(Watcher()):
                out = op.call(*xs, **params)
                g = np.ones(out.shape)
                found, _ = walk([out.node], [g])
        else:
            out = op.call(*xs, **params)
            found, _ = walk([out.node], [np.ones(out.shape)])
        grads = [None if x is None or x.node is None else found.get(x.node) for x in xs]
        results.append((out.array, grads))
    (a, da), (b, db) = results
    assert a.tobytes() == b.tobytes()
    for x, y in zip(da, db):
        assert (x is None) == (y is None)
        assert x is None or x.tobytes() == y.tobytes()


@differentiable
def test_each_input_alone_gets_the_same_gradient(case, rng):
    """What a node saves depends on which inputs want a gradient: none may be missing when only one does."""
    op, shapes, params = case
    arrays = draw(op, shapes, rng)
    everyone = tensors(op, arrays)
    op.call(*everyone, **params).sum().backward()
    for i, x in enumerate(everyone):
        if x is not None and x.requires_grad:
            alone = [None if t is None else t.detach() for t in tensors(op, arrays)]
            alone[i].requires_grad = True
            op.call(*alone, **params).sum().backward()
            assert np.array_equal(alone[i].grad.array, x.grad.array)


@pytest.mark.parametrize(
    "op",
    [
        op
        for op in registry.values()
        if op.broadcasts and len(op.inputs) == 2 and "Tensor" in op.places and op.cases != []
    ],
    ids=lambda op: op.name,
)
def test_a_stretched_scalar_used_twice_gets_an_array(op, rng):
    x, y = (
        tensors(op, draw(op, [(), (3,)], rng)) if op.name != "matmul" else tensors(op, draw(op, [(3,), (2, 3, 1)], rng))
    )
    if op.differentiable:
        (op.call(x, y) + op.call(x, y)).sum().backward()
        assert type(x.grad.array) is np.ndarray
        once = tensors(op, [x.array, y.array])
        op.call(*once).sum().backward()
        assert np.allclose(x.grad.array, 2 * once[0].grad.array)


@differentiable
def test_rules_return_arrays_that_nobody_else_holds(case, rng):
    """The walk adds in place into what a rule made: it must be neither an input, nor the output, unless it is g's own."""
    op, shapes, params = case
    xs = tensors(op, draw(op, shapes, rng))
    out = op.call(*xs, **params)
    g = np.ones(out.shape)
    saved = [getattr(s, "array", s) for s in out.node.saved if s is not None]
    for part in op.pull(out.node, g):
        if isinstance(part, np.ndarray) and part is not g and part.base is None:
            assert not any(np.shares_memory(part, s) for s in saved)
            assert not np.shares_memory(part, g)


@every
def test_it_pickles_and_copies_by_name(case):
    op = case[0]
    assert copy.deepcopy(op) is op
    assert pickle.loads(pickle.dumps(op)) is op


# ------------------------------------------------------------------ the vocabulary of rules

VOCABULARY = {"where", "exp", "log", "log1p", "sin", "cos", "sign", "abs", "minimum", "maximum", "zeros_like"}
VOCABULARY |= {"sqrt", "sinh", "cosh", "tanh", "trunc"}
VOCABULARY |= {"broadcast_to", "expand_dims", "permute_dims", "swapaxes"}


@pytest.mark.parametrize("op", [op for op in registry.values() if op.differentiable], ids=lambda op: op.name)
def test_rules_speak_the_vocabulary(op):
    """Rules run on arrays and on Tensors, so they may use only what means the same on both."""
    for text in op.formulas.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
                assert node.attr in VOCABULARY
                assert getattr(np, node.attr) in tg.Tensor.numpy_functions


@pytest.mark.parametrize("op", list(registry.values()), ids=lambda op: op.name)
def test_it_is_documented(op):
    if not isinstance(op.forward, np.ufunc) and op.name != "overwritten" and not op.name.startswith("am"):
        assert inspect.getdoc(op.forward), f"{op.name} does not say what it computes"
