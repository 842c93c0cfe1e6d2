"""One declaration per op: a forward function and one rule per input. Every other form of it is derived from these.

    mul = op(np.multiply, dx=lambda g, y: g * y, dy=lambda g, x: g * x, operator="mul")

A rule takes g, the gradient of the loss with respect to the op's output, and gives the gradient for one input. The
names of its other parameters say what it must be handed: an input (`x`), the output (`out`), a parameter of the op
(`dim`), or `shape`, the shape of the input that the rule is for. What no rule names is not kept alive. The names x, y, w
and b stand for torch's input, other, weight and bias.

Rules speak a vocabulary that means the same for arrays and for Tensors (operators, slicing, `.shape`, `.mT`,
`.reshape`, `.sum`, and the NumPy functions that our ops declare as theirs), so that the same rules, run on Tensors,
give gradients that can be differentiated again.
"""

import sys
from functools import cached_property

import numpy as np

from . import forms, graph, operands
from .constants import constant
from .dtype import FAST
from .forms import signature
from .formula import source
from .graph import Node
from .memory import ordered, view_of
from .names import publish, publish_operator
from .tensor import Tensor, made
from .thread import thread

registry = {}
HOMES = {"torch": "torch", "nn.functional": "torch.nn.functional", "linalg": "torch.linalg", "special": "torch.special"}
HOMES["Tensor"] = "torch.Tensor"  # of what is only a method


