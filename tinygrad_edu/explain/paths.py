"""Why is this gradient this number? It is a sum over paths: of each, the product of the slopes along it.

A path leads from the loss to one entry of a tensor, entry by entry. At each step there is the slope of an entry of an op's
output along an entry of one of its inputs; a slope of zero is no way on. Counting the paths, adding them up, and adding up
their sizes takes one walk over the entries, however many paths there are; only listing them takes as long as there are paths.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from typing import Any, NamedTuple

import numpy as np

from ..autograd.backward import seed
from ..graph import Node, leading_to, reachable
from ..tensor import Tensor
from .html import Markup, element, figure, fragment, table
from .jacobian import row
from .names import Names
from .numbers import digits
from .steps import input_name

MANY = 100_000  # more paths than this are not walked one by one


class Entry(NamedTuple):
    """One number on the way: entry `k`, counted along the rows, of what a node computed."""

    node: Node
    k: int


class Link(NamedTuple):
    """A way from one entry on to the next, as the `input` of that op, and the slope there."""

    to: Entry
    input: int
    slope: float


class Path(NamedTuple):
    """A way from the loss to the entry, and what it brings: the product of its slopes."""

    contribution: float
    links: tuple[Link, ...]


@dataclass(eq=False)
class Paths:
    """∂loss/∂tensor[index] as a sum over paths: `total` of `count` paths, whose sizes add up to `size`.

    `listed` are the largest, largest first, if they could be listed; `shares` says how much of the total flows from each node
    to each of its inputs, largest first. `ratio` is Σ|path| / |Σ path|: far above 1, the gradient is a small difference of
    large numbers."""

    of: str
    names: Names
    loss: Entry
    count: int
    total: float
    size: float
    listed: list[Path]
    shares: list[tuple[float, Node, int]]

    @property
    def ratio(self) -> float:
        return self.size / abs(self.total) if self.total else float("inf" if self.size else "nan")

    def __str__(self) -> str:
        rest = self.count - len(self.listed)
        if self.listed:
            lines = [f"{digits(path.contribution):>12}  {self.chain(path)}" for path in self.listed]
            lines += [f"{'...':>12}  and {rest:,} more, which are smaller"] if rest else []
        else:
            lines = [f"{digits(share):>12}  flows {self.edge(node, i)}" for share, node, i in self.shares]
        return "\n".join([self.headline, *lines])

    @property
    def headline(self) -> str:
        if not self.count:
            return (
                f"∂{self.name(self.loss)}/∂{self.of} = 0: no path leads there whose slopes are all different from zero"
            )
        paths = "one path" if self.count == 1 else f"the sum over {self.count:,} paths"
        return f"∂{self.name(self.loss)}/∂{self.of} = {digits(self.total)}: {paths}{self.cancelling}"

    @property
    def cancelling(self) -> str:
        if self.size <= abs(self.total) * (1 + 1e-9):
            return ""
        much = "; most of it cancels" if self.ratio > 10 else ""
        return f"{much}; their sizes add up to {digits(self.size)}, {self.ratio:.3g} times as much"

    def chain(self, path: Path) -> str:
        """The path in a line: loss ─x: 0.5→ p[3] ─y: 2→ w[0, 1]."""
        at, words = self.loss, [self.name(self.loss)]
        for link in path.links:
            words.append(f"─{input_name(at.node, link.input)}: {digits(link.slope)}→ {self.name(link.to)}")
            at = link.to
        return " ".join(words)

    def edge(self, node: Node, i: int) -> str:
        return f"from {self.names[node]} to {self.names[node.maker.edges[i]]}, its {input_name(node, i)}"

    def name(self, entry: Entry) -> str:
        return indexed(self.names[entry.node], entry)

    def _repr_html_(self) -> Markup:
        if self.listed:
            rows = [(digits(path.contribution), element("code", self.chain(path))) for path in self.listed]
        else:
            rows = [(digits(share), element("code", self.edge(node, i))) for share, node, i in self.shares]
        head = ["brings", "path" if self.listed else "flows"]
        return fragment(figure(self.headline, table(head, rows, caption="Largest first", numeric=["brings"])))


def paths(loss: Tensor, tensor: Tensor, index: Any = None, most: int = 20, names: Any = None) -> Paths:
    """∂loss/∂tensor[index] = Σ over paths of the product of the slopes: which paths bring most of it?

    `index` may be left out if the tensor has one entry. At most `most` paths are listed; of more than 100,000 none, but how
    much flows along each edge of the graph. `names` as in `Names`. The graph is not freed, and `.grad` not touched.

    Raises RuntimeError where the loss is no number, the tensor is not in its graph, or that was freed, and IndexError where
    there is no such entry.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.explain import paths
    >>> a = tg.tensor(1.0, requires_grad=True)
    >>> b = a + a
    >>> c = b + b
    >>> print(paths(c, a))
    ∂c/∂a = 4: the sum over 4 paths
               1  c ─x: 1→ b ─x: 1→ a
               1  c ─x: 1→ b ─y: 1→ a
               1  c ─y: 1→ b ─x: 1→ a
               1  c ─y: 1→ b ─y: 1→ a
    """
    seed(0, loss, None)
    start, names = Entry(loss.node, 0), Names(loss, names)
    order = reachable([loss.node])
    if tensor.node not in order:
        raise RuntimeError(
            f"there is no path from the loss to the tensor of shape {list(tensor.shape)}: the loss was not computed from it, or"
            " the path was cut (no_grad, detach, item, an integer cast)"
        )
    end = Entry(tensor.node, place(tensor, index))
    links = linked(start, end.node, order)
    counts, sums, sizes = (below(end, links, order, weigh) for weigh in (lambda slope: 1, lambda slope: slope, abs))
    count = counts.get(start, 0)
    listed = [] if count > MANY else nlargest(most, walks(start, end, links, counts), key=lambda path: abs(path[0]))
    shares = sorted(flows(start, links, order, sums), key=lambda share: -abs(share[0]))[:most]
    of = indexed(names[end.node], end)
    return Paths(of, names, start, count, sums.get(start, 0.0), sizes.get(start, 0.0), listed, shares)


def place(tensor: Tensor, index: Any) -> int:
    """Which entry the index means, counted along the rows."""
    if index is None and tensor.numel() == 1:
        return 0
    numbers = np.arange(tensor.numel()).reshape(tuple(tensor.shape))
    chosen = None if index is None else numbers[index]
    if not isinstance(chosen, np.integer):
        raise IndexError(
            f"the gradient of a tensor of shape {list(tensor.shape)} has {tensor.numel()} entries, and {index} names no single"
            f" one: pass index=, {tensor.dim()} numbers"
        )
    return int(chosen)


# ---------------------------------------------------------------- sums over paths


def linked(start: Entry, target: Node, order: list[Node]) -> dict[Entry, list[Link]]:
    """The links from each entry that is reached from the start, towards the target's node."""
    useful, links = leading_to({target}, order), {start: []}
    entries: dict[Node, set[int]] = {start.node: {start.k}}
    for node in order:
        for k in entries.get(node, ()) if node is not target else ():
            found = links.setdefault(Entry(node, k), [])
            for i, slopes in row(node, k):
                edge = node.maker.edges[i]
                if edge in useful:
                    columns = np.flatnonzero(slopes)
                    entries.setdefault(edge, set()).update(columns.tolist())
                    found.extend(Link(Entry(edge, j), i, float(slopes[j])) for j in columns.tolist())
    return links


