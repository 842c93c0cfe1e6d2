"""Reductions, scans, order and norms where torch's own samples do not look: ties, zeros, NaN, no numbers, wrong calls."""

import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

from .agree import close

# Each is evaluated with x, of (3, 4), distinct; e, of (3, 4), with ties; o, of (2, 3), with zeros; s, of (6,), with NaN, inf
# and both zeros; z, which is 0-d: these want gradients; h, of (0, 3); n, integers, u, bytes and m, truths, of (3, 4).
CALLS = """
    t.sum(m) | t.sum(u) | t.sum(n, 1, True) | t.sum(x, (), True) | t.sum(x, dtype=t.int64) | t.sum(m, dtype=t.bool) | x.sum(axis=0, keepdims=True)
    t.mean(x, (0, -1)) | t.mean(n, dtype=t.float64) | t.mean(x, dtype=t.int64) | t.mean(h, 0) | t.mean(h) | t.sum(x, 1.0) | t.sum(x, (0, 0))
    t.prod(o) | t.prod(o, 0) | t.prod(o[0]) | t.prod(o * 0) | t.prod(m) | t.prod(u, dtype=t.uint8) | t.prod(h, 0) | t.prod(x, (0, 1)) | t.prod(z) | t.prod(-o, 1, True)
    t.var(x, False) | t.var(x, 0, False, True) | x.var((0, 1), correction=0.5) | t.var(x, unbiased=False, dim=1) | t.std(x, correction=None) | t.std(e * 0, 0)
    t.var(z) | t.var(x[:1], 0) | t.var(x[:2], 0, correction=2) | t.var(x[:2], 0, correction=3) | t.var(n) | t.std(x, 0, unbiased=True, correction=1) | t.std(h, 0)
    t.std_mean(x, 0, keepdim=True) | t.var_mean(x, False) | t.var_mean(s)
    t.max(e) | t.max(s) | t.min(s) | t.max(e, 1) | t.min(e, -1, True) | t.max(s, 0) | t.max(z, 0) | t.max(z, -1, True) | t.max(m, 0) | t.max(h, 1) | t.max(h, 0) | t.max(h)
    t.max(x, e) | t.max(x, other=e) | t.max(x, 5) | t.max(x, (0, 1)) | t.max(x, keepdim=True) | t.max(x, 0, out=(t.zeros(4, dtype=t.float64), t.zeros(4, dtype=t.int64)))
    t.amax(e, 1) | t.amin(e) | t.amax(s) | t.amax(e, ()) | t.amax(h) | t.amax(h, 0) | t.amin(h, 1) | t.amax(m, 0) | t.amax(-e.abs(), (0, 1), True)
    t.aminmax(e) | t.aminmax(e, dim=0, keepdim=True) | t.aminmax(h) | t.aminmax(s) | t.aminmax(z, dim=-1)
    t.argmax(s) | t.argmin(s, 0) | t.argmax(e, 1, True) | t.argmax(x, keepdim=True) | t.argmax(m) | t.argmax(h) | t.argmax(h, 0) | t.argmin(h, 1) | t.argmax(z, -1)
    t.all(u) | t.any(u, 1, True) | t.all(x, ()) | t.any(h, 0) | t.all(h) | t.all(s) | t.any(m, (0, 1)) | t.count_nonzero(s) | t.count_nonzero(m, (0, 1)) | t.count_nonzero(z)
    t.logsumexp(x, (0, 1)) | t.logsumexp(n, 0) | t.logsumexp(h, 0) | t.logsumexp(s, 0) | t.logsumexp(-1 / t.zeros(3), 0) | t.logsumexp(z, 0) | t.logsumexp(x, 5)
    t.softmax(n, 0) | t.softmax(n, 0, dtype=t.float64) | t.softmax(z, 0) | t.softmax(h, 0) | t.softmax(x, None) | t.softmax(s, 0)
    t.nn.functional.softmax(x) | t.nn.functional.log_softmax(x[0]) | t.nn.functional.softmin(x[None], dtype=t.float32) | t.nn.functional.softmax(x, 0, 3, t.float64)
    t.median(e) | t.median(e, 1) | t.median(s) | t.median(s, 0) | t.median(h[:, 0]) | t.median(h, 0) | t.median(m) | t.median(n, 0, True) | t.median(z, 0) | t.median(e.T, 0)
    t.nanmedian(s) | t.nanmedian(s, 0) | t.nanmedian(e, -1, keepdim=True) | t.nansum(s) | t.nansum(n, 0) | t.nanmean(s[2:]) | t.nanmean(n)
    t.mode(e, 1) | t.mode(e, 0, True) | t.mode(m, 0) | t.mode(z) | t.mode(h[:, 0]) | t.kthvalue(x, 2) | t.kthvalue(s, 6) | t.kthvalue(x, 5) | t.kthvalue(x, 0, 0) | t.kthvalue(z, 1) | t.kthvalue(m, 1)
    t.quantile(e, 0.3) | t.quantile(e, t.tensor([0.1, 1.0], dtype=t.float64), 1, True) | t.quantile(x, z / 10) | t.quantile(s, 0.5) | t.nanquantile(s, 0.4) | t.quantile(x, 0.9, interpolation='nearest')
    t.quantile(x, 1.1) | t.quantile(n, 0.5) | t.quantile(x, 0.5, interpolation='x') | t.quantile(h, 0.5) | t.quantile(x, t.tensor([0.5])) | t.quantile(z, 0.5, 0, True)
    t.nanquantile(t.stack([s, s]), t.tensor([0.0, 0.3], dtype=t.float64), 1) | t.quantile(x, 0.4, 0, interpolation='midpoint') | t.nanquantile(s * float('nan'), 0.1)
    t.cumsum(m, 0) | t.cumsum(u, 1) | t.cumsum(z, 0) | t.cumsum(x, 0, dtype=t.int32) | t.cumsum(h, 0) | n.clone().cumsum_(0) | n.clone().cumsum_(0, dtype=t.float32) | t.cumsum(x, 2) | t.cumsum(x, None)
    t.cumprod(o, 1) | t.cumprod(o, 0) | t.cumprod(o.flatten(), 0) | t.cumprod(o[:, :1], 1) | t.cumprod(n, 1) | t.cumprod(z, -1) | t.cumprod(m, 0) | x.detach().cumprod_(0)
    t.cumsum(t.tensor([1e8, 1.0, -1e8]), 0) | t.cumprod(t.tensor([1e30, 1e30, 1e-30]), 0)
    t.logcumsumexp(x, 1) | t.logcumsumexp(x * 1000, 0) | t.logcumsumexp(s, 0) | t.logcumsumexp(n, 0) | t.logcumsumexp(z, 0) | t.logcumsumexp(h, 0)
    t.cummax(e, 1) | t.cummin(e, 0) | t.cummax(s, 0) | t.cummin(s, 0) | t.cummax(m, 0) | t.cummax(z, 0) | t.cummax(h, 0) | t.cummin(n, 2)
    t.sort(e) | t.sort(e, 0, True) | t.sort(s) | t.sort(s, descending=True) | t.sort(m, dim=0, stable=True) | t.sort(z) | t.sort(h, 0) | t.sort(x, 2) | t.sort(u, 1, descending=True) | t.msort(e)
    t.argsort(e, -1, True) | t.argsort(s, stable=True) | t.argsort(z) | t.msort(z) | t.topk(x, 2) | t.topk(x, 2, 0, False) | t.topk(s[:2], 1) | t.topk(x, 5) | t.topk(x, 0) | t.topk(m, 1) | t.topk(z, 1) | t.topk(x, 4, -1)
    t.unique(s, return_counts=True) | t.unique(e, return_inverse=True) | t.unique(n % 2, dim=0, return_inverse=True, return_counts=True) | t.unique(h, dim=0) | t.unique(h, dim=1) | t.unique(n[0, 0], dim=0) | n.unique()
    t.unique_consecutive(n // 3, return_inverse=True, return_counts=True) | t.unique_consecutive(n // 9, dim=0, return_inverse=True) | t.unique_consecutive(h, dim=0)
    t.searchsorted(x[0], e) | t.searchsorted(n, n - 1, right=True) | t.searchsorted(n[0], 2, side='right', out_int32=True) | t.searchsorted(n, n[:1]) | t.searchsorted(n, 1) | t.searchsorted(n[0], n, side='x')
    t.searchsorted(n[0].flip(0), n, sorter=t.tensor([3, 2, 1, 0])) | t.searchsorted(n[0], n, side='left', right=True) | t.bucketize(n, n[0]) | t.bucketize(n, n[0], right=True) | t.bucketize(n, n)
    t.bincount(n[0]) | t.bincount(n[0], n[1]) | t.bincount(n[0], x[0].detach().float(), 9) | t.bincount(n) | t.bincount(n[0] - 1) | t.bincount(x[0]) | t.bincount(n[0], n[1], -1) | t.bincount(n[0], n)
    t.histc(x, 4) | t.histc(x, 3, 1, 2) | t.histc(x * 0, 2) | t.histc(s) | t.histc(s[:2], 2, 0, 1) | t.histc(x, 0) | t.histc(x, 2, 3, 1) | t.histc(n)
    t.isin(n, n[0]) | t.isin(n, 3) | t.isin(3, n) | t.isin(n, n[:2], invert=True) | t.isin(s, s) | t.isin(3, 3) | t.isin(m, m)
    t.isclose(s, s) | t.isclose(s, s, equal_nan=True) | t.isclose(x, n) | t.isclose(x, x[0], rtol=-1) | t.isclose(x, x.T) | t.isclose(n, n + 1, atol=1) | t.allclose(x, x[:1]) | t.allclose(x, 1.0) | t.equal(x, n) | t.equal(x, 1)
    t.diff(m) | t.diff(u) | t.diff(x, 2, 0) | t.diff(x, 9) | t.diff(x, 0) | t.diff(z) | t.diff(x, -1) | t.diff(x, prepend=x[:, :1], append=x) | t.diff(x, prepend=z) | t.diff(x, prepend=x[:1])
    t.trapezoid(n) | t.trapezoid(x, dx=0.5, dim=0) | t.trapz(x, x[0]) | t.trapezoid(x, x[:, 0], dim=0) | t.trapezoid(x, x[0], dim=0) | t.trapezoid(m) | t.trapezoid(z) | t.trapezoid(x, x, dx=2) | t.cumulative_trapezoid(x, e, dim=0)
    t.cov(x) | t.cov(n) | t.cov(x[0]) | t.cov(z) | t.cov(x, correction=4) | t.cov(x, fweights=n[0], aweights=x[0].abs()) | t.cov(x[None]) | t.cov(m) | t.cov(x, fweights=x[0]) | t.corrcoef(x) | t.corrcoef(n) | t.corrcoef(z)
    t.norm(x) | t.norm(x, 1) | t.norm(x, None, 1) | t.norm(x, 'fro', (0, 1), True) | t.norm(x, 'nuc') | t.norm(x, 'x') | t.norm(x[None], 'nuc') | t.norm(n) | x.norm(p=3, dim=0, keepdim=True) | t.norm(x, dtype=t.float32)
    t.linalg.vector_norm(o, 0, 1) | t.linalg.vector_norm(o, 0.5, 1) | t.linalg.vector_norm(o, 1.5, 0) | t.linalg.vector_norm(o, -1, 1) | t.linalg.vector_norm(e, float('inf'), 1) | t.linalg.vector_norm(o, -float('inf'))
    t.linalg.vector_norm(o * 0) | t.linalg.vector_norm(o * 0, 3) | t.linalg.vector_norm(h, float('inf')) | t.linalg.vector_norm(h, -1, 0) | t.linalg.vector_norm(h, 2, 0) | t.linalg.vector_norm(z, 3)
    t.linalg.matrix_norm(x, 2) | t.linalg.matrix_norm(x[None], -2, (0, 2)) | t.linalg.matrix_norm(x, 1, (1, 0), True) | t.linalg.matrix_norm(x, -float('inf')) | t.linalg.matrix_norm(x, 3) | t.linalg.matrix_norm(x[0]) | t.linalg.matrix_norm(x, 2, (0, 0))
    t.linalg.matrix_norm(h, 2) | t.linalg.matrix_norm(h, -2) | t.linalg.matrix_norm(h, 1) | t.linalg.matrix_norm(n) | t.linalg.norm(x, 'nuc') | t.linalg.norm(x, 1, 1) | t.linalg.norm(x[None], 2) | t.linalg.norm(z, 1) | t.linalg.norm(x[0], 'fro')
    t.linalg.svdvals(x) | t.linalg.svdvals(x.T) | t.linalg.svdvals(x[0]) | t.linalg.svdvals(n) | t.dist(x, e) | t.dist(x, x[0], 1) | t.dist(e, e) | t.dist(x, e.float(), float('inf'))
"""