class Op:
    """A differentiable function of arrays: `forward`, and its `rules`, of g (see `op` for what the other fields mean).

    `call`     what people call: written out from the declaration, for Tensors that need no conversion (forms.py)
    `general`  converts what does need it, then calls `call`, or `apply`, which states in plain words what `call` does
    `pull`     the rules applied to a Node, compiled too; `pull_general` is its plain statement
    """

    joint = broadcasts = floats = view = spread = variadic = once = inplace = exact = False
    promotes = optional = ()
    sample = torch = operator = cases = needs = numbers = None
    places, also, kinks, takes = "torch Tensor", "", "", "biuf"

    def __init__(self, name, forward, inputs, rules, **facts):
        self.name, self.forward, self.inputs, self.rules = name, forward, inputs, rules
        self.__dict__.update(facts)
        given = [] if isinstance(forward, np.ufunc) else signature(forward)
        own = 0 if self.variadic else len(inputs)
        self.optional = tuple(p.name for p in given[:own] if p.default is None)
        self.parameters = {p.name: p for p in given[own:]}
        # per rule, the names of what it wants handed; of these, the values a Node saves, and the parameters it keeps
        self.asked = [[p.name for p in signature(rule)[1:]] if rule else [] for rule in rules]
        self.slots = [s for s in (*inputs, "out") if any(s in wants for wants in self.asked)]
        self.kept_params = [p for p in self.parameters if any(p in wants for wants in self.asked)]
        self.ruled = [True] * len(inputs) if self.joint else [rule is not None for rule in rules]
        self.differentiable = any(self.ruled)
        known = {*inputs, *self.parameters, "out", "shape", "need"}
        if unknown := [what for wants in self.asked for what in wants if what not in known]:
            raise TypeError(f"op {name}: a rule asks for {unknown[0]!r}; it may ask for {', '.join(sorted(known))}")
        self.torch_name = self.torch or "".join(word.capitalize() for word in name.split("_"))
        if self.variadic:
            self.call = lambda *inputs, **params: self.general(inputs, params)
            self.pull = lambda node, g: self.pull_general(node, g, False)
        else:
            self.call = forms.outlined(self)

    text = cached_property(forms.text)
    renames = property(lambda self: "dim" in self.parameters or self.spread)
    meets = property(lambda self: self.broadcasts and len(self.promotes) > 1)  # entries with entries
    writes_out = property(lambda self: not self.view and any(p in self.places for p in ("torch", "linalg", "special")))

    def pull(self, node, g):
        """The rules applied to a Node: this is its outline, in whose place the first call puts the compiled one."""
        forms.write_out(self)
        return self.pull(node, g)

    # ---------------------------------------------------------------- forward

    def apply(self, inputs, params):
        """Compute forward; if an input wants a gradient, leave a Node that remembers what the rules will ask for.

        This is the plain statement, which also serves watchers; `forms.py` has the same unrolled for speed."""
        arrays = [x if x is None else x.array for x in inputs]
        try:
            array = np.asarray(thread.quietly(self.forward, *arrays, **params))
        except (TypeError, ValueError) as error:
            raise operands.reworded(self, error, arrays) from None
        array = ordered(array, arrays) if self.meets and array.ndim > 1 else array
        for watcher in thread.watchers:
            array = watcher.forward(self, arrays, params, array)
        out = made(array, None)
        if self.differentiable and thread.grad:
            ruled = self.ruled * len(inputs) if self.variadic else self.ruled
            edges = tuple(x.node if has and x is not None else None for has, x in zip(ruled, inputs))
            if any(edge is not None for edge in edges):
                if array.dtype.kind != "f":
                    raise operands.no_gradient(self, array)
                kept = tuple(params.get(p, self.parameters[p].default) for p in self.kept_params)
                out.node = Node(self, edges, self.save(edges, inputs, array), kept, array)
                for watcher in thread.watchers:
                    watcher.born(out.node)
        return view_of(inputs[0], out, self, params) if self.view else out

    def save(self, edges, inputs, array):
        """What the rules of those inputs that want a gradient will ask for, in the order of `slots`."""
        if self.joint:
            wanted = set(self.asked[0])
        else:
            wanted = {slot for edge, wants in zip(edges, self.asked) if edge is not None for slot in wants}
        have = dict(zip(self.inputs, inputs), out=array)
        slots = self.slots if wanted.intersection(self.slots) else ()  # (what keeps nothing can be walked twice)
        return tuple(have[slot] if slot in wanted else None for slot in slots)

    def general(self, inputs, params):
        """Any inputs that torch takes: numbers become tensors, and tensors of several dtypes become one dtype."""
        if len(inputs) == 2 and thread.run is not None and self.promotes == self.inputs:
            x, y = inputs  # the common case first: a number beside a float tensor becomes one of its dtype
            if type(y) in (float, int) and isinstance(x, Tensor) and x.array.dtype in FAST:
                return self.call(x, constant(y, x.array.dtype), **params)
            if type(x) in (float, int) and isinstance(y, Tensor) and y.array.dtype in FAST:
                return self.call(constant(x, y.array.dtype), y, **params)
        inputs, meet = operands.ready(self, inputs)
        fast = thread.run is not None and meet is not None and meet in FAST and not self.variadic
        return self.call(*inputs, **params) if fast else self.apply(inputs, params)

    def renamed(self, inputs, params, named):
        """NumPy's `axis=` and `keepdims=`, which torch takes too, for `dim=` and `keepdim=`."""
        for numpys, value in named.items():
            ours = {"axis": "dim", "keepdims": "keepdim"}.get(numpys)
            if ours not in self.parameters:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{numpys}'")
            params[ours] = value
        return self.call(*inputs, **params)

    # ---------------------------------------------------------------- backward

    def pull_general(self, node, g, taped):
        """Each input's gradient: its rule, handed what its parameters name; if `taped`, as Tensors with a history."""
        values = dict(zip(self.kept_params, node.params), need=tuple(edge is not None for edge in node.edges))
        for slot, x in zip(self.slots, node.saved):
            if x is None or not taped:
                values[slot] = x.array if isinstance(x, Tensor) else x
            else:
                at = node if slot == "out" else node.edges[self.inputs.index(slot)]
                values[slot] = made(x if slot == "out" else x.array, at)
        if taped and self.once:
            raise RuntimeError(f"{self.name} can be differentiated once only: its rule is not made of ops")
        if self.joint:
            return self.rules[0](g, *(values[name] for name in self.asked[0]))
        parts = []
        for edge, rule, wants in zip(node.edges, self.rules, self.asked):
            if edge is not None:
                values["shape"] = edge.shape
            parts.append(None if edge is None else rule(g, *(values[name] for name in wants)))
        return parts

    def check_unwritten(self, node):
        """Raise torch's error if a value that a rule of `node` needs was overwritten after it was saved."""
        for slot, x in zip(self.slots, node.saved):
            written = x is not None and (graph.written.get(node, 0) if slot == "out" else x.written_at)
            if written and written > node.birth and not self.idle(slot, node):
                raise operands.saved_overwritten(self, node, slot, x)

    def idle(self, slot, node):
        """Whether a saved input serves one rule, among others, whose result no leaf keeps: torch does not even save it."""
        served = [edge for edge, wants in zip(node.edges, self.asked) if slot in wants]
        one = slot != "out" and len(served) == 1 and sum(self.ruled) > 1 and not self.joint
        return one and not getattr(served[0], "live", True)

    def freed(self, node):
        """torch's error for a walk that finds what `node` saved gone."""
        return operands.saved_freed(self, node)

    # ---------------------------------------------------------------- what people read

    @cached_property
    def formulas(self):
        """The rules as they are written: the code is the formula."""
        names = ["d"] if self.joint else [f"d{x}" for x in self.inputs]
        return {name: source(rule) for name, rule in zip(names, self.rules) if rule is not None}

    def described(self, said):
        """What `help` shows: what the op computes, its rules, what is taken where there is no slope, and torch's page."""
        rules = "\n".join(f"    {key} = {formula}" for key, formula in self.formulas.items())
        home = next((prefix for place, prefix in HOMES.items() if place in self.places.split()), None)
        page = (
            home and "https" not in said and f"https://docs.pytorch.org/docs/stable/generated/{home}.{self.name}.html"
        )
        return "\n\n".join(
            part for part in (said.rstrip(), rules, self.kinks and f"Corners: {self.kinks}.", page) if part
        )

    def __reduce__(self):
        return Op.declared, (self.name,)

    @staticmethod
    def declared(name):
        return registry[name]

    def __repr__(self):
        return f"<op {self.name}>"


