"""Sees each call that a script makes of our API, through Python's profiler: what it was given, and what it gave.

Ours is Python all through, so nothing has to be put in any function's place. A call counts where the caller is the script,
or a part of ours that stands where torch's own Python stands (nn's modules, optimizers, the DataLoader): there each engine calls
its API as a script would."""

import dis
import sys
import types
from collections import defaultdict

import tinygrad_edu
from tinygrad_edu.nn import functional, init

from .calls import SHOWN

PLACES = {
    "torch": tinygrad_edu,
    "torch.Tensor": tinygrad_edu.Tensor,
    "torch.nn.functional": functional,
    "torch.linalg": tinygrad_edu.linalg,
    "torch.special": tinygrad_edu.special,
    "torch.nn.init": init,
    "torch.autograd": tinygrad_edu.autograd,
    "torch.autograd.functional": tinygrad_edu.autograd.functional,
}
APART = {
    "torch.linalg": "linalg.",
    "torch.nn.init": "init.",
    "torch.autograd": "autograd.",
    "torch.autograd.functional": "autograd.functional.",
}  # norm is not linalg.norm
OPERATORS = {
    "truediv": "div",
    "itruediv": "div_",
    "idiv": "div_",
    "rtruediv": "rdiv",
    "floordiv": "floor_divide",
    "or": "bitwise_or",
}
OPERATORS |= {"and": "bitwise_and", "xor": "bitwise_xor", "invert": "bitwise_not", "mod": "remainder"}
OPERATORS |= {f"i{name}": f"{name}_" for name in ("add", "sub", "mul", "pow")} | {"radd": "add", "rmul": "mul"}


class Names:
    """Which function a frame is of; and which of torch's names mean the same: x + y, torch.add, Tensor.add are `add`."""

    def __init__(self):
        self.group = {}
        self.functions = defaultdict(list)  # id of a code -> [(the names of its free variables, their ids, name)]
        self.codes = []  # held, so that no other gets an id of theirs
        self.declared = []  # the names by which functions call themselves
        self.forms = {}  # file of an op's written-out forms -> (its own name for the one that people call, ours)
        for place, namespace in PLACES.items():
            for attribute in dir(namespace):
                self.learn(place, attribute, namespace.__dict__.get(attribute) or getattr(namespace, attribute, None))
        declared = {self.group[name]: name for name in reversed(self.declared) if name in self.group}
        self.group = {name: declared.get(group, group) for name, group in self.group.items()}

    def learn(self, place, attribute, thing):
        function = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
        if isinstance(thing, property) and attribute not in SHOWN:
            return
        if isinstance(thing, type) or not isinstance(function, types.FunctionType) or hidden(attribute):
            return
        if place == "torch.nn.init" and function.__module__ != init.__name__:
            return  # what it has imported
        name = plain(place, attribute)
        self.declared.append(plain(place, function.op.name if hasattr(function, "op") else function.__name__))
        if hasattr(function, "op"):
            self.forms.setdefault(f"<the forms of {function.op.name}>", (function.op.name, name))
        code, cells = function.__code__, [cell.cell_contents for cell in function.__closure__ or ()]
        if id(code) not in self.functions:
            self.codes.append(code)
        key = code.co_freevars, tuple(map(id, cells))
        for freevars, ids, other in self.functions[id(code)]:
            if (freevars, ids) == key:
                return self.join(name, other)
        self.functions[id(code)].append((*key, name))
        self.group.setdefault(name, name)

    def join(self, name, other):
        """Two names of one function: whatever is either is both."""
        mine, others = self.group.get(name, name), self.group.get(other, other)
        for known in (*[n for n, g in self.group.items() if g == mine], name):
            self.group[known] = others

    def of_frame(self, frame):
        """The name of the function that the frame runs, None if it is none of our API's."""
        found = self.functions.get(id(frame.f_code))
        if found is None:
            called, name = self.forms.get(frame.f_code.co_filename, (None, None))
            return self.group[name] if called == frame.f_code.co_name else None
        if len(found) == 1:
            return self.group[found[0][2]]
        variables = frame.f_locals
        for freevars, ids, name in found:
            if all(id(variables.get(v)) == i for v, i in zip(freevars, ids)):
                return self.group[name]
        return None

    def knows(self, name):
        """Whether we have what torch calls so."""
        return not name.startswith("torch.") or self.of_torch(name) in self.group

    def of_torch(self, name):
        """Our name for what torch calls torch.Tensor.add or torch.nn.functional.linear."""
        if not name.startswith("torch."):
            return name  # the script's own Function
        parts = name.removesuffix(".__get__").rpartition(".")
        known = plain(parts[0], parts[2])
        return self.group.get(known, known)


