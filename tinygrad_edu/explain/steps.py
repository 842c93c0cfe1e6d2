"""A backward pass, step by step: the walk of graph.py once more, which keeps every number that it sees.

At each node: the gradient that has arrived; for each input, the local Jacobian, the product of the two, and the sum that
it is added to, "old + incoming = new". At a leaf: what `backward()` adds to its `.grad`. The numbers are the engine's own,
by its own rules. Neither `.grad` nor the graph is touched; hooks are called, as `backward()` calls them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import graph
from ..autograd.backward import seed
from ..autograd.node import FunctionNode, Parts, Saved
from ..graph import Leaf, Node, fit, pull_checked, reachable
from ..tensor import Tensor
from ..thread import thread
from .formulas import Helper, Rule, first_sentence, formula, rules, source
from .jacobian import jacobian, structure
from .names import Names
from .numbers import FULL
from .record import recorded

MEANINGS = {
    "zero": "the output does not change with this input",
    "identity": "each entry is handed on as it is",
    "diagonal": "entry i of the output depends on entry i of this input alone",
    "permutation": "each entry of the output is one entry of this input, in another place",
    "copies": "each entry of the output is an entry of this input, which may be there several times",
    "sum": "each entry of the output is a sum of entries of this input, whose gradient is its copy",
    "one row": "the output is one number, and the row its gradient",
    "one column": "this input is one number, and every entry of the output depends on it",
    "dense": "each entry of the output depends on many of this input",
}


@dataclass(eq=False)
class Share:
    """What a step hands to one of its inputs."""

    input: str  # what the op calls it: x
    to: str  # what it is called: w
    edge: Node
    rule: Rule | None
    jacobian: np.ndarray | None  # ∂out/∂x: a row for each entry of out, a column for each of x; None if it is large ...
    structure: str  # ... and what it then looks like
    product: Any  # what the rule made of the gradient
    incoming: Any  # the same in the input's shape: summed over what broadcasting had stretched
    old: Any  # what had arrived at the input before, None if this comes first
    new: Any  # old + incoming

    @property
    def stretched(self) -> bool:
        """Whether the input had been broadcast: then what comes back is summed over the copies."""
        return np.shape(self.product) != np.shape(self.incoming)

    @property
    def looks(self) -> str:
        """What the Jacobian looks like, in a word and a sentence."""
        meaning = MEANINGS.get(self.structure)
        return f"{self.structure}: {meaning}" if meaning else self.structure


@dataclass(eq=False)
class Step:
    """One node of the walk: what it did forwards, what arrives, and what it hands on."""

    number: int
    node: Node
    name: str
    op: str
    formula: str
    line: str | None  # the user's line that made it, if it was recorded
    value: np.ndarray | None  # what the op computed, if it was recorded or saved
    saved: dict[str, np.ndarray]  # what the node remembers, by the names that the rules use
    params: dict[str, Any]
    arrived: Any  # ∂loss/∂out, the sum of all that later steps handed on ...
    gradient: Any  # ... and what the hooks of the tensor made of it
    hooked: bool  # whether the node has hooks of its own, before or after its rules
    grad: np.ndarray | None  # of a leaf: its `.grad` as it is
    shares: list[Share] = field(default_factory=list)

    is_leaf = property(lambda self: self.node.op is None)
    keeps_grad = property(lambda self: isinstance(self.node, Leaf) and self.node.live)

    @property
    def grad_after(self) -> Any:
        """What `backward()` would make of a leaf's `.grad`: old + incoming."""
        return total(self.grad, self.gradient)


def steps(loss: Tensor, names: Names) -> list[Step]:
    """The steps of the walk back from a loss, in its order. RuntimeError if the graph was freed, as `backward()` has it."""
    before, thread.grad = thread.grad, False
    try:
        with np.errstate(all="ignore"):
            return list(walked(loss, names))
    finally:
        thread.grad = before


