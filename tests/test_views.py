"""Random programs of views, in-place writes and reuse: torch's values, gradients and flags at every step, or its errors."""

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.memory import overlaps

# A step of a program is a name and a few whole numbers, which say of which tensor, along which dim, where ...: `x` is the
# tensor, `y` what is written, `t` the engine, `d` a dim, `k` and `j` any numbers. Both engines read them alike.


def cut(n, k, j):
    """Some slice of n."""
    return slice(k % n, k % n + 1 + j % (n - k % n), 1 + (k + j) % 2)


VIEWS = {
    "narrow": lambda x, d, k, j: x.narrow(d, k % x.shape[d], 1 + j % (x.shape[d] - k % x.shape[d])),
    "select": lambda x, d, k, j: x.select(d, k % x.shape[d]),
    "diagonal": lambda x, d, k, j: x.diagonal(k % 3 - 1, d, (d + 1) % x.ndim),
    "split": lambda x, d, k, j: x.split(1 + k % 3, d)[0],
    "split_with_sizes": lambda x, d, k, j: x.split([1, x.shape[d] - 1], d)[k % 2],
    "chunk": lambda x, d, k, j: x.chunk(2, d)[-1],
    "tensor_split": lambda x, d, k, j: x.tensor_split(2, d)[k % 2],
    "unbind": lambda x, d, k, j: x.unbind(d)[k % x.shape[d]],
    "loop": lambda x, d, k, j: list(x)[k % len(x)],
    "unfold": lambda x, d, k, j: x.unfold(d, 1 + k % x.shape[d], 1 + k % x.shape[d] + j % 2),
    "transpose": lambda x, d, k, j: x.transpose(d, k % x.ndim),
    "t": lambda x, d, k, j: x.t(),
    "mT": lambda x, d, k, j: x.mT,
    "permute": lambda x, d, k, j: x.permute(np.roll(range(x.ndim), k).tolist()),
    "movedim": lambda x, d, k, j: x.movedim(d, k % x.ndim),
    "expand": lambda x, d, k, j: x.unsqueeze(d).expand(*x.shape[:d], 1 + k % 2, *x.shape[d:]),
    "squeeze": lambda x, d, k, j: x.squeeze() if k % 2 else x.squeeze(d),
    "unsqueeze": lambda x, d, k, j: x.unsqueeze(k % (x.ndim + 1)),
    "flatten": lambda x, d, k, j: x.flatten(0 if k % 2 else d),
    "unflatten": lambda x, d, k, j: x.unflatten(d, (-1, 1 + k % 2)),
    "reshape": lambda x, d, k, j: x.reshape(-1, 2) if k % 2 else x.reshape(x.shape[::-1]),
    "view": lambda x, d, k, j: x.view(2, -1) if k % 2 else x.view(-1),
    "view_as": lambda x, d, k, j: x.view_as(x),
    "contiguous": lambda x, d, k, j: x.contiguous(),
    "ravel": lambda x, d, k, j: x.ravel(),
    "x[i]": lambda x, d, k, j: x[k % len(x)],
    "x[a:b]": lambda x, d, k, j: x[cut(len(x), k, j)],
    "x[..., a:b]": lambda x, d, k, j: x[..., cut(x.shape[-1], k, j)],
    "x[:, i]": lambda x, d, k, j: x[:, k % x.shape[1]],
    "x[None, a:b, ...]": lambda x, d, k, j: x[None, cut(len(x), k, j), ...],
    "x[...]": lambda x, d, k, j: x[...],
    "detach": lambda x, d, k, j: x.detach(),
}
VALUES = {
    "x[indices]": lambda x, d, k, j: x[[k % len(x), j % len(x)]],
    "x[truths]": lambda x, d, k, j: x[x > 0.4],
    "overlapping windows": lambda x, d, k, j: x.unfold(d, min(2, x.shape[d]), 1) * 1,
    "stretched": lambda x, d, k, j: x.expand(2, *x.shape) * 1,
    "mul": lambda x, d, k, j: x * (k % 3 + 0.5),
    "square": lambda x, d, k, j: x * x,
    "exp": lambda x, d, k, j: (x * 0.1).exp(),
    "sigmoid": lambda x, d, k, j: x.sigmoid(),
    "sum": lambda x, d, k, j: x.sum(d),
    "add to itself": lambda x, d, k, j: x + x.flip(d),
    "clone": lambda x, d, k, j: x.clone(),
    "to": lambda x, d, k, j: x.double(),
    "float": lambda x, d, k, j: x.float().double(),
}


def put(x, index, value):
    x[index] = value


def unstretched(x):
    """torch still lets some functions write to stretched tensors, and warns; here none may."""
    return x.clone() if overlaps(x.detach().numpy()) else x


