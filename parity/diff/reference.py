"""The reference's side: a script runs with torch, and every call that gives a tensor is told, in order, as it happens.

What is told are tuples that begin with what they are:

    ("call", Call)                                      a function gave tensors
    ("backward", where, loss, taped)                    a walk begins; `loss` is its root's number, if it is one
    ("gradient", number, i, array)                      ... what arrived at the i-th result of that call
    ("rule", facts)                                     ... a Function's backward is not the derivative of its forward
    ("walked", error, {serial: grad}, [(serial, grad)]) ... and it is over: what the leaves' .grad is; what grad() gave
    ("before", where, groups, params, grads)            an optimizer steps
    ("after", params, states)                           ... and has stepped
    ("end", error, version)                             the script is over
"""

import os
import pickle
import sys
from contextlib import contextmanager, suppress

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils.weak import WeakIdKeyDictionary

from .calls import SHOWN, Call, Value, tensors, told, written
from .custom import wrong_rules
from .optimizers import arrays, gradients, groups, heard, parameters, states
from .script import Line, raised, run

NORMS = ("torch.nn.functional.batch_norm", "torch.nn.functional.instance_norm")
# The functions that walk, and where among their arguments create_graph is.
WALKS = {"torch.Tensor.backward": 3, "torch.autograd.backward": 3, "torch.autograd.grad": 4}


class Recorder(TorchFunctionMode):
    """Sees each call of torch's API go by, but not those that torch makes itself in answer to it."""

    def __init__(self, tell, local, trusted):
        super().__init__()
        self.tell, self.local, self.trusted = tell, local, trusted
        self.line = Line(os.path.dirname(torch.__file__) + os.sep)
        self.on, self.process, self.walking = True, os.getpid(), False
        self.numbers = self.last = 0  # the last call's, the last tensor's
        self.serials, self.leaves = WeakIdKeyDictionary(), WeakIdKeyDictionary()
        self.applied = []  # Functions, whose rules are judged after the next walk
        self.silent = set()  # functions that give no tensors

    @property
    def listens(self):
        return self.on and os.getpid() == self.process  # a DataLoader's workers are no part of it

    @contextmanager
    def deaf(self):
        before, self.on = self.on, False
        try:
            yield
        finally:
            self.on = before

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if not self.listens:
            return func(*args, **kwargs)
        name = "torch.autograd.grad" if func is torch.autograd.grad else resolve_name(func) or f"torch.{func.__name__}"
        if name in WALKS:
            if its_own(sys._getframe(1)):
                return func(*args, **kwargs)
            return self.walk(name, func, args, kwargs)
        attribute = name.endswith(".__get__") and name.split(".")[-2] not in SHOWN
        unheard = attribute or name in self.silent or name.endswith((".__set__", ".requires_grad_", ".detach_"))
        if unheard or not self.local:
            return func(*args, **kwargs)
        call = self.begun(name, args, kwargs)
        given = tensors([args, kwargs])
        versions = [version(x) for x in given]
        result = func(*args, **kwargs)
        touched = [k for k, (x, before) in enumerate(zip(given, versions)) if version(x) != before]
        if name in NORMS:  # which write to their running statistics past the counter
            touched = [
                k for k in (1, 2) if len(given) > k and (given[k].detach().numpy() != call.given[k][1].array).any()
            ]
        self.ended(call, result, args, [] if written(name) else [(k, given[k]) for k in touched])
        return result

    # ---------------------------------------------------------------- calls

    def begun(self, name, args, kwargs):
        with self.deaf():
            self.numbers += 1
            args, kwargs = (told(tree, torch, self.value) for tree in (args, kwargs))
            return Call(self.numbers, name, self.line(sys._getframe(1)), args, kwargs)

    def ended(self, call, result, args, touched=()):
        """The call has given its result: tell, if tensors are in it, and listen for their gradients."""
        with self.deaf():
            found = tensors(result)
            if written(call.name) and args:
                found = tensors(args[0])  # (x[i] = y gives nothing)
                self.serials.update({x: self.new() for x in found})
            if not found:
                self.silent.add(call.name)
                return
            self.serials.update({x: self.new() for _, x in touched})
            call.touched, found = [k for k, _ in touched], found + [x for _, x in touched]
            given = {v.serial for _, v in call.given}
            call.results = [self.value(x) for x in found]
            for i, x in enumerate(found):
                if history(x) is not None and x.requires_grad and call.results[i].serial not in given:
                    x.register_hook(self.arrival(call.number, i))
            self.tell("call", call)

    def arrival(self, number, i):
        def hook(g):
            if self.walking and g is not None:
                self.tell("gradient", number, i, g.detach().numpy())

        return hook

    def new(self):
        self.last += 1
        return self.last

    def value(self, x):
        if x.layout is not torch.strided or x.dtype in (torch.bfloat16, torch.complex64, torch.complex128):
            x = torch.zeros(0)
        if x not in self.serials:
            self.serials[x] = self.new()
        if leaf := x.requires_grad and is_leaf(x):
            self.leaves[x] = True
        return Value(x.detach().clone().numpy(), self.serials[x], x.requires_grad, leaf)

    # ---------------------------------------------------------------- walks

    def walk(self, name, func, args, kwargs):
        with self.deaf():
            roots = tensors(args[:1])
            loss = roots[0].item() if len(roots) == 1 and roots[0].numel() == 1 else None
            taped = bool(kwargs.get("create_graph") or args[WALKS[name] : WALKS[name] + 1] == (True,))
            self.tell("backward", self.line(sys._getframe(1)), loss, taped)
            self.walking, error = self.local, None
            try:
                result = func(*args, **kwargs)
            except Exception as caught:
                error = f"{type(caught).__name__}: {caught}"
                raise
            finally:
                self.walking = False
                if error:
                    self.tell("walked", error, {}, [])
            for facts in wrong_rules(torch, self.applied, self.line):
                self.tell("rule", facts)
            self.applied.clear()
            inputs = tensors(args[1:2] or kwargs.get("inputs")) if name.endswith(".grad") else []
            wanted = [
                (self.serials.get(x), None if g is None else g.detach().numpy()) for x, g in zip(inputs, result or ())
            ]
            grads = {self.serials[x]: x.grad.detach().numpy() for x in self.leaves if x.grad is not None}
            self.tell("walked", None, *((grads, wanted) if self.local else ({}, [])))
        return result

    def apply(self, original):
        """What stands for Function.apply: a call whose rule is in the script."""

        def apply(cls, *args, **kwargs):
            if not (self.listens and self.local):
                return original(cls, *args, **kwargs)
            call = self.begun(f"{cls.__name__}.apply", args, kwargs)
            result = original(cls, *args, **kwargs)
            self.ended(call, result, ())
            if cls.__name__ not in self.trusted and (found := tensors(result)) and found[0].grad_fn is not None:
                seen = self.applied
                gradients = [None] * len(found)
                for i, x in enumerate(found):
                    if x.requires_grad:
                        x.register_hook(lambda g, i=i: gradients.__setitem__(i, None if g is None else g.detach()))
                seen.append((cls, call, gradients))
            return result

        return classmethod(apply)

    # ---------------------------------------------------------------- optimizers

    def before(self, optimizer, args, kwargs):
        """Before a step: what it will read. What it then calls is not the script's, but for its closure."""
        if not self.listens:
            return None
        self.on = False
        self.applied.clear()
        ps = parameters(optimizer)
        self.tell("before", self.line(sys._getframe(1)), groups(optimizer), arrays(ps), gradients(ps))
        return heard(args, kwargs, lambda on: setattr(self, "on", on))

    def after(self, optimizer, args, kwargs):
        if os.getpid() == self.process:
            self.tell("after", arrays(parameters(optimizer)), states(optimizer))
            self.on = True