def walked(loss: Tensor, names: Names) -> Iterator[Step]:
    """graph.walk in its plainest form: one root, nothing freed, and no array written to."""
    gradients = {loss.node: seed(0, loss, None).array}
    number = 0
    for node in reachable([loss.node]):
        if node not in gradients:
            continue  # no gradient has come this way
        number += 1
        arrived = gradients.pop(node)
        step = described(node, names, number, arrived, after_hooks(node, arrived))
        parts = [] if step.is_leaf else pull_checked(node, step.gradient, False)
        for i, (edge, product) in enumerate(zip(node.edges, parts)):
            if edge is None or product is None:
                continue
            incoming = fit(product, edge, node.op)
            old = gradients.get(edge)
            new = gradients[edge] = total(old, incoming)
            full, looks = local(node, i)
            name = input_name(node, i)
            rule = rule_for(node, name)
            share = Share(name, names[edge], edge, rule, full, looks, product, incoming, old, new)
            step.shares.append(share)
        yield step


def total(old, incoming):
    if old is None or incoming is None:  # nothing came before, or a hook took the gradient away
        return incoming if old is None else old
    return old + incoming if isinstance(old, Parts) else np.asarray(old + incoming)


def after_hooks(node, g):
    """The gradient after the hooks of the node's tensor, and a leaf's own; `retain_grad`, which would keep it, is left out."""
    for hook in tuple(graph.hooks.get(node, {}).values()):
        replaced = hook(g)
        g = g if replaced is None else replaced
    for hook in tuple(graph.around.get(node, ({},))[0].values()) if node.op is None else ():
        g = hook(node, g)
    return g


def local(node, i):
    """(the Jacobian of node for its i-th input if it is small, what it looks like)."""
    edge = node.edges[i]
    if object in (node.dtype, edge.dtype):  # the plumbing of a Function with several outputs, which are not one array
        return None, ""
    small = np.prod(node.shape, dtype=int) * np.prod(edge.shape, dtype=int) <= FULL
    return jacobian(node, i) if small else None, structure(node, i)


# ---------------------------------------------------------------- what a node is


def described(node, names, number, arrived, gradient):
    """A node's step before its shares."""
    saved = {slot: np.array(x) for slot, x in saved_by(node)}
    record = recorded(node)
    return Step(
        number=number,
        node=node,
        name=names[node],
        op="leaf" if node.op is None else node.op.name,
        formula=formula_of(node),
        line=line_of(node),
        value=record.out if record and record.out is not None else value_of(node, saved),
        saved=saved,
        params=params_of(node),
        arrived=arrived,
        gradient=gradient,
        hooked=node in graph.around,
        grad=node.grad.array.copy() if isinstance(node, Leaf) and node.grad is not None else None,
    )


def value_of(node, saved):
    """What a node computed, where somebody still has it."""
    tensor = node.variable if isinstance(node, Leaf) else None
    return saved.get("out") if tensor is None else tensor.array.copy()


def saved_by(node):
    """(name, array) of each value that a node remembers."""
    if isinstance(node, FunctionNode):
        kept = [x if x is None else (x.tensor if type(x) is Saved else x).array for x in node.saved]
        names = [f"saved {i}" for i in range(len(kept))]
    else:
        kept = [getattr(x, "array", x) for x in node.saved or ()]
        names = node.op.slots if kept else []
    return [(name, x) for name, x in zip(names, kept) if x is not None]


def params_of(node):
    """The parameters that the node's rules ask for: `dim`, `keepdim` ..."""
    return dict(zip(getattr(node.op, "kept_params", ()), getattr(node, "params", ())))


def line_of(node):
    """The user's line that made a node. What a write in place made is where the write was."""
    line = graph.origin.get(node.maker)
    if line is None and len(node.edges) == 2:
        line = None if node.edges[1] is None else graph.origin.get(node.edges[1])
    return line


def formula_of(node):
    if node.op is None:
        return "a leaf, which nobody computed" if node.live else "a view that was made where no graph was built"
    if isinstance(node, FunctionNode):
        return first_sentence(node.op.function) or f"{node.op.name}.forward"
    return formula(node.op) if hasattr(node.op, "forward") else node.op.name


def input_name(node, i):
    """What the op calls its i-th input."""
    inputs = getattr(node.op, "inputs", ())
    if len(inputs) == len(node.edges):
        return inputs[i]
    return f"{inputs[0]}[{i}]" if inputs else f"input {i}"


def rule_for(node, name):
    """The rule that gives the gradient for an input: of a Function its `backward`; None where there is only plumbing."""
    if isinstance(node, FunctionNode):
        backward = node.op.function._rule()
        helper = Helper("backward", first_sentence(backward), source(backward))
        return Rule(name, f"{node.op.name}.backward(ctx, g)", [helper])
    return rules(node.op).get(name.partition("[")[0]) if node.op.rules else None