WRITES = {
    "add_": lambda t, x, y, d, k: x.add_(y),
    "mul_": lambda t, x, y, d, k: x.mul_(y),
    "copy_": lambda t, x, y, d, k: x.copy_(y if isinstance(y, t.Tensor) else t.tensor(y)),
    "fill_": lambda t, x, y, d, k: unstretched(x).fill_(k * 0.1),
    "zero_": lambda t, x, y, d, k: unstretched(x).zero_(),
    "sigmoid_": lambda t, x, y, d, k: x.sigmoid_(),
    "clamp_": lambda t, x, y, d, k: x.clamp_(0.2, 0.9),
    "x[...] = y": lambda t, x, y, d, k: put(x, Ellipsis, y),
    "x[i] = y": lambda t, x, y, d, k: put(x, k % len(x), y),
    "x[a:b] = y": lambda t, x, y, d, k: put(x, cut(len(x), k, k + 2), y),
    "x[..., i] = number": lambda t, x, y, d, k: put(x, (..., k % x.shape[-1]), k * 0.1),
    "x[indices] = y": lambda t, x, y, d, k: put(unstretched(x), [k % len(x)], y),
    "x[truths] = number": lambda t, x, y, d, k: put(unstretched(x), x > 0.4, 0.3),
    "x[truths] *= 2": lambda t, x, y, d, k: put(unstretched(x), x > 0.4, x[x > 0.4] * 2),
    "masked_fill_": lambda t, x, y, d, k: unstretched(x).masked_fill_(x > 0.4, 0.3),
    "index_add_": lambda t, x, y, d, k: x.index_add_(d, t.tensor([0, 0]), x.detach().narrow(d, 0, 2) * 0.5),
    "scatter_": lambda t, x, y, d, k: x.scatter_(d, (x.detach() * 0).long().narrow(d, 0, 1), 0.7),
    "tril_": lambda t, x, y, d, k: unstretched(x).tril_(),
    "requires_grad_": lambda t, x, y, d, k: x._is_view() or x._version or x.requires_grad_(bool(k % 2)),
}
TURNS = {
    "unsqueeze_": lambda t, x, y, d, k: x.unsqueeze_(d),
    "squeeze_": lambda t, x, y, d, k: x.squeeze_(d),
    "transpose_": lambda t, x, y, d, k: x.transpose_(d, k % x.ndim),
    "t_": lambda t, x, y, d, k: x.t_(),
}


class Engine:
    """One engine's side of a program: `made` are the tensors that it has, `leaves` those that gradients are taken for."""

    def __init__(self, t):
        self.t = t
        x, w = self.numbers(4, 6).requires_grad_(), self.numbers(6).requires_grad_()
        self.leaves = [x, w]
        self.made = [x, w, x * 1.5, self.numbers(3, 4), (w * w)[2:]]

    def numbers(self, *shape):
        n = int(np.prod(shape))
        return ((self.t.arange(n, dtype=self.t.float64) * 7 + 1) % 11 / 10).reshape(shape).clone()

    def take(self, kind, name, which, d, k, j, quietly):
        """One step; True, or the error that it raised."""
        x = self.made[which % len(self.made)]
        d = d % (x.ndim or 1)
        with self.t.no_grad() if quietly else nullcontext():
            try:
                if kind != "write":
                    self.made.append((VIEWS if kind == "view" else VALUES)[name](x, d, k, j))
                else:
                    (WRITES | TURNS)[name](self.t, x, self.value(x, j), d, k)
            except Exception as error:
                return error
        return True

    def value(self, x, k):
        """Something to write into x: a number, or as many as the last dim has, with a gradient or without."""
        row = self.numbers(*x.shape[-1:])
        return [k * 0.1 - 0.7, row, row * self.leaves[1].sum(), self.leaves[1].mean()][k % 4]

    def seen(self, x):
        """What can be seen of a tensor: its place among its kind, its flags, its numbers."""
        base = next((i for i, y in enumerate(self.made) if y is x._base), "another") if x._is_view() else None
        flags = x._version, base, x.requires_grad, outcome(lambda: x.is_leaf)
        return flags, x.detach().tolist()

    def gradients(self, x):
        """The gradients of Σ x² for the leaves."""
        found = outcome(lambda: self.t.autograd.grad((x * x).sum(), self.leaves, retain_graph=True, allow_unused=True))
        return found if isinstance(found, type) else [None if g is None else g.detach().numpy() for g in found]


def outcome(f):
    try:
        return f()
    except Exception as error:
        return type(error)


numbers = st.integers(0, 11)
steps = st.one_of(
    st.tuples(st.just(kind), st.sampled_from(list(names)), numbers, numbers, numbers, numbers, quietly)
    for kind, names, quietly in (
        ("view", VIEWS, st.sampled_from([False] * 6 + [True])),
        ("value", VALUES, st.just(False)),
        ("write", WRITES, st.sampled_from([False] * 5 + [True])),
        ("write", TURNS, st.just(False)),
    )
)


def runs_as_in_torch(torch, program):
    ours, theirs = Engine(tg), Engine(torch)
    for step in program:
        note(step)
        a, b = ours.take(*step), theirs.take(*step)
        assert type(a) is type(b), (step, a, b)
        for i, (x, y) in enumerate(zip(ours.made, theirs.made, strict=True)):
            (flags, values), (flags_, values_) = ours.seen(x), theirs.seen(y)
            assert (i, flags) == (i, flags_)
            assert np.shape(values) == np.shape(values_)
            np.testing.assert_allclose(values, values_, rtol=1e-12, atol=1e-14)
    for x, y in zip(ours.made, theirs.made):
        g, h = ours.gradients(x), theirs.gradients(y)
        assert isinstance(g, type) == isinstance(h, type), (g, h)
        if isinstance(g, type):
            assert g is h
        else:
            for a, b in zip(g, h):
                assert (a is None) == (b is None)
                if a is not None:
                    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300)
@given(program=st.lists(steps, max_size=12))
def test_programs_of_views_and_writes_do_what_they_do_in_torch(program):
    runs_as_in_torch(pytest.importorskip("torch"), program)