def op(forward=None, *, name=None, operator=None, numpy=None, inputs=None, module=None, **facts):
    """Declare an op: `op(forward, dx=rule, dy=rule)`, or `@op(dx=rule)` above a forward function.

    `dNAME=`       the rule for input NAME (None: no gradient goes there); the rules' order is the inputs' order
    `d=`           one joint rule for all `inputs=`, which returns a gradient for each (and may ask which `need` one)
    `operator=`    Python's operator: "mul" for `*` on both sides
    `numpy=`       the NumPy function that means the same (a ufunc means itself)
    `places=`      where torch has it, of "torch", "Tensor" (as a method), "nn.functional", "linalg" and "special"; nowhere,
                   if it is ours alone; `also=` its other names there ("arccos"), or elsewhere ("special.expit")
    `inplace=`     whether the method has an in-place form too, `mul_`: yes for a ufunc, no for a function, unless said
    `cases=`       what tests and docs call it with, where it is not elementwise: shapes of inputs, and parameters
    `sample=`      draws the arrays for these (by input's name, if not all alike), where normal numbers will not do
    `torch=`       torch's name for the node, if it is not ours in capitals; or a function that tells it from the node
    `broadcasts=`  inputs stretch to each other's shapes; `promotes=` the inputs that meet in one dtype;
                   `floats=` integers become floats first (a ufunc says all three itself); `takes=` the kinds of
                   dtype that they may then have: of b (bool), i (integer), u (unsigned) and f (float); `numbers=` those
                   of them that may be Python numbers: all, unless said
    `view=`        the output shares the input's memory; `variadic=` it takes a list; `spread=` its last parameter may
                   come as several arguments; `once=` it can be differentiated only once
    `needs=`       the package it cannot do without; a test of it where that is missing would say nothing
    `exact=`       its bits are torch's, for all numbers; `kinks=` where it has no slope, and what we take there
    """
    module = module or sys._getframe(1).f_globals.get("__name__")  # where functions are found again by pickle
    if forward is None:
        options = dict(name=name, operator=operator, numpy=numpy, inputs=inputs, module=module)
        return lambda f: op(f, **options, **facts)
    name = name or forward.__name__
    rules = [rule for key, rule in facts.items() if key[0] == "d"]
    facts["joint"] = inputs is not None and "d" in facts
    inputs = inputs or tuple(key[1:] for key in facts if key[0] == "d")
    facts = {key: fact for key, fact in facts.items() if key[0] != "d"}
    if unknown := [key for key in facts if not hasattr(Op, key)]:
        raise TypeError(f"op {name}: there is no option {unknown[0]!r}; help(op) lists them")
    if isinstance(forward, np.ufunc):
        whole = (np.dtype(np.int64),) * forward.nin
        floats = forward.resolve_dtypes((*whole, None))[-1].kind == "f"  # whether it makes floats of integers
        facts = dict(broadcasts=forward.nin > 1, promotes=inputs, floats=floats, inplace=True) | facts
        numpy = numpy or forward
    for key, rule in zip(("d",) if facts["joint"] else (f"d{x}" for x in inputs), rules):
        if rule is not None:
            # so that a traceback or a profile says "dx of mul", not "<lambda>"
            rule.__code__ = rule.__code__.replace(co_name=f"{key} of {name}", co_qualname=f"{key} of {name}")
    self = registry[name] = Op(name, forward, inputs, rules, operator=operator, **facts)
    call = self.call
    call.op, call.__module__ = self, module
    said = None if isinstance(forward, np.ufunc) else forward.__doc__
    call.__doc__ = self.described(said or f"{name}({', '.join(inputs)}), entry by entry.")
    publish(call, name, self.places, self.also)
    if operator:
        publish_operator(call, operator)
    if numpy is not None:
        Tensor.numpy_functions[numpy] = call if self.numbers is None else lambda *given: self.general(given, {})
    return call