def hidden(attribute):
    """Whether an attribute is no function of tensors, but how Python or our own code goes about them."""
    return attribute.startswith("_") and (not attribute.startswith("__") or attribute in DUNDERS)


DUNDERS = set(dir(object)) | {
    "__len__",
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "__iter__",
    "__array__",
    "__array_ufunc__",
}
DUNDERS |= {
    "__array_function__",
    "__getattr__",
    "__deepcopy__",
    "__contains__",
    "__format__",
    "__setstate__",
    "__dlpack__",
}


def plain(place, attribute):
    """One name for all forms: Tensor.__add__ is add."""
    bare = attribute.strip("_") if attribute.startswith("__") else attribute
    if attribute.startswith("__"):
        bare = OPERATORS.get(bare, bare)
    return APART.get(place, "") + bare


RAISED = object()  # what a call gives that ends with an exception
RETURNS = {dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in dis.opmap}
APART_FROM_TORCH = (
    "/nn/utils/",
    "/optim/",
    "/utils/data/",
)  # of ours, where torch's own Python may call other functions


class Tracer:
    """Hands each call to the view's `begin(name, where, given, direct)`, and what came of it, with what that gave, to its `end`."""

    view = None

    def __init__(self, line):
        self.names, self.line = Names(), line
        self.frame = self.token = None
        self.ours = tinygrad_edu.__path__[0]
        self.apply = tinygrad_edu.autograd.Function.__dict__["apply"].__func__.__code__
        self.clip = tinygrad_edu.nn.utils.clip_grad_norm_.__code__
        self.applied = []  # the Functions that are being applied: calls within which calls count

    def __enter__(self):
        sys.setprofile(self.profile)

    def __exit__(self, *_):
        sys.setprofile(None)

    def profile(self, frame, event, result):
        if self.frame is None:
            if event == "call":
                if frame.f_code is self.apply:
                    name = f"{frame.f_locals['cls'].__name__}.apply"
                    self.applied.append((frame, (name, self.line(frame), given(frame)[1:])))
                elif frame.f_code is self.clip:
                    self.view.clip = frame.f_locals | {"where": self.line(frame)}
                elif (name := self.names.of_frame(frame)) is not None:
                    self.frame = frame
                    caller = frame.f_back.f_code.co_filename if frame.f_back else ""
                    direct = not (caller.startswith(self.ours) and any(part in caller for part in APART_FROM_TORCH))
                    self.token = self.view.begin(name, self.line(frame), given(frame), direct)
            elif event == "return" and self.applied and frame is self.applied[-1][0]:
                _, call = self.applied.pop()  # told when it is over, after the calls that forward made
                self.view.end(self.view.begin(*call), outcome(frame, result))
        elif event == "return" and frame is self.frame:
            token, self.frame, self.token = self.token, None, None
            self.view.end(token, outcome(frame, result))


def outcome(frame, result):
    """What the call gave. Python's profiler hears of None, too, where there was an exception: then no `return` was reached."""
    return RAISED if result is None and frame.f_code.co_code[frame.f_lasti] not in RETURNS else result


def given(frame):
    """What a function was called with, in the order of its parameters; what came by name at last, as a dict."""
    code, variables = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    found = [variables[name] for name in code.co_varnames[:count]]
    rest = [
        variables[name] for name in code.co_varnames[count : count + bool(code.co_flags & 4) + bool(code.co_flags & 8)]
    ]
    if code.co_flags & 4:
        found.extend(rest.pop(0))
    return found + rest
