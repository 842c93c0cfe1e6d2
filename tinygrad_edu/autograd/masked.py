"""The masked branch: `where(x > 0, sqrt(x), x)` has slopes nan where x <= 0, though sqrt(x) is not chosen there.

Backward, `where` gives a branch that is not chosen the gradient 0, and the chain rule multiplies: 0 · inf is nan. The cure
is to choose twice: also what goes into the branch, so that its slope is finite everywhere.
"""

import ast
from collections import defaultdict

import numpy as np

from .. import graph
from ..op import registry
from ..teaching import called, calls, parsed, replace

OPERATORS = {"pow": ast.Pow, "div": ast.Div}


def gate(node, roots, conditions, index, shape):
    """(the nearest `where` between a node and what backward() began with, which of its branches leads to the node).

    (None, 0) if there is none. One that did choose the entry, as far as can be told, is not the one who sent it 0."""
    readers = defaultdict(list)
    for reader in graph.reachable(roots):
        for edge in reader.edges:
            if edge is not None:
                readers[edge].append(reader)
    found = [node]
    seen = set(found)
    for one in found:  # which grows as we go
        for reader in readers[one]:
            if reader in conditions:
                branch, condition = reader.edges.index(one), conditions[reader]
                if reader.shape != shape or np.broadcast_to(condition, shape)[index] != (branch == 1):
                    return reader, branch
            if reader not in seen:
                seen.add(reader)
                found.append(reader)
    return None, 0


def rewrite(choice, branch, line, name):
    """How the `where` (or masked_fill) at the line `choice` would guard what goes into op `name`, there or at its own line.

    None if the code does not show it."""
    code, tree = next(((code, tree) for code in choice.onwards() if (tree := parsed(code)).body), ("", ast.parse("")))
    for call in calls(tree, "where", "masked_fill"):
        chosen, guard = guarding(call, branch)
        before = ast.get_source_segment(code, call)
        if chosen is not None and guarded(chosen, guard, name):
            return replace(before, ast.unparse(call))
        for node in ast.walk(parsed(line.code)):
            before = ast.get_source_segment(line.code, node) if isinstance(node, ast.Call | ast.BinOp) else None
            if chosen is not None and line != choice and before and guarded(node, guard, name):
                return replace(before, ast.unparse(node))
    return None


def guarding(call, branch):
    """(the branch of a choice, how it would choose what goes into that branch); (None, None) if it is no such call."""
    match called(call), call.args:
        case "where", [condition, *branches] if len(branches) == 2:
            pair = lambda x: (x, ast.Constant(1)) if branch == 1 else (ast.Constant(1), x)
            return call.args[branch], lambda x: ast.Call(call.func, [condition, *pair(x)], [])
        case "masked_fill", [mask, _]:
            return call.func.value, lambda x: ast.Call(ast.Attribute(x, "masked_fill"), [mask, ast.Constant(1)], [])
    return None, None


def guarded(tree, guard, name):
    """Put `guard(x)` in the place of x, what goes into the op in that tree; False if the op is not there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == name:
            if len(node.args) < len(registry[name].inputs):  # x.pow(2), and not pow(x, 2)
                node.func.value = guard(node.func.value)
            else:
                node.args[0] = guard(node.args[0])
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS.get(name, ())):
            side = "right" if name == "div" else "left"
            setattr(node, side, guard(getattr(node, side)))
            return True
    return False
