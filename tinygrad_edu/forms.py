"""The fast forms of an op: what `Op.apply` and `Op.pull_general` say in general, written out for one op's own inputs.

An op knows at its declaration how many inputs it has, which of them its rules ask for, and what its parameters are
called. We fill these in once, and get plain Python functions with no loop and no dictionary in them, and with torch's
own signature. They run when nobody watches and there is nothing to convert; `Op.general` does the rest.

`print(tg.mul.op.text)` shows one; a debugger steps into it. docs/adr/0001 has what this gains.
"""

import inspect
import linecache
import operator

import numpy as np

from .dtype import FAST
from .graph import Node, birth
from .memory import view_of
from .tensor import Tensor
from .thread import thread

CALL = """\
def {name}({signature}):
{named}    run = thread.run
    if run is None or {unready}:
        return general(({inputs},), {params})
    try:
        array = run(forward, {arrays}{arguments})
    except (TypeError, ValueError) as error:
        raise reworded(error, ({arrays},)) from None
    if type(array) is not ndarray:
        array = asarray(array)
    out = new(Tensor)
    out.array = array
    out.base = out.node = None
{record}    return {result}
"""

RECORD = """\
    {edges}, = {nodes},
    if ({live}) and thread.grad:
        out.node = node = new(Node)
        node.op = op
        node.edges = ({edges},)
        node.saved = ({saved})
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


def public(name):
    """torch's name for an input."""
    return {"x": "input", "y": "other", "w": "weight", "b": "bias"}.get(name, name)


def listed(parts):
    """The inside of a tuple display: `a, b,`."""
    return "".join(f"{part}, " for part in parts)


def unless_none(name, op, attribute, of=None):
    of = of or public(name)
    return f"(None if {of} is None else {of}.{attribute})" if name in op.optional else f"{of}.{attribute}"


def call_text(op):
    """The text of the op's function."""
    inputs, params = [public(x) for x in op.inputs], list(op.parameters.values())
    defaults = {p.name: f"={p.name}_default" for p in params if p.default is not p.empty}
    as_dict = "{" + listed(f"'{p.name}': {p.name}" for p in params) + "}"
    signature = [n + ("=None" if x in op.optional else "") for n, x in zip(inputs, op.inputs)]
    for p in params:
        if p.kind is p.KEYWORD_ONLY and "*" not in signature:
            signature.append("*")
        signature.append(p.name + defaults.get(p.name, ""))
    named = ""
    if op.spread:
        signature[-1] = f"*{params[-1].name}, **named"
        named = f"    {params[-1].name} = spread({params[-1].name}, **named)\n"
    elif "dim" in op.parameters:
        signature.append("**named")
        named = f"    if named:\n        return renamed(({', '.join(inputs)},), {as_dict}, named)\n"
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
    return CALL.format(
        name=op.name,
        signature=", ".join(signature),
        named=named,
        unready=" or ".join(unready),
        inputs=", ".join(inputs),
        params=as_dict,
        arrays=", ".join(unless_none(x, op, "array") for x in op.inputs),
        arguments="".join(f", {p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else f", {p.name}" for p in params),
        record=record_text(op) if op.differentiable else "",
        result=f"view_of({inputs[0]}, out, op, {as_dict})" if op.view else "out",
    )


def record_text(op):
    """The part that leaves a Node: an edge for each input that has a rule, and what the rules of live edges ask for."""
    edges = [f"e{i}" for i in range(len(op.inputs))]
    ruled = [e for e, has in zip(edges, op.ruled) if has]
    saved = []
    for slot in op.slots:
        value = "array" if slot == "out" else public(slot)
        askers = ruled if op.joint else [e for e, wants in zip(edges, op.asked) if slot in wants]
        always = askers == ruled
        saved.append(value if always else f"{value} if {' or '.join(f'{e} is not None' for e in askers)} else None")
    return RECORD.format(
        edges=", ".join(edges),
        nodes=", ".join(unless_none(x, op, "node") if has else "None" for x, has in zip(op.inputs, op.ruled)),
        live=" or ".join(f"{e} is not None" for e in ruled),
        saved=listed(saved),
        kept=listed(op.kept_params),
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


def written_out(op):
    """Compile the op's two functions, `(call, pull)`, where a debugger and `inspect` can find their text."""
    space = dict(
        op=op,
        forward=op.forward,
        general=op.general,
        renamed=op.renamed,
        reworded=op.reworded,
        view_of=view_of,
        spread=spread,
        thread=thread,
    )
    space |= dict(
        Tensor=Tensor, Node=Node, birth=birth, new=object.__new__, ndarray=np.ndarray, asarray=np.asarray, FAST=FAST
    )
    space |= {f"rule{i}": rule for i, rule in enumerate(op.rules)}
    space |= {f"{p.name}_default": p.default for p in op.parameters.values()}
    op.text = call_text(op) + ("\n\n" + pull_text(op) if op.differentiable else "")
    filename = f"<the forms of {op.name}>"
    linecache.cache[filename] = len(op.text), None, op.text.splitlines(True), filename
    exec(compile(op.text, filename, "exec"), space)
    return space[op.name], space.get(f"{op.name}_backward")


def unless_foreign(call):
    """== and != leave it to the other side, and in the end to `is`, where that is no tensor, number or array."""
    known = (Tensor, int, float, np.ndarray, np.generic)
    return lambda x, y: call(x, y) if isinstance(y, known) else NotImplemented


def publish(self, numpy):
    """Make the op a function, a method, an operator, and NumPy's function of Tensors."""
    call = self.call
    written = None if isinstance(self.forward, np.ufunc) else inspect.getdoc(self.forward)
    call.op, call.__doc__ = self, written or f"{self.name}({', '.join(map(public, self.inputs))}), entry by entry."
    if "Tensor" in self.places:
        setattr(Tensor, self.name, call)
    if self.operator:
        setattr(Tensor, f"__{self.operator}__", call if self.operator not in ("eq", "ne") else unless_foreign(call))
        if f"__r{self.operator}__" in dir(np.ndarray):
            setattr(Tensor, f"__r{self.operator}__", lambda y, x: call(x, y))
    if numpy is not None:
        Tensor.numpy_functions[numpy] = call
    return call
