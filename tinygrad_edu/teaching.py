"""How an error teaches: what happened, on which lines, why in one sentence of mathematics, and what mends it.

Where the user's line is known the fix is given in the user's own code: `y.add_(1)` becomes `y = y.add(1)`. A line is
rewritten only if it is a statement by itself; of any other, the fix is said in general.
"""

import ast


def taught(what, *where, why, fix):
    """The message, a line for each part."""
    return "\n".join((what, *(f"  {line}" for line in where), explained(why, fix)))


def explained(why, fix):
    return f"Why: {why}.\nFix: {fix}."


def replace(old, new):
    """The fix of a line."""
    return f"replace `{old}` by `{new}`"


def parsed(code):
    """What a line of code says, as a tree; an empty one, if it says nothing by itself."""
    for text in code, f"{code} pass":  # as after `if x > 0:`
        try:
            return ast.parse(text)
        except SyntaxError:
            pass
    return ast.parse("")


def statement(code):
    """The one statement that a line of code is; None if it is not one by itself."""
    body = parsed(code).body
    return body[0] if len(body) == 1 else None


def calls(tree, *names):
    """The calls in a tree of functions or methods so named."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in names:
            yield node


def called(call):
    """The last word of what is called: `sqrt` for `tg.sqrt(x)` and for `x.sqrt()`."""
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def keeping_graph(code):
    """A line that walks a graph, so that it keeps what the nodes saved; None if no walk is seen in it."""
    for call in calls(parsed(code), "backward", "grad"):
        old = ast.get_source_segment(code, call)
        call.keywords.append(ast.keyword("retain_graph", ast.Constant(True)))
        return replace(old, ast.unparse(call))
    return None


def summed(code):
    """`y.backward()` as `y.sum().backward()`; None for another line."""
    for call in calls(parsed(code), "backward"):
        match call:
            case ast.Call(ast.Attribute(tensor), [], []):
                old = ast.get_source_segment(code, call)
                return replace(old, f"{ast.unparse(tensor)}.sum().backward()")
    return None


def out_of_place(code, exists):
    """`y.add_(1)` or `y += 1` as `y = ...`, which makes a new tensor; None for another line, or if there is no such form."""
    match statement(code):
        case ast.AugAssign(ast.Name() | ast.Attribute() as target, operator, value):
            target = ast.unparse(target)
            return f"{target} = {ast.unparse(ast.BinOp(ast.Name(target), operator, value))}"
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() | ast.Attribute() as target, name), arguments, keywords)):
            if name.endswith("_") and exists(name[:-1]):
                call = ast.Call(ast.Attribute(target, name[:-1]), arguments, keywords)
                return f"{ast.unparse(target)} = {ast.unparse(call)}"
    return None