def every(lines):
    return [line.strip() for line in lines.replace("\n", "|").split("|") if line.strip()]


def called(code):
    """What a piece of code gives, and the gradients of Σ i out_i² / 2 that come of it."""

    def run(t):
        x = ((t.arange(12.0, dtype=t.float64) * 0.37).sin() + 0.1).reshape(3, 4).detach().requires_grad_()
        e = t.tensor([[1.0, 2, 2, 0], [3, 3, 3, 3], [-1, 0, -1, 0]], dtype=t.float64, requires_grad=True)
        o = t.tensor([[2.0, 0, 3], [0, 0, 5]], dtype=t.float64, requires_grad=True)
        s = t.tensor([0.0, float("inf"), -0.0, float("nan"), 2, float("nan")], dtype=t.float64, requires_grad=True)
        z, n = t.tensor(7.0, dtype=t.float64, requires_grad=True), t.arange(12).reshape(3, 4)
        known = dict(t=t, x=x, e=e, o=o, s=s, z=z, h=t.zeros(0, 3), n=n, u=(n % 5).to(t.uint8), m=n > 5)
        out = eval(code, known)
        parts = out if isinstance(out, tuple) else (out,)
        if not hasattr(out, "dtype") and not isinstance(out, tuple):
            return out
        about = [[list(part.shape), str(part.dtype)] for part in parts]
        live = [part for part in parts if part.requires_grad]
        weights = [t.arange(1.0, p.numel() + 1, dtype=p.dtype).reshape(p.shape) * p.detach() for p in live]
        inputs = x, e, o, s, z
        grads = t.autograd.grad(live, inputs, weights, allow_unused=True, materialize_grads=True) if live else ()
        return [[part.tolist() for part in parts], [g.tolist() for g in grads], about]

    return run


