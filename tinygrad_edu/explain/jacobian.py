"""The local Jacobian ∂out/∂x of a node, found by pulling unit gradients through the node's own rules; and what it looks like."""

from collections.abc import Iterable

import numpy as np

from ..graph import Node, fit

PROBES = 16  # rows that tell what a large Jacobian looks like


def jacobian(node: Node, i: int) -> np.ndarray:
    """∂out/∂x for the i-th input x: a row for each entry of out, a column for each of x."""
    return pulled(node, i, range(size(node)))


def pulled(node: Node, i: int, rows: Iterable[int]) -> np.ndarray:
    """Some rows of the Jacobian: what a gradient becomes that is 1 at one entry of out and 0 elsewhere."""
    edge, found = node.edges[i], []
    for k in rows:
        g = np.zeros(node.shape, node.dtype)
        g.flat[k] = 1
        part = node.op.pull_general(node, g, False)[i]
        found.append(np.zeros(size(edge)) if part is None else np.ravel(fit(part, edge, node.op)))
    return np.array(found).reshape(len(found), size(edge))


def size(node: Node) -> int:
    return int(np.prod(node.shape, dtype=int))


def structure(node: Node, i: int) -> str:
    """What the Jacobian looks like: of a large one, from a few of its rows."""
    n, m = size(node), size(node.edges[i])
    rows = sorted({*np.linspace(0, n - 1, min(n, PROBES)).astype(int).tolist()})
    part = pulled(node, i, rows)
    entries = [np.flatnonzero(row).tolist() for row in part]
    ones = bool((part[part != 0] == 1).all())
    single = all(len(columns) == 1 for columns in entries)
    if not any(entries):
        return "zero"
    if n == m and all(set(columns) <= {k} for k, columns in zip(rows, entries)):
        return "identity" if ones and single else "diagonal"
    if single and ones:
        columns = [columns[0] for columns in entries]
        return "permutation" if len(set(columns)) == len(rows) else "copies"
    if ones and not any(set(a) & set(b) for j, a in enumerate(entries) for b in entries[:j]):
        return "sum"
    return "one row" if n == 1 else "one column" if m == 1 else "dense"
