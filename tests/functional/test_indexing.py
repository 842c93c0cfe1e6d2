"""Choosing parts by indices and masks: what torch takes and what it refuses, in both engines."""

import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

# Each is evaluated with x and v, of (3, 4) and (4,), which want gradients; n, of integers, u, of bytes, and m, a mask,
# all of (3, 4); z, which is 0-d; and k, the vector of indices 0, 2; t is the engine.
CALLS = """
    x.select(0, 1) | x.select(-1, -1) | x.select(0, 5) | x.select(0, -4) | x.select(2, 0) | z.select(0, 0) | t.select(x, 1, 2)
    x.index_select(0, k) | t.index_select(x, -1, index=k) | x.index_select(0, k.int()) | x.index_select(0, t.tensor(1))
    x.index_select(0, -k) | x.index_select(0, k + 2) | x.index_select(0, k[None]) | x.index_select(0, [0]) | x.index_select(0, m[0])
    x.index_select(0, k.short()) | x.index_select(0, k.double()) | x.index_select(2, k) | z.index_select(0, k[:1]) | z.index_select(0, k)
    x.index_select(0, k[:0]) | n.index_select(1, k) | x.t().index_select(0, k)
    x.index_add(0, k, x[1:]) | x.index_add(1, k[:1], x[:, :1], alpha=2.5) | n.index_add(0, k, n[1:], alpha=1.5) | m.index_add(0, k, m[1:])
    x.index_add(0, t.tensor([1, 1]), x[1:]) | x.index_add(0, -k, x[1:]) | x.index_add(0, k + 2, x[1:]) | x.index_add(0, k, x)
    x.index_add(0, k, x[1:].float()) | x.index_add(0, k, v) | x.index_add(0, k, x[1:, :1]) | x.index_add(0, k.int(), x[1:])
    x.index_add(0, k.short(), x[1:]) | x.index_add(0, t.tensor(1), x[1:2]) | z.index_add(0, k[:1], z)
    x.index_copy(0, k, x[1:]) | x.index_copy(1, k, x[:, 2:]) | x.index_copy(0, -k, x[1:]) | x.index_copy(0, k + 2, x[1:])
    x.index_copy(0, k, x[1:].float()) | x.index_copy(0, k, x[1:, :1]) | x.index_copy(0, k, x) | v.index_copy(0, k[:1], z)
    x.index_copy(0, k, [1]) | z.index_copy(0, k[:1], z)
    x.index_fill(0, k, 2) | x.index_fill(1, t.tensor(3), z) | x.index_fill(1, t.tensor(-1), 2) | n.index_fill(0, k, 2.5) | x.index_fill(0, k + 2, 1) | x.index_fill(0, k[None], 1)
    x.index_fill(0, k, v[:1]) | x.index_fill(0, k, 'a') | z.index_fill(0, k[:1], 3)
    x.index_put((k,), v) | x.index_put([k, k], z) | x.index_put((m,), z) | x.index_put((-k,), v) | x.index_put((t.tensor(1),), v)
    x.index_put((k,), v, accumulate=True) | x.index_put((t.tensor([1, 1]),), v, accumulate=True) | x.index_put((m,), z, True)
    m.index_put((k,), m[0], accumulate=True) | n.index_put((t.tensor([1, 1]),), n[0], accumulate=True) | x.index_put((k, k, k), z)
    x.index_put((k + 2,), v) | x.index_put((k,), v[:3]) | x.index_put((k,), v.float()) | x.index_put(k, v) | x.index_put((0,), v)
    x.index_put((slice(None), k), z) | x.index_put((None, k), z) | x.index_put((k,), 5.0) | x.index_put((k.int(),), v)
    x.gather(1, n % 4) | x.gather(0, n % 3) | t.gather(x, -1, n[:2, :1] % 4) | x.gather(0, n % 3 - 1) | x.gather(0, n) | x.gather(0, k)
    x.gather(0, t.zeros(9, 4, dtype=t.int64)) | x.gather(0, t.zeros(2, 5, dtype=t.int64)) | x.gather(1, (n % 4).int()) | x.gather(1, m)
    x.gather(0, k[:0]) | x.gather(0, [0]) | x.gather(2, n) | z.gather(0, k * 0) | z.gather(0, k[0] * 0) | v.gather(0, k[1]) | x.t().gather(0, n[:2] % 4)
    t.zeros(0, 3).gather(0, t.zeros(2, 3, dtype=t.int64)) | n.gather(1, n % 4) | x.gather(1, n % 4, sparse_grad=False)
    x.scatter(0, k[None], x[:1, :2]) | x.scatter(0, k[None], x.detach()) | x.scatter(1, k[:, None], 5) | x.scatter(1, k[:, None], value=2.5) | n.scatter(1, k[:, None], 2.5)
    x.detach().scatter(0, k[:, None], x.detach(), reduce='add') | n.scatter(0, k[:, None] * 0, 2, reduce='multiply') | x.scatter(0, k[:, None], 2.0, reduce='max')
    x.scatter(0, k[:, None], z) | x.scatter(0, k[:, None], x[:1]) | x.scatter(0, k[:, None], x.float()) | x.scatter(0, -k[:, None], x)
    x.scatter(0, k[:0], x.detach()) | z.scatter(0, k[:1], v[:1]) | z.scatter(0, k[0], z) | x.scatter(0, k, v) | x.scatter(0, k[:, None].int(), x[:2, :1])
    x.scatter_add(0, k[:, None] * 0, x[:2, :1]) | x.scatter_add(1, n % 4, x) | x.scatter_add(1, k[:, None], x.float()) | m.scatter_add(0, k[:, None], m)
    x.scatter_add(0, k[:, None] + 2, x) | x.scatter_add(0, k[:, None], 5) | u.scatter_add(1, n % 2, u) | x.scatter_add(0, n[:3, :2] % 3, x[:, 2:])
    x.scatter_reduce(0, n % 2, x, 'sum') | x.scatter_reduce(0, n % 2, x, 'prod') | x.scatter_reduce(0, n % 2, x, 'mean')
    x.scatter_reduce(0, n % 2, x, 'amax') | (x + 9).scatter_reduce(1, n % 2, x, 'amin', include_self=False) | n.scatter_reduce(0, n % 2, n, 'mean')
    x.scatter_reduce(0, n % 2, x, 'mean', include_self=False) | n.scatter_reduce(0, n % 2, -n, 'amax', include_self=False)
    (-n).scatter_reduce(0, n % 2, -n - 1, 'mean') | m.scatter_reduce(0, n % 2, m, 'prod') | x.scatter_reduce(0, n % 2, x, 'median')
    u.scatter_reduce(0, n % 2, u, 'amin', include_self=False) | m.scatter_reduce(0, n % 2, m, 'amax', include_self=False)
    x.scatter_reduce(0, n % 2, x / 0, 'amax') | x.scatter_reduce(0, n % 2, 0 / (x - x), 'amin') | (x - 5).scatter_reduce(0, n % 2, x - 2, 'prod')
    x.take(n) | x.take(-n) | x.take(k + 11) | x.take(k.int()) | t.zeros(0).take(k) | t.take(x.t(), k) | n.take(k) | x.take(k[:0])
    x.put(k, v[:2]) | x.put(k, v[:2], accumulate=True) | x.put(-k, v[2:]) | x.put(k + 11, v[:2]) | x.put(k, v) | x.put(k, v[:2].float())
    x.put(k[None], v[:2]) | x.put(k.int(), v[:2]) | x.put(t.tensor([1, 1]), v[:2], accumulate=True) | x.t().put(k, v[:2])
    x.take_along_dim(n % 3, 0) | x.take_along_dim(k) | x.take_along_dim(k[None], 1) | x.take_along_dim(-k[:, None], 0) | x.take_along_dim(k, 0)
    x.take_along_dim(k[None].int(), 0) | x.take_along_dim(n[:2, :3], 0) | x[:1].take_along_dim(n[:, :2] % 4, 1) | x[None].take_along_dim(k[None, :, None], 1)
    x.masked_fill(m, 2) | x.masked_fill(m, z) | v.masked_fill(m, 0) | x.masked_fill(m[0], 0) | n.masked_fill(m, 2.5) | m.masked_fill(m, 2)
    x.masked_fill(m, v[:1]) | x.masked_fill(u, 1) | x.masked_fill(n, 1) | u.masked_fill(m, 300) | x.float().masked_fill(m, 1e300) | n.masked_fill(m, float('inf'))
    x.masked_fill(m, None) | x.masked_fill(m, -float('inf')) | x.masked_fill(m[:2], 0) | n.masked_fill(m, t.tensor(2.5)) | z.masked_fill(m, 2) | x.masked_fill(m, True)
    x.masked_select(m) | v.masked_select(m) | x.masked_select(m[0]) | z.masked_select(m[0, 0]) | z.masked_select(~m[0, 0]) | x.masked_select(n) | x.masked_select(m[:2])
    x.masked_scatter(m, x.t()) | x.masked_scatter(m[0], x) | v.masked_scatter(m, x) | x.masked_scatter(m, v) | x.masked_scatter(m, x.float())
    x.masked_scatter(u, x) | x.masked_scatter(m, 5) | n.masked_scatter(m, n)
    m.nonzero() | x.nonzero() | (x * float('nan')).nonzero() | m.nonzero(as_tuple=True) | z.nonzero() | (z * 0).nonzero() | z.nonzero(as_tuple=True) | t.argwhere(u) | t.argwhere(z)
    t.nonzero(m, as_tuple=False) | t.zeros(0, 3).nonzero() | (-0.0 * x).nonzero()
    t.fill(x, z) | t.fill(x, 2) | t.fill(n, 2.5) | t.fill(x, v[:1]) | t.fill(u, 300)
    x.select_scatter(v, 0, 1) | x.select_scatter(v, 0, 3) | x.select_scatter(v[:1], 0, 1) | x.select_scatter(v.float(), 0, 1)
    x.slice_scatter(x[:2] * 2, 0, 1) | x.slice_scatter(x[:1], 0, -1) | x.slice_scatter(x, 0, 1) | t.slice_scatter(x, x[:, :2], dim=1, start=0, end=4, step=2)
    x.diagonal_scatter(v[:3]) | x.diagonal_scatter(v[:3], 1) | x.diagonal_scatter(v) | t.diagonal_scatter(x.t(), v[:3], 0, 1, 0)
    m.index_fill(0, k, True) | u.index_copy(0, k, u[1:]) | x.t().masked_fill(m.t(), 0)
"""