@pytest.mark.parametrize("code", every(CALLS))
def test_results_gradients_and_errors_are_torchs(code, torch):
    ours, theirs = (outcome(called(code), t) for t in (tg, torch))
    assert type(ours).__name__ == type(theirs).__name__.lstrip("_"), (ours, theirs)
    if isinstance(theirs, list):
        assert ours[2] == theirs[2]
        for a, b in zip(ours[0] + ours[1], theirs[0] + theirs[1], strict=True):
            close(a, b)
    elif not isinstance(theirs, Exception):
        assert ours == theirs


def turned(t, function):
    """The derivative, in one direction, of a gradient: where a silent constant in a rule would show."""
    x = t.tensor([[2.0, 0, 3, 0.5], [0, -1, 0, 4], [1, 2, -2, 3]], dtype=t.float64, requires_grad=True)
    out = function(t, x)
    v = (t.arange(out.numel(), dtype=t.float64) * 0.7).cos().reshape(out.shape)
    (g,) = t.autograd.grad(out, x, v, create_graph=True)
    direction = (t.arange(12, dtype=t.float64) * 0.3).sin().reshape(3, 4)
    return [g.tolist(), t.autograd.grad(g, x, direction)[0].tolist()]


SECOND = {
    "prod": lambda t, x: t.prod(x),
    "prod along": lambda t, x: t.prod(x, 1),
    "prod of one zero": lambda t, x: t.prod(x[0, :3]),
    "cumprod": lambda t, x: t.cumprod(x, 1),
    "cumprod of two": lambda t, x: t.cumprod(x[:, 1:3], 1),
    "logcumsumexp": lambda t, x: t.logcumsumexp(x * 3, 0),
    "var": lambda t, x: t.var(x, 1, correction=0.5),
    "std": lambda t, x: t.std(x),
    "quantile": lambda t, x: t.quantile(x * x, 0.3, 1),
    "nuclear norm": lambda t, x: t.linalg.norm(x, "nuc"),
    "least singular value": lambda t, x: t.linalg.norm(x.mT, -2),
    "norm of order 3": lambda t, x: t.linalg.vector_norm(x, 3, 1),
    "cov": lambda t, x: t.cov(x),
    "topk": lambda t, x: t.topk(x * x, 2).values,
}


@pytest.mark.parametrize("function", SECOND.values(), ids=SECOND)
def test_second_derivatives_are_torchs(function, torch):
    for ours, theirs in zip(turned(tg, function), turned(torch, function)):
        close(ours, theirs)


def test_what_has_no_gradient_says_so():
    x = tg.ones(3, requires_grad=True)
    for lost in (lambda: x.sum(dtype=tg.int64), lambda: x.cumsum(0, dtype=tg.int32), x.unique, x.unique_consecutive):
        with pytest.raises(RuntimeError, match="detach"):
            lost()
        with tg.no_grad():
            lost()


def test_an_implicit_dim_of_softmax_is_warned_of():
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        tg.nn.functional.softmax(tg.ones(2, 3))


@pytest.mark.parametrize(
    "call", [lambda: tg.ones(1).var(), lambda: tg.ones(2).std(correction=2), lambda: tg.ones(1).cov()]
)
def test_too_few_numbers_are_warned_of(call):
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        call()
