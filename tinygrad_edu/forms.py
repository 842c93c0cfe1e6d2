"""The fast forms of an op: what `Op.apply` and `Op.pull_general` say in general, written out for one op's own inputs.

An op knows at its declaration how many inputs it has, which of them its rules ask for, and what its parameters are
called. We fill these in once, and get plain Python functions with no loop and no dictionary in them, and with torch's
own signature. They run when nobody watches and there is nothing to convert; `Op.general` does the rest.

Most programs need few of our ops, so at its declaration an op gets its signature only; the body is written out, and put
in its place, when it is called for the first time.

`print(tg.mul.op.text)` shows one; a debugger steps into it. docs/adr/0001 has what this gains.
"""

import linecache
import operator
from typing import Any, NamedTuple

import numpy as np

from .dtype import FAST
from .graph import Node, birth
from .memory import into, ordered, view_of
from .operands import no_gradient, public, reworded, tensors_only
from .tensor import Tensor
from .thread import thread

OUTLINE = """\
def {name}({signature}):
    return write_out()({passed})
"""

CALL = """\
def {name}({signature}):
{named}    run = thread.run
    if run is None or {unready}:
        return general(({inputs},), {params})
    try:
        array = run(forward, {arrays}{arguments})
    except (TypeError, ValueError) as error:
        raise reworded(op, error, ({arrays},)) from None
    if type(array) is not ndarray:
        array = asarray(array)
{ordered}    result = new(Tensor)
    result.array = array
    result.base = result.node = None
{record}    return {result}
"""

ORDERED = """\
    if array.ndim > 1 and array.strides != {first}.array.strides:
        array = ordered(array, ({arrays}))
"""

CHECKED = """\
        if array.dtype.kind != "f":
            raise no_gradient(op, array)
"""

RECORD = """\
    {edges}, = {nodes},
    if ({live}) and thread.grad:
{checked}        result.node = node = new(Node)
        node.op = op
        node.edges = ({edges},)
        node.saved = {saved}
        node.params = ({kept})
        node.shape = array.shape
        node.dtype = array.dtype
        node.birth = birth()
"""

PULL = """\
def {name}_backward(node, g):
    {edges}, = node.edges
    saved = node.saved
    params = node.params
    return {parts}
"""


def spread(values, **named):
    """Sizes or dims that may come as several arguments, as one tuple, or by name: (2, 3), ((2, 3),), size=(2, 3)."""
    if named:
        values = [*values, *named.values()][0]
    elif len(values) == 1 and not isinstance(values[0], (int, Tensor)):
        values = values[0]
    return tuple(operator.index(v) for v in ((values,) if isinstance(values, int) else values))


def listed(parts):
    """The inside of a tuple display: `a, b,`."""
    return "".join(f"{part}, " for part in parts)


def unless_none(name, op, attribute, of=None):
    of = of or public(name)
    return f"(None if {of} is None else {of}.{attribute})" if name in op.optional else f"{of}.{attribute}"


class Parameter(NamedTuple):
    """One argument of a function; `default` is NONE if it has none, which None would not say."""

    name: str
    default: Any
    keyword: bool


NONE = object()


def signature(function):
    """The Parameters of a function, read off its code, which costs a tenth of `inspect.signature`."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = dict(zip(reversed(names[: code.co_argcount]), reversed(function.__defaults__ or ())))
    defaults |= function.__kwdefaults__ or {}
    return [Parameter(n, defaults.get(n, NONE), i >= code.co_argcount) for i, n in enumerate(names)]


def arguments(op):
    """(parameters as a `def` has them, the same as a call passes them on)."""
    params, passed = op.parameters.values(), [public(x) for x in op.inputs]
    given = [n + ("=None" if x in op.optional else "") for n, x in zip(passed, op.inputs)]
    for p in params:
        if p.keyword and "*" not in given:
            given.append("*")
        given.append(p.name + ("" if p.default is NONE else f"={p.name}_default"))
        passed.append(f"{p.name}={p.name}" if p.keyword else p.name)
    if op.spread:
        given[-1] = passed[-1] = f"*{passed[-1]}"
    if op.writes_out:
        given += ["out=None"] if op.spread or "*" in given else ["*", "out=None"]
        passed.append("out=out")
    if op.renames:
        given.append("**named")
        passed.append("**named")
    return ", ".join(given), ", ".join(passed)


def call_text(op):
    """The text of the op's function."""
    inputs, params = [public(x) for x in op.inputs], op.parameters.values()
    as_dict = "{" + listed(f"'{p.name}': {p.name}" for p in params) + "}"
    to_out = as_dict[:-1] + "'out': out}" if op.writes_out else as_dict
    named = ""
    if op.spread:
        last = [*params][-1].name
        named = f"    {last} = spread({last}, **named)\n"
    elif op.renames:
        named = f"    if named:\n        return renamed(({', '.join(inputs)},), {to_out}, named)\n"
    if op.writes_out:
        named += f"    if out is not None:\n        return into(out, general(({', '.join(inputs)},), {as_dict}), '{op.name}')\n"
    unready = [f"not isinstance({n}, Tensor)" for n in inputs]
    for i, x in enumerate(op.inputs):
        if x in op.optional:
            unready[i] = f"({inputs[i]} is not None and {unready[i]})"
    if op.differentiable:  # an input without a rule must not want a gradient: Op.general says so
        held = [public(x) for x, has in zip(op.inputs, op.ruled) if not has]
        unready += [f"({n} is not None and {n}.node is not None and thread.grad)" for n in held]
    for i, x in enumerate(op.promotes):
        test = f"{public(x)}.array.dtype is not dtype" if i else f"(dtype := {public(x)}.array.dtype) not in FAST"
        unready.append(f"({public(x)} is not None and {test})" if x in op.optional else test)
    arrays = ", ".join(unless_none(x, op, "array") for x in op.inputs)
    return CALL.format(
        name=op.name,
        signature=arguments(op)[0],
        named=named,
        unready=" or ".join(unready),
        inputs=", ".join(inputs),
        params=as_dict,
        arrays=arrays,
        ordered=ORDERED.format(first=inputs[0], arrays=arrays) if op.meets else "",
        arguments="".join(f", {p.name}={p.name}" if p.keyword else f", {p.name}" for p in params),
        record=record_text(op) if op.differentiable else "",
        result=f"view_of({inputs[0]}, result, op, {as_dict})" if op.view else "result",
    )


