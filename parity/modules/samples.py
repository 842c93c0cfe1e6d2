"""torch's samples of a module, for either engine: how it is made, and what it is called with."""

import inspect
from dataclasses import dataclass, replace

import torch

from ..ops.names import reach
from ..ops.samples import Theirs, Wide, copied_for, spread
from .names import TABLE, theirs
from .own import SAMPLES, STACKS, Call, Made


@dataclass
class Sample:
    """How a module is made, what it is called with, its dtype, if it is to be converted, and whether it is to train."""

    name: str
    made: Call
    called: Call
    dtype: torch.dtype | None = None
    training: bool = True

    def __str__(self):
        mode = "" if self.training else " in eval mode"
        return f"{Made(self.name, self.made)}{mode} of {self.called}"


def drawn(key, dtype, most=None):
    """[(index, sample)], what torch tests this module with, and what we do, in both modes; at most so many, evenly spread."""
    torch.manual_seed(0)
    modes = [(training, call) for training in (True, False) for call in calls(key, dtype, training)]
    return spread([Sample(key, *call, dtype, training) for training, call in modes], most)


def calls(key, dtype, training):
    """(how it is made, what it is called with) of each sample."""
    if key in STACKS:
        layer, names = STACKS[key]
        for made, called in calls(layer, dtype, training):
            kwargs = {names.get(name, name): value for name, value in called.kwargs.items()}
            yield Call((Made(layer, typed(layer, made, dtype)), 2)), replace(called, kwargs=kwargs)
        return
    if key in TABLE:
        info = TABLE[key]
        for given in info.module_inputs_func(info, "cpu", dtype, True, training):
            made, called = given.constructor_input, given.forward_input
            yield typed(key, Call(made.args, made.kwargs), dtype), Call(called.args, called.kwargs)
    for made, called in SAMPLES[key](dtype) if key in SAMPLES else ():
        yield typed(key, made, dtype), called


def typed(key, made, dtype):
    """A call that makes a float64 module at once, if it can; else it will be converted."""
    makers = [cls.__init__ for cls in theirs(key).__mro__]
    if dtype is torch.float64 and any("dtype" in inspect.signature(maker).parameters for maker in makers):
        return replace(made, kwargs={"dtype": dtype} | made.kwargs)
    return made


# ------------------------------------------------------------------ for an engine


def module(engine, cls, sample, seed):
    """The sample's module, in its dtype and mode. In float64, where torch's float32 is judged, it has the same numbers."""
    maker = Theirs if engine is Wide else engine
    maker.lib.manual_seed(seed)
    made = make(maker, cls, sample.made)
    made = made if sample.dtype is None else made.to(maker.namesake(sample.dtype))
    return (made.double() if engine is Wide else made).train(sample.training)


def make(engine, cls, call):
    """The module that a call of its class makes."""
    args = [made_for(engine, a) for a in call.args]
    return cls(*args, **{name: made_for(engine, value) for name, value in call.kwargs.items()})


def made_for(engine, thing):
    """An argument of a module's class for an engine, of a module's own making too."""
    if isinstance(thing, Made):
        return make(engine, reach(engine.lib, f"nn.{thing.name}"), thing.call)
    return copied_for(engine, (thing,), {}).args[0]
