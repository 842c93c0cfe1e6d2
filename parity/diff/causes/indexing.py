"""Suspects in reading by index, and in what comes back to where was read: places read twice, and rows that are not to learn."""

import numpy as np

from .evidence import Unfit
from .suspects import formula


def added(out, index, g):
    """out[index] += g, each time that a place is named."""
    np.add.at(out, index, g)
    return out


def put(out, index, g):
    out[index] = g
    return out


def found(e):
    """The index, as NumPy takes it: torch's index_select and gather name an axis."""
    x, o, index = e.given[0], e.options, e.inputs.get("index", e.arguments.get("index"))
    if e.op == "index_select":
        return (*[slice(None)] * (o.dim % x.ndim), np.asarray(index).reshape(-1))
    if e.op in ("gather", "take_along_dim"):
        index = np.asarray(index)
        return tuple(index if i == o.dim % x.ndim else k for i, k in enumerate(np.indices(index.shape)))
    return tuple(index) if isinstance(index, list) and any(isinstance(i, slice) for i in index) else index


@formula("gradient", "index_select", "gather", "take_along_dim", "getitem", "__getitem__", "index")
def read_rule(e, into=added):
    """Zeros, to which g is added where the numbers were read."""
    if found(e) is None:
        raise Unfit("no index was given")
    return into(np.zeros_like(e.given[0]), found(e), e.g)


TWICE = "ours puts gradients where the numbers were read; a place that is read twice must get the sum of both (np.add.at: x[[0, 0]] += g adds once)"
read_rule.flaw("repeated index", TWICE, into=put)


@formula("gradient", "embedding", padding_idx=None, scale_grad_by_freq=False)
def embedding_rule(e, into=added, padding=lambda p: p, often=lambda wanted: wanted):
    """To each row the sum of what came to the words that read it; none to the row of padding."""
    index, w = sorted(e.given[:2], key=lambda a: a.dtype.kind == "f")  # torch.embedding takes them the other way round
    o = e.options
    d = into(np.zeros_like(w), index, e.g)
    if often(o.scale_grad_by_freq):
        d = d / np.maximum(np.bincount(index.ravel(), minlength=len(w)), 1)[:, None]
    if padding(o.padding_idx) is not None:
        d[padding(o.padding_idx)] = 0
    return d


embedding_rule.flaw("repeated index", TWICE, into=put)
embedding_rule.flaw(
    "padding heard",
    "ours gives a gradient to row {padding_idx}, padding_idx, which stands for nothing and must not learn",
    padding=lambda p: None,
)
embedding_rule.flaw(
    "not scaled by frequency", "ours does not divide by how often each word came", often=lambda wanted: False
)
embedding_rule.flaw(
    "scaled by frequency",
    "ours divides by how often each word came, which scale_grad_by_freq has not asked for",
    often=lambda wanted: True,
)