def history(x):
    """A tensor's grad_fn; None if it has none, or if torch refuses to say: of a view of what was since written to."""
    try:
        return x.grad_fn
    except RuntimeError:
        return None


def version(x):
    """How often a tensor was written to; torch does not count where nothing may be differentiated."""
    return 0 if x.is_inference() else x._version


def is_leaf(x):
    try:
        return x.is_leaf
    except RuntimeError:  # for the same reason
        return False


def its_own(frame):
    """Whether torch.autograd itself asked for this walk: gradcheck, a Jacobian."""
    while frame.f_code.co_filename.endswith(
        ("torch/overrides.py", "torch/_tensor.py", "torch/autograd/__init__.py", __file__)
    ):
        frame = frame.f_back
    return "/torch/autograd/" in frame.f_code.co_filename or "/torch/_functorch/" in frame.f_code.co_filename


def main(descriptor, view, trusted, output, script, *arguments):
    with os.fdopen(int(descriptor), "wb") as pipe:
        pickler = lambda *message: pipe.write(pickle.dumps(message, protocol=5))
        recorder = Recorder(pickler, view == "local", trusted.split(","))
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        torch.autograd.Function.apply = recorder.apply(torch.autograd.Function.__dict__["apply"].__func__)
        backward = torch.autograd.backward
        torch.autograd.backward = lambda *args, **kwargs: (
            recorder.walk("torch.autograd.backward", backward, args, kwargs)
            if recorder.listens and not its_own(sys._getframe(1))
            else backward(*args, **kwargs)
        )
        register_optimizer_step_pre_hook(recorder.before)
        register_optimizer_step_post_hook(recorder.after)
        error = None
        try:
            with recorder:
                run(script, arguments)
        except BaseException as caught:
            error = caught
        with suppress(BrokenPipeError):
            recorder.tell("end", raised(error, recorder.line), str(torch.__version__))
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
