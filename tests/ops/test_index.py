"""Reading and writing parts of a tensor: every kind of index, in both engines, with equal results, gradients and errors."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

# Each is evaluated with x (3, 4), y (2, 3, 4), a 0-d tensor z, and a mask m over x; t is the engine.
READS = """
    x[1] | x[-1] | x[1, 2] | x[:, 1] | x[1:] | x[::2, 1:3] | x[None] | x[:, None] | x[...] | x[..., 1] | x[0, ...] | x[()]
    x[5] | x[-4] | x[:, 7] | x[0, 0, 0] | x[1:100] | x[100:] | x[::-1] | x[::0]
    x[1.0] | x['a'] | x[{}] | x[0.5:2] | x[t.tensor(1.0)] | x[t.tensor([])] | x[np.bool_(True)]
    x[t.tensor(1)] | x[t.tensor(1), t.tensor(2)] | x[t.tensor(0) : t.tensor(2)] | x[np.int64(1)] | x[t.tensor(1), [0, 1]]
    x[[0, 2]] | x[[-1]] | x[[5]] | x[[-4]] | x[:, [7]] | x[[]] | x[[], 0] | x[range(2)] | x[np.array([0, 1])]
    x[[[0, 1], [1, 2]]] | x[[[0, 1]]] | x[[None, 0]] | x[[slice(0, 1), 0]] | x[(0, 1), (1, 2)] | x[((0, 1),)]
    x[[t.tensor([0, 1]), t.tensor([0, 1])]] | x[[0, 1], [0, 1, 2]] | x[[0, 1], None, 1:] | x[t.tensor([[0], [2]]), [1, 3]]
    x[t.tensor([1], dtype=t.int32)] | x[t.tensor([1], dtype=t.int16)] | x[t.tensor([1], dtype=t.int8)]
    x[m] | x[m[0]] | x[:, m[0]] | x[m[:, 1]] | x[[True, False, True]] | x[[True, False]] | x[t.ones(3, 3) > 5]
    x[t.ones(3, 4, 1) > 0] | x[m[:, 1], t.tensor([0])] | x[t.tensor([1, 0, 1], dtype=t.uint8)]
    x[True] | x[False] | x[True, 0] | x[0, True] | x[t.tensor(True)] | x[t.tensor(1, dtype=t.uint8)]
    y[0, :, [0, 1]] | y[[0, 1], :, [0, 1]] | y[:, [0, 2]] | y[..., [0, 3], 1:] | y[1, ..., [0, 3]] | y[:, :, [[0], [3]]]
    y[[0, 1], [1, 2]] | y[[0, 1], None, [1, 2]] | y[None, 1, [0], 1:2] | y[:, m] | y[0, m] | y[[1], 1:, [0, 1]]
    y.transpose(0, 2)[[0, 2]] | y.transpose(0, 2)[:, [0, 2]] | y[:, ::2][:, [1, 0]] | y[1:, [0, 0, 1]] | y[t.tensor(1), m]
    z[0] | z[...] | z[None] | z[()] | z[True] | z[:] | z[[]] | z[[0]] | z[z > 0]
    t.zeros(0, 3)[t.tensor([0])] | t.zeros(0, 3)[t.zeros(0, dtype=t.int64)] | t.zeros(2, 0)[:, []] | t.zeros(2, 0)[1]
"""
# Each is a place and what is written there; w is (4,), and wants a gradient.
WRITES = """
    x[1] = 5 | x[1] = w | x[:, 1] = w[1:] | x[1:, 2:] = 7.5 | x[...] = w | x[None, 0] = w | x[()] = w | x[0, 0] = w[1]
    x[[0, 2]] = w | x[m] = 3 | x[m] = w.sum() | x[m] = t.arange(6.0, dtype=t.float64) | x[:, [3, 0]] = w[:2] | x[m[0]] = 1
    x[0, [1, 3]] = w[:2] | x[True] = w | x[False] = w | x[t.tensor(1)] = w | x[[True, False, True]] = w | x[[]] = w
    x[0] = w[None, None] | x[[0]] = w[None, None] | x[[0]] = w[None] | x[[0, 1], [1, 2]] = w[:1] | x[-1] = x[0] | x[1:2] = x[:1]
    x[[1, 2]] = x[[0, 1]] | x.T[0] = 2 | x.T[[0, 2]] = w[:3] | x[1:][0] = w | x.view(-1)[::5] = w[:3] | x[:, ::2].T[1] = w[:3]
    y[0, :, [0, 1]] = w[:2] | y[[0, 1], :, [0, 1]] = w[:3] | y[:, m] = w.sum() | y[1, ..., [0, 3]] = w[:2] | z[()] = w[0]
    x[9] = 1 | x[[9]] = 1 | x[:, 9] = 1 | x[0] = w[:3] | x[[0]] = w[:3] | x[m] = w | x[0:0] = w[:3] | x[[]] = w[:3]
    x[1:] = x[:-1] | x[[1, 2]] = x[:2] | x[0] = [1, 2, 3, 4] | x[0] = np.ones(4) | x[0] = 'a' | x[0] = None | z[0] = 5
    x[0] = w.float() | x[[0]] = w.float() | x[m] = w.sum().float() | x[[0]] = w.sum().float() | x[m] = t.ones(6)
    i[0] = 2.7 | i[[0]] = 2.7 | i[0] = t.tensor(2.7) | i[[0]] = t.tensor(2) | i[[0]] = t.tensor([2.7]) | i[0] = float('inf')
    x.expand(2, 3, 4)[0] = 1 | x[:1].expand(3, 4)[0, 1] = w[0] | x[:1].expand(3, 4)[0:2] = 1 | x.expand(2, 3, 4)[0, 1] = w
"""


def every(lines):
    return [line.strip() for line in lines.replace("\n", "|").split("|") if line.strip()]


def place(t, write):
    """What a piece of code reads, or has written; and the gradients of Σ out² that come of it."""

    def run(t):
        leaf = t.arange(1.0, 25.0, dtype=t.float64).reshape(2, 3, 4).detach().requires_grad_()
        w = t.arange(1.0, 5.0, dtype=t.float64).requires_grad_()
        y = leaf * 1
        x = y[1] * 1
        names = dict(t=t, np=np, x=x, y=y, z=leaf[1, 2, 3] * 1, m=x > 18, w=w, i=t.arange(3))
        if "=" in write.replace("==", "").replace("dtype=", ""):
            exec(write, names)
            outs = [names[name] for name in "xyzi"]
        else:
            outs = [eval(write, names)]
        sum(((out * out).sum() for out in outs if out.requires_grad), w.sum() * 0).backward()
        return [*outs, leaf.grad if leaf.grad is not None else [], w.grad, *(list(out.shape) for out in outs)]

    return run


@pytest.mark.parametrize("code", every(READS) + every(WRITES))
def test_indices_mean_what_they_mean_in_torch(code, torch):
    ours, theirs = (outcome(place(t, code), t) for t in (tg, torch))
    assert type(ours) is type(theirs), (ours, theirs)
    if not isinstance(theirs, Exception):
        for a, b in zip(ours, theirs, strict=True):
            assert np.array_equal(a, b)
