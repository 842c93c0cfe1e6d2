"""What is asked of a module: that it begins, computes, learns, is saved, copied and shown as torch's is."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import torch

from ..ops.compare import Result
from ..ops.found import NOTHING, Outcome
from ..ops.samples import Ours, Theirs, array, copied_for, flat, tensors
from ..ops.stages import complained, gradient_of, largest
from .names import theirs
from .samples import module


def held(module):
    """{name: tensor} of all parameters and buffers."""
    return dict([*module.named_parameters(), *module.named_buffers()])


def run(engine, module, sample, seed):
    """(the arguments, the output) of a call."""
    given = copied_for(engine, sample.called.args, sample.called.kwargs)
    engine.lib.manual_seed(seed)
    return given, module(*given.args, **given.kwargs)


# ------------------------------------------------------------------ before it is called


def initial(engine, cls, sample, seed):
    """Parameters and buffers as they begin, to the bit, and what is drawn next; which are learned, and which saved."""
    made = module(engine, cls, sample, seed)
    found = held(made)
    told = [f"{name}: {flat(t)[0]}{' learned' * t.requires_grad}" for name, t in found.items()]
    arrays = [array(t) for t in (*found.values(), engine.lib.rand(1))]
    return Result(f"{told}, saved {list(made.state_dict())}", arrays, exact=True)


PLAIN = (bool, int, float, str, type(None))


def text(engine, cls, sample, seed):
    """Its repr, and its attributes that are numbers, words, or tuples of them."""
    made = module(engine, cls, sample, seed)
    plain = lambda v: all(map(plain, v)) if type(v) in (tuple, list) else type(v) in PLAIN
    own = {name for kind in (made._parameters, made._buffers, made._modules) for name in kind}
    public = [(name, v) for name, v in vars(made).items() if name[0] != "_" and name not in own and plain(v)]
    return Result(f"{made!r} with {sorted(public)}")


# ------------------------------------------------------------------ called


def forward(engine, cls, sample, seed):
    built, leaves = flat(run(engine, module(engine, cls, sample, seed), sample, seed)[1])
    return Result(built, [array(leaf) for leaf in leaves])


def gradient(engine, cls, sample, seed):
    """The gradient by every input that has one, and by every parameter."""
    made = module(engine, cls, sample, seed)
    given, out = run(engine, made, sample, seed)
    return gradient_of(engine, tensors(out), [*given.leaves, *made.parameters()], seed)


def buffers(engine, cls, sample, seed):
    """What a call leaves in the buffers: means of its inputs, most often, which may be much smaller than these."""
    made = module(engine, cls, sample, seed)
    given, _ = run(engine, made, sample, seed)
    found, arrays = list(dict(made.named_buffers())), [array(t) for t in made.buffers()]
    return Result(f"{found}", arrays, summed=largest(given.leaves), nothing="" if found else "no buffers")


# ------------------------------------------------------------------ saved and copied


def state(engine, cls, sample, seed):
    """The state of one of torch's modules; for us, after a way through one of ours and another of torch's."""
    origin = module(Theirs, theirs(sample.name), sample, seed)
    found = origin.state_dict()
    if engine is Ours:
        mine, again = module(Ours, cls, sample, seed + 1), module(Theirs, type(origin), sample, seed + 2)
        keys = [mine.load_state_dict(found)]
        sent = OrderedDict((name, torch.from_numpy(np.array(t.array))) for name, t in mine.state_dict().items())
        sent._metadata = getattr(mine.state_dict(), "_metadata", {})
        keys.append(again.load_state_dict(sent))
        if any(map(any, keys)):
            raise AssertionError(f"keys are missing or unexpected: {keys}")
        found = again.state_dict()
    return Result(f"{list(found)}", list(map(array, found.values())), nothing="" if found else "no state", exact=True)


def copies(engine, cls, sample, seed):
    """What a deep copy and a pickled copy compute: to the bit what the module itself does."""
    made = module(engine, cls, sample, seed)
    results = []
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made):
        built, leaves = flat(run(engine, twin, sample, seed)[1])
        results.append((built, list(map(array, leaves))))
    for built, arrays in results:
        if built != results[-1][0] or any(a.tobytes() != b.tobytes() for a, b in zip(arrays, results[-1][1])):
            raise AssertionError("a copy of the module computes something else")
    return Result(*results[0])


# ------------------------------------------------------------------ refused


def complaint(mine, sample, kind):
    """Where torch raises an exception, in making a module or in calling it, ours must raise one of its type."""

    def whole(engine, cls):
        return run(engine, module(engine, cls, sample, 0), sample, 0)

    try:
        whole(Theirs, theirs(sample.name))
        return Outcome(NOTHING, "torch takes it")
    except Exception as error:
        expected = error
    return complained(lambda: whole(Ours, mine), expected, kind)
