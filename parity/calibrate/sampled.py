"""What may be asked about: a sample of an op, of a module, or a step of a model, in both engines."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

import tinygrad_edu as tg

from ..cases import CASES, Options
from ..modules import names as modules
from ..modules.samples import drawn as drawn_of_module
from ..modules.samples import module
from ..modules.stages import run
from ..ops import Missing, names
from ..ops.compare import filled
from ..ops.samples import Ours, Theirs, Wide, array, described, drawn, tensors
from ..ops.stages import UNSET, outputs_and_leaves, pulled
from ..twin import Twin, copied

# A family is the chapters of the library that belong together; a chapter that is not here is one by itself.
FAMILIES = {
    "entry by entry": ("elementwise", "arithmetic", "special", "piecewise", "steps", "names"),
    "activations": ("functional",),  # those that are declared for torch.nn.functional only
    "reductions": ("reduce", "scan", "extrema", "statistics"),
    "linear algebra": ("linalg", "matrices", "einsum", "linear"),
    "norms and distances": ("norms", "distances"),
    "normalization": ("batchnorm",),
    "recurrent": ("cells",),
    "losses": ("regression",),
    "indexing": ("index", "scattering", "places", "order", "search", "embeddings", "embedding"),
    "shapes and dtypes": ("shape", "shapes", "views", "joining", "pieces", "padding", "dims", "dtype", "conversion"),
    "attention": ("transformer", "transformer_layers"),
    "made from nothing": ("creation", "ranges", "random", "draws", "inplace"),
}


@dataclass
class Sample:
    """Something that both engines compute: each a function that gives arrays by name, the same ones each time.

    `wide` is torch's in float64, where it can be asked. Those that are named "gradient" are derivatives."""

    name: str
    family: str
    words: str
    ours: Callable
    theirs: Callable
    wide: Callable | None = None


def family(chapter):
    return next((name for name, chapters in FAMILIES.items() if chapter in chapters), chapter)


def chapter(thing):
    """The file that a function or class is from, without its suffix."""
    return (thing.__module__ or "").rpartition(".")[2]


# ------------------------------------------------------------------ ops


def of_op(key, most):
    """Samples of an operator, in float32; none if it has no numbers that can be compared."""
    op = names.entry(key)
    if key in names.EXCLUDED or op.name in UNSET or torch.float32 not in op.dtypes:
        return
    f = names.function(op)
    where = family(chapter(namesake(f, op.name)))
    for index, sample in drawn(op, torch.float32, most):
        engines = ((Ours, f), (Theirs, op.op), (Wide, op.op))
        steps = [partial(of_call, engine, f, sample, index) for engine, f in engines]
        yield Sample(key, where, f"#{index} ({described(sample)})", *steps)


def namesake(f, name):
    """Our own function, where torch's tests wrap it."""
    if not f.__module__.startswith("torch."):
        return f
    for place, called in ((tg, name), (tg.Tensor, name), (tg.Tensor, f"{name}_")):
        try:
            return names.reach(place, called)
        except Missing:
            continue
    return f


def of_call(engine, f, sample, seed):
    outs, leaves = outputs_and_leaves(engine, f, sample, seed)
    return numbers(engine, outs, leaves, seed)


def numbers(engine, outs, leaves, seed):
    """The outputs, and the gradients of Σ ⟨output, direction⟩."""
    _, grads = pulled(engine, outs, leaves, seed)
    found = {f"output {i}": array(t) for i, t in enumerate(outs)}
    return found | {f"gradient {i}": filled(array(g), array(x)) for i, (g, x) in enumerate(zip(grads, leaves))}


# ------------------------------------------------------------------ modules


def of_module(key, most):
    """Samples of a module, in float32."""
    mine, theirs = names.reach(tg.nn, key), modules.theirs(key)
    where = family(chapter(mine))
    for index, sample in drawn_of_module(key, torch.float32, most):
        engines = ((Ours, mine), (Theirs, theirs), (Wide, theirs))
        steps = [partial(of_made, engine, module(engine, cls, sample, index), sample, index) for engine, cls in engines]
        yield Sample(key, where, f"#{index} ({sample})", *steps)


def of_made(engine, made, sample, seed):
    """Of a copy of the module, each time, since a call may write to its buffers."""
    again = copy.deepcopy(made)
    given, out = run(engine, again, sample, seed)
    return numbers(engine, tensors(out), [*given.leaves, *again.parameters()], seed)


# ------------------------------------------------------------------ models

MODELS = ("text-mlp", "char-cnn", "lenet", "lstm", "gpt")
EVERY = 8  # steps of a training, of which one is asked about


def of_model(name, most):
    """Some steps of a model's training in torch, in float32: ours from torch's numbers."""
    options = CASES[name].complete(Options(data=name, dtype="float32", steps=most * EVERY))
    ours, reference = (Twin(engine, CASES[name], options) for engine in (tg, torch))
    step = 0
    while batch := reference.next_batch():
        step, before = step + 1, reference.state()
        torch.manual_seed(step)  # for the masks
        theirs = copied(reference.backward(*batch))
        if step % EVERY == 0:
            ours.load(before)
            mine = partial(of_step, ours, before, batch, step)
            yield Sample(name, name, f"step {step}", mine, partial(by_name, theirs))
        reference.update(reference.state())
        reference.case.losses.append(float(theirs["loss", "loss"]))


def of_step(ours, before, batch, seed):
    ours.restore(before)
    tg.manual_seed(seed)
    return by_name(ours.backward(*batch))


def by_name(snapshot):
    """A snapshot as a sample has it: the loss is an output, and how long the gradients were together is one of them."""
    kinds = {"loss": "output", "buffer": "output", "norm": "gradient", "gradient": "gradient"}
    return {f"{kinds[kind]} {name}": a for (kind, name), a in snapshot.items()}