def every(lines):
    return [line.strip() for line in lines.replace("\n", "|").split("|") if line.strip()]


def called(code):
    """What a piece of code gives; and the gradients of Σ i out_i² that come of it."""

    def run(t):
        x = (t.arange(12.0, dtype=t.float64).reshape(3, 4) / 4 + 1).detach().requires_grad_()
        v = (t.arange(4.0, dtype=t.float64) + 1).requires_grad_()
        z = t.tensor(7.0, dtype=t.float64, requires_grad=True)
        n, k = t.arange(12).reshape(3, 4), t.tensor([0, 2])
        out = eval(code, dict(t=t, x=x, v=v, z=z, n=n, u=(n % 5).to(t.uint8), m=n > 5, k=k))
        if isinstance(out, tuple) or not out.requires_grad:
            return [out, [list(o.shape) for o in out] if isinstance(out, tuple) else [list(out.shape), str(out.dtype)]]
        weights = t.arange(1.0, out.numel() + 1, dtype=out.dtype).reshape(out.shape)
        grads = t.autograd.grad((weights * out * out).sum(), (x, v, z), allow_unused=True, materialize_grads=True)
        return [out, *grads, str(out.dtype)]

    return run


@pytest.mark.parametrize("code", every(CALLS))
def test_results_gradients_and_errors_are_torchs(code, torch):
    ours, theirs = (outcome(called(code), t) for t in (tg, torch))
    assert type(ours) is type(theirs), (ours, theirs)
    if not isinstance(theirs, Exception):
        assert str(ours) == str(theirs)
