"""Hooks: functions of yours that see gradients go by, and may put others in their place.

In the order in which a walk calls them at one node: those of its tensor, `Tensor.register_hook`; `retain_grad`; those
before its rules, `grad_fn.register_prehook`; those after them, `grad_fn.register_hook`. A leaf's gradient is added to its
`.grad` where other nodes apply their rules, and `register_post_accumulate_grad_hook` sees it directly afterwards.

What a hook is given is a copy, so that one which writes into it changes that gradient and no other. `autograd.grad` returns
what the hooks of a tensor made of its gradient (torch too, unless the walk goes on from there: then what they were given).
"""

import weakref

import numpy as np

from .. import graph
from ..graph import Node, fit
from ..handle import Handle
from ..tensor import Tensor, made
from .backward import accumulate
from .node import FunctionNode


def retain_grad(self):
    """Keep the gradient of this computed tensor too."""
    if self.node is None:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if not self.is_leaf and self.leaf is None:
        home = self.own_leaf()
        graph.retained[self.node] = lambda g: accumulate(home, g, False)


def register_hook(self, hook):
    """Call `hook(gradient)` when this tensor's gradient is whole; what it returns, if anything, replaces it.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html"""
    if self.node is None:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")

    def on_gradient(g):
        given = copied(g)
        result = hook(given)
        return as_walked(g, given if result is None else replacing(hook, given, result))

    return Handle(graph.hooks.setdefault(self.node, {}), on_gradient)


def register_post_accumulate_grad_hook(self, hook):
    """Call `hook(tensor)` each time this leaf's gradient has been added to its `.grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html"""
    if self.node is None:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if not self.is_leaf:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    tensor = weakref.ref(self)  # the leaf must not keep its tensor alive
    return Handle(graph.after.setdefault(self.leaf, {}), lambda: hook(tensor()))


def register_prehook(self, hook):
    """Call `hook(grad_outputs)` before this node's rules; the tuple it returns, if it does, goes in their place.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_prehook.html"""

    def before(node, g):
        came = outputs_of(node, g)
        given = tuple(map(copied, came))
        result = hook(given)
        kept = given if result is None else all_replacing(hook, given, result)
        kept = tuple(map(as_walked, came, kept))
        return node.joined(kept) if isinstance(node, FunctionNode) else kept[0]

    return Handle(graph.around.setdefault(self, ({}, {}))[0], before)


def register_node_hook(self, hook):
    """Call `hook(grad_inputs, grad_outputs)` after this node's rules; the tuple it returns, if any, replaces grad_inputs.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_hook.html"""

    def behind(node, g, parts):
        pairs = zip(parts, node.edges)
        parts = [None if part is None or edge is None else fit(part, edge, node.op) for part, edge in pairs]
        given = tuple(map(copied, parts))
        result = hook(given, tuple(map(copied, outputs_of(node, g))))
        kept = given if result is None else all_replacing(hook, given, result)
        return list(map(as_walked, parts, kept))

    return Handle(graph.around.setdefault(self, ({}, {}))[1], behind)


def outputs_of(node, g):
    """The gradients of a node's outputs, as the walk has them: of its one output, unless a Function made it."""
    return node.parted(g) if isinstance(node, FunctionNode) else (g,)


def copied(g):
    """A gradient as a hook is given it."""
    if g is None:
        return None
    return g.clone() if isinstance(g, Tensor) else made(np.array(g), None)


def as_walked(came, new):
    """A hook's gradient as the walk has its own: Tensors only where graphs are built, and memory that nobody else has."""
    return new if new is None or isinstance(came, Tensor) else np.array(new.array)


def replacing(hook, given, result):
    """What a hook returned, if it can stand in the place of what it was given."""
    if result is None:
        return None
    if not isinstance(result, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
    name = getattr(hook, "__name__", repr(hook))
    if given is None:
        raise RuntimeError(f"can't replace a None gradient with a non-None value: hook '{name}'")
    if result.array.dtype != given.array.dtype:
        raise RuntimeError(f"hook '{name}' has changed the type of value (was {given.dtype} got {result.dtype})")
    if result.array.shape != given.array.shape:
        raise RuntimeError(
            f"hook '{name}' has changed the size of value (was {list(given.shape)} got {list(result.shape)})"
        )
    return result


def all_replacing(hook, given, results):
    if not isinstance(results, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(results).__name__}'")
    if len(results) != len(given):
        raise RuntimeError(
            f"hook '{getattr(hook, '__name__', repr(hook))}' has returned an incorrect number of values"
            f" (got {len(results)}, but expected {len(given)})"
        )
    return tuple(replacing(hook, old, new) for old, new in zip(given, results))


for method in (retain_grad, register_hook, register_post_accumulate_grad_hook):
    setattr(Tensor, method.__name__, method)
Node.register_prehook, Node.register_hook = register_prehook, register_node_hook  # type: ignore[attr-defined]
