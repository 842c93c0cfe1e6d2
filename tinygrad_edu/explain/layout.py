"""Where the nodes of a graph stand: rows by the longest path from the root, columns by the middle of one's neighbours."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

Place = tuple[float, int]  # column, row
SWEEPS = 4
BENDS = 3000  # most places where long edges are led past nodes; beyond, they run straight


class Layout(NamedTuple):
    """`places[node]` is its (column, row); `paths[a, b]` the places through which an edge runs."""

    places: dict[Hashable, Place]
    paths: dict[tuple[Hashable, Hashable], list[Place]]


def layout(nodes: Sequence[Hashable], edges: Iterable[tuple[Hashable, Hashable]]) -> Layout:
    """Places for nodes that come in the order of a walk: every edge leads to a later one.

    >>> layout("cba", ["cb", "ca", "ba"]).places
    {'c': (0.5, 0), 'b': (0.0, 1), 'a': (0.5, 2)}
    """
    edges = list(dict.fromkeys((a, b) for a, b in edges))
    row = rows(nodes, edges)
    chains = bent(edges, row)
    below, above = defaultdict(list), defaultdict(list)
    for chain in chains.values():
        for a, b in pairwise(chain):
            below[a].append(b)
            above[b].append(a)
    levels = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for place in row:
        levels[row[place]].append(place)
    column = {place: float(i) for level in levels for i, place in enumerate(level)}
    for _ in range(SWEEPS):
        for level in levels:
            settle(level, above, column)
        for level in reversed(levels):
            settle(level, below, column)
    left = min(column.values(), default=0)
    at = {place: (round(column[place] - left, 3), row[place]) for place in row}
    return Layout({node: at[node] for node in nodes}, {edge: [at[p] for p in chain] for edge, chain in chains.items()})


def rows(nodes, edges):
    """Each node's row: the length of the longest path that leads to it."""
    row = dict.fromkeys(nodes, 0)
    following = defaultdict(list)
    for a, b in edges:
        following[a].append(b)
    for a in nodes:
        for b in following[a]:
            row[b] = max(row[b], row[a] + 1)
    return row


def bent(edges, row):
    """Each edge as the chain of what it runs through: a place of its own in every row between its ends."""
    straight = sum(row[b] - row[a] for a, b in edges) > BENDS
    chains = {}
    for a, b in edges:
        between = [] if straight else [(a, b, r) for r in range(row[a] + 1, row[b])]
        row.update({place: place[2] for place in between})
        chains[a, b] = [a, *between, b]
    return chains


def settle(level, neighbours, column):
    """Order a row by the mean column of each one's neighbours in the next row; each then stands there, one apart at least."""
    wanted = {p: mean([column[q] for q in neighbours[p]], column[p]) for p in level}
    level.sort(key=lambda p: wanted[p])
    at = []
    for p in level:
        at.append(max(wanted[p], at[-1] + 1) if at else wanted[p])
    shift = mean([wanted[p] - x for p, x in zip(level, at)], 0)  # who was pushed aside pushes back
    column.update({p: x + shift for p, x in zip(level, at)})


def mean(numbers, otherwise):
    return sum(numbers) / len(numbers) if numbers else otherwise