def record_text(op):
    """The part that leaves a Node: an edge for each input that has a rule, and what the rules of live edges ask for."""
    edges = [f"e{i}" for i in range(len(op.inputs))]
    ruled = [e for e, has in zip(edges, op.ruled) if has]
    saved, asking = [], set()
    for slot in op.slots:
        value = "array" if slot == "out" else public(slot)
        askers = ruled if op.joint else [e for e, wants in zip(edges, op.asked) if slot in wants]
        asking.update(askers)
        always = askers == ruled
        saved.append(value if always else f"{value} if {' or '.join(f'{e} is not None' for e in askers)} else None")
    return RECORD.format(
        edges=", ".join(edges),
        nodes=", ".join(unless_none(x, op, "node") if has else "None" for x, has in zip(op.inputs, op.ruled)),
        checked=CHECKED if "dtype" in op.parameters else "",  # which may be an integer one
        live=" or ".join(f"{e} is not None" for e in ruled),
        saved=f"({listed(saved)})" + kept_for(asking, ruled),
        kept=listed(op.kept_params),
    )


def kept_for(asking, ruled):
    """What frees nothing can be walked twice: a node keeps an empty tuple if no edge that asks for anything is live."""
    return (
        ""
        if not asking or asking == set(ruled)
        else f" if {' or '.join(f'{e} is not None' for e in sorted(asking))} else ()"
    )


def pull_text(op):
    """The text of the function that applies the op's rules to a node."""

    def handed(wants, edge):
        for name in wants:
            if name in op.slots:
                k = op.slots.index(name)
                yield f"saved[{k}]" if name == "out" else unless_none(name, op, "array", f"saved[{k}]")
            elif name == "need":
                yield "(" + listed(f"{e} is not None" for e in edges) + ")"
            else:
                yield f"{edge}.shape" if name == "shape" else f"params[{op.kept_params.index(name)}]"

    edges = [f"e{i}" for i in range(len(op.inputs))]
    if op.joint:
        parts = f"rule0({', '.join(('g', *handed(op.asked[0], None)))})"
    else:
        each = zip(range(len(edges)), edges, op.asked, op.ruled)
        rules = (
            f"None if {e} is None else rule{i}({', '.join(('g', *handed(w, e)))})" if r else "None"
            for i, e, w, r in each
        )
        parts = f"({listed(rules)})"
    return PULL.format(name=op.name, edges=", ".join(edges), parts=parts)


def outlined(op):
    """The op's function with its signature only, which writes itself out when it is called for the first time."""
    space: dict[str, Any] = {f"{p.name}_default": p.default for p in op.parameters.values()}
    space["write_out"] = lambda: write_out(op)
    given, passed = arguments(op)
    exec(OUTLINE.format(name=op.name, signature=given, passed=passed), space)
    return space[op.name]


def write_out(op):
    """Compile the op's two functions where a debugger finds their text, and put them in the place of their outlines."""
    space = op.call.__globals__
    space |= dict(op=op, forward=op.forward, general=op.general if op.numbers is None else tensors_only(op))
    space |= dict(renamed=op.renamed, reworded=reworded, no_gradient=no_gradient)
    space |= dict(view_of=view_of, into=into, ordered=ordered, spread=spread, thread=thread, FAST=FAST)
    space |= dict(Tensor=Tensor, Node=Node, birth=birth, new=object.__new__, ndarray=np.ndarray, asarray=np.asarray)
    space |= {f"rule{i}": rule for i, rule in enumerate(op.rules)}
    filename = f"<the forms of {op.name}>"
    linecache.cache[filename] = len(op.text), None, op.text.splitlines(True), filename
    exec(compile(op.text, filename, "exec"), space)
    op.call.__code__ = space[op.name].__code__
    op.pull = space.get(f"{op.name}_backward")
    return op.call


def text(op):
    return call_text(op) + ("\n\n" + pull_text(op) if op.differentiable else "")
