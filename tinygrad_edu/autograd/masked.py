"""The masked branch: `where(x > 0, sqrt(x), x)` has slopes nan where x <= 0, though sqrt(x) is not chosen there.

Backward, `where` gives a branch that is not chosen the gradient 0, and the chain rule multiplies: 0 · inf is nan. The cure
is to choose twice: also what goes into the branch, so that its slope is finite everywhere.
"""

import ast
from collections import defaultdict

from .. import graph
from ..teaching import called, calls, parsed, replace

NAMES = {"pow": ast.Pow, "div": ast.Div}


def gate(node, roots):
    """The nearest `where` between a node and what backward() began with; None if there is none."""
    readers = defaultdict(list)
    for reader in graph.reachable(roots):
        for edge in reader.edges:
            if edge is not None:
                readers[edge].append(reader)
    found = [node]
    for one in found:  # which grows as we go
        if one.op.name == "where":
            return one
        found += [reader for reader in readers[one] if reader not in found]
    return None


def rewrite(code, name):
    """How a line of code has `where` guard what goes into op `name` too; None if its own `where` cannot be found."""
    for call in calls(parsed(code), "where"):
        before = ast.get_source_segment(code, call)
        if len(call.args) != 3:
            continue
        for branch in (1, 2):
            if guarded(call, branch, name):
                return replace(before, ast.unparse(call))
    return None


def guarded(call, branch, name):
    """Put `where(condition, x, 1)` in the place of x, what goes into the op in that branch; False if it is not there."""
    for node in ast.walk(call.args[branch]):
        if isinstance(node, ast.Call) and called(node) == name:
            if node.args:
                node.args[0] = choice(call, branch, node.args[0])
            else:
                node.func.value = choice(call, branch, node.func.value)
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, NAMES.get(name, ())):
            side = "right" if name == "div" else "left"
            setattr(node, side, choice(call, branch, getattr(node, side)))
            return True
    return False


def choice(call, branch, x):
    """where(condition, x, 1), or the other way round."""
    condition = ast.parse(ast.unparse(call.args[0]), mode="eval").body
    harmless = ast.Constant(1)
    return ast.Call(call.func, [condition, *((x, harmless) if branch == 1 else (harmless, x))], [])