def below(end: Entry, links: dict[Entry, list[Link]], order: list[Node], weigh: Any) -> dict[Entry, Any]:
    """For each entry Σ over its paths to the end of Π weigh(slope), from the end upwards."""
    found: dict[Entry, Any] = {end: 1}
    for entry, ways in reversed(links.items()):  # which are in the walk's order
        total = sum(weigh(link.slope) * found[link.to] for link in ways if link.to in found)
        if any(link.to in found for link in ways):
            found[entry] = total
    return found


def flows(
    start: Entry, links: dict[Entry, list[Link]], order: list[Node], sums: dict[Entry, float]
) -> Iterator[tuple[float, Node, int]]:
    """(how much of the total passes there, node, number of the input): Σ over the paths through each edge."""
    above, through = {start: 1.0}, dict[tuple[Node, int], float]()
    for entry, ways in links.items():
        for link in ways:
            if link.to in sums and entry in above:
                part = above[entry] * link.slope
                above[link.to] = above.get(link.to, 0.0) + part
                edge = entry.node, link.input
                through[edge] = through.get(edge, 0.0) + part * sums[link.to]
    return ((share, node, i) for (node, i), share in through.items())


def walks(start: Entry, end: Entry, links: dict[Entry, list[Link]], counts: dict[Entry, int]) -> Iterator[Path]:
    """Every path, one after the other."""
    waiting = [Path(1.0, ())]
    while waiting:
        path = waiting.pop()
        at = path.links[-1].to if path.links else start
        if at == end:
            yield path
            continue
        for link in reversed(links[at]):
            if link.to in counts:
                waiting.append(Path(path.contribution * link.slope, (*path.links, link)))


# ---------------------------------------------------------------- names


def indexed(name: str, entry: Entry) -> str:
    """w[0, 1]; the name alone, if that is of one number."""
    shape = entry.node.shape
    if not shape:
        return name
    return f"{name}[{', '.join(map(str, (int(i) for i in np.unravel_index(entry.k, shape))))}]"
