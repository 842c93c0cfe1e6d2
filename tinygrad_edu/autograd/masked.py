"""The masked branch: `where(x > 0, sqrt(x), x)` has slopes nan where x <= 0, though sqrt(x) is not chosen there.

Backward, `where` gives a branch that is not chosen the gradient 0, and the chain rule multiplies: 0 · inf is nan. The cure
is to choose twice: also what goes into the branch, so that its slope is finite everywhere.
"""

import ast
from collections import defaultdict

import numpy as np

from .. import graph
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
    """How `where` at the line `choice` would guard what goes into op `name`, there or at its own line; None if the code
    does not show it."""
    for call in calls(parsed(choice.code), "where"):
        if len(call.args) != 3:
            continue
        condition = call.args[0]
        before = ast.get_source_segment(choice.code, call)
        if guarded(call.args[branch], call.func, condition, branch, name):
            return replace(before, ast.unparse(call))
        for node in ast.walk(parsed(line.code)):
            before = ast.get_source_segment(line.code, node) if isinstance(node, ast.Call | ast.BinOp) else None
            if line != choice and before and guarded(node, call.func, condition, branch, name):
                return replace(before, ast.unparse(node))
    return None


def guarded(tree, where, condition, branch, name):
    """Put `where(condition, x, 1)` in the place of x, what goes into the op in that tree; False if the op is not there."""
    harmless = ast.Constant(1)
    choice = lambda x: ast.Call(where, [condition, *((x, harmless) if branch == 1 else (harmless, x))], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == name:
            if is_method(node, where):
                node.func.value = choice(node.func.value)
            else:
                node.args[0] = choice(node.args[0])
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS.get(name, ())):
            side = "right" if name == "div" else "left"
            setattr(node, side, choice(getattr(node, side)))
            return True
    return False


def is_method(call, where):
    """Whether a call is `x.sqrt()`, and not `tg.sqrt(x)`: where `where` is `tg.where`, the latter begins with tg too."""
    value = getattr(call.func, "value", None)
    return not call.args or (value is not None and ast.dump(value) != ast.dump(getattr(where, "value", value)))
