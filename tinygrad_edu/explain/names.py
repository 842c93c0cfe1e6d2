"""What a node is called: by its parameter's name, by the variable that holds it, or else by its op and a number: `mul3`."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from types import FrameType
from typing import Any

from ..graph import Node, reachable
from ..tensor import Tensor
from ..users import users_frame


class Names:
    """The names of all nodes that a loss was made from: `names[node]`.

    `given` is a model, or anything else with `named_parameters()`, or a dict of tensors by name. What it does not name is
    called as a variable of `frame` is, the innermost of the user's own by default; a node without either is numbered
    among those of its op, in the order in which they were made.

    >>> import tinygrad_edu as tg
    >>> weight, x = tg.ones(2, requires_grad=True), tg.ones(2)
    >>> loss = (weight * x).sum()
    >>> names = Names(loss)
    >>> [names[node] for node in reachable([loss.node])]
    ['loss', 'mul1', 'weight']
    """

    def __init__(self, loss: Tensor, given: Any = None, frame: FrameType | None = None) -> None:
        nodes = reachable([] if loss.node is None else [loss.node])
        known, taken = set(nodes), set()
        self.of: dict[Node, str] = {}
        for name, node in (*named(given), *variables(frame or users_frame())):
            if node in known and node not in self.of and name not in taken:
                self.of[node] = name
                taken.add(name)
        numbers: dict[str, count[int]] = {}
        for node in reversed(nodes):  # the oldest first
            if node not in self.of:
                kind = kind_of(node)
                number = numbers.setdefault(kind, count(1))
                self.of[node] = next(name for name in (f"{kind}{i}" for i in number) if name not in taken)

    def __getitem__(self, node: Node) -> str:
        return self.of[node] if node in self.of else kind_of(node)


def kind_of(node: Node) -> str:
    """What a node without a name of its own is one of."""
    if node.op is None:
        return "leaf"
    return "output" if node.maker is not node else node.op.name


def named(given: Any) -> Iterator[tuple[str, Node]]:
    """(name, node) of each tensor that somebody gave a name."""
    if given is None:
        return
    if hasattr(given, "named_parameters"):
        given = given.named_parameters()
    pairs: Iterable[tuple[str, Any]] = given.items() if isinstance(given, Mapping) else given
    for name, tensor in pairs:
        if isinstance(tensor, Tensor) and tensor.node is not None:
            yield name, tensor.node


def variables(frame: FrameType | None) -> Iterator[tuple[str, Node]]:
    """(name, node) of each tensor that a variable of the frame holds, and of each parameter of a model that one holds."""
    if frame is None:
        return
    local = dict(frame.f_locals)
    for name, value in (local | {k: v for k, v in frame.f_globals.items() if k not in local}).items():
        if isinstance(value, Tensor):
            if value.node is not None and not name.startswith("_"):
                yield name, value.node
        elif hasattr(type(value), "named_parameters"):
            yield from ((f"{name}.{own}", node) for own, node in named(value))
