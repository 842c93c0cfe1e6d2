"""What is asked of an operator: its value, its first and second derivative, its other forms, and what it refuses."""

import traceback
from pathlib import Path

import numpy as np
import torch

import tinygrad_edu as tg
from tinygrad_edu.testing.judge import ALGEBRA

from . import Beyond, Missing
from .compare import LOOSER, Result, difference, worst_ulp
from .found import ACCEPTS, MISSING, NOTHING, PASS, RAISES, REFUSED, WRONG, Outcome
from .names import method, reach
from .samples import Ours, Theirs, Wide, arguments, array, flat, tensors

UNSET = ("empty", "empty_like", "new_empty")  # their numbers are nobody's
NO_SLOPE = "no derivative"
PLACES = ("sort", "argsort", "topk", "kthvalue", "mode")  # of equal numbers, torch may name any one's place


# ------------------------------------------------------------------ what one engine makes of a sample


def forward(engine, f, sample, seed):
    """(the arguments, what f makes of them)"""
    engine.lib.manual_seed(seed)
    given = arguments(sample, engine)
    return given, f(*given.args, **given.kwargs)


def value(engine, f, sample, seed):
    built, leaves = flat(forward(engine, f, sample, seed)[1])
    return Result(built, [array(leaf) for leaf in leaves])


def unset(engine, f, sample, seed):
    """Only how the value is built."""
    return Result(value(engine, f, sample, seed).built)


def without_places(engine, f, sample, seed):
    """The value, but for the indices, which come last."""
    whole = value(engine, f, sample, seed)
    return Result(whole.built, whole.arrays[:-1])


def of_value(op, dtype):
    """What is asked of an operator's value. Among integers many are equal; floats tell whether the places are right."""
    if op.name in PLACES and not dtype.is_floating_point:
        return without_places
    return unset if op.name in UNSET else value


def gradient(engine, f, sample, seed):
    """The gradient of Σ ⟨output, direction⟩, and which outputs have one."""
    outs, leaves = outputs_and_leaves(engine, f, sample, seed)
    return gradient_of(engine, outs, leaves, seed)


def gradient_of(engine, outs, leaves, seed):
    """The gradient of Σ ⟨output, direction⟩ by the leaves, and which outputs have one."""
    along, grads = pulled(engine, outs, leaves, seed)
    built = f"tuple({', '.join('a tensor' if t.requires_grad else 'a tensor without grad' for t in outs)})"
    return Result(built, [array(g) for g in grads], largest(along), nothing="" if grads else NO_SLOPE)


def second(engine, f, sample, seed):
    """The gradient of Σ ⟨gradient, direction⟩."""
    outs, leaves = outputs_and_leaves(engine, f, sample, seed)
    outer, grads = pulled(engine, outs, leaves, seed, create_graph=True)
    along = directions(engine, leaves, seed + 1)
    live = [(g, d) for g, d in zip(grads, along) if g is not None and g.requires_grad]
    again = [None] * len(leaves)
    if live:
        firsts, along = zip(*live)
        again = engine.lib.autograd.grad(firsts, leaves, along, allow_unused=True)
    arrays = [np.zeros_like(array(x)) if g is None else array(g) for g, x in zip(again, leaves)]
    return Result(arrays=arrays, scale=largest([*outer, *grads]), nothing="" if grads else NO_SLOPE)


def outputs_and_leaves(engine, f, sample, seed):
    """The tensors that torch's tests differentiate, and those by which."""
    given, out = forward(engine, f, sample, seed)
    return tensors(engine.namesake(sample.output_process_fn_grad)(out)), given.leaves


def pulled(engine, outs, leaves, seed, create_graph=False):
    """(directions, gradients); none of either if no output or no leaf wants one."""
    wanted = [t for t in outs if t.requires_grad]
    if not (wanted and leaves):
        return [], []
    along = directions(engine, wanted, seed)
    return along, engine.lib.autograd.grad(wanted, leaves, along, create_graph=create_graph, allow_unused=True)


def largest(parts):
    """The largest finite magnitude in these tensors."""
    arrays = [array(t) for t in parts if t is not None]
    return max((float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in arrays), default=0.0)


def directions(engine, like, seed):
    """For each tensor a random one of its shape and dtype; the same numbers, which float32 can hold, for all engines."""
    rng = np.random.default_rng(seed)
    numbers = [rng.standard_normal(tuple(t.shape), np.float32).astype(array(t).dtype) for t in like]
    return [engine.lib.from_numpy(a) for a in numbers]


def value_and_gradient(engine, f, sample, seed):
    v, g = value(engine, f, sample, seed), gradient(engine, f, sample, seed)
    return Result(f"{v.built}, {g.built}", v.arrays + g.arrays, g.scale)


# ------------------------------------------------------------------ both engines, compared


def compared(compute, mine, theirs, sample, seed, key):
    """What comes of `compute` for our function and for torch's. Where torch raises, nothing is asked of us."""
    ask = lambda engine, f: compute(engine, f, sample, seed)
    try:
        reference = ask(Theirs, theirs)
    except Exception as error:
        return Outcome(NOTHING, f"torch raises {named(error)}")
    try:
        result = ask(Ours, mine)
    except Exception as error:
        if compute is second and isinstance(error, RuntimeError) and "differentiated once only" in str(error):
            return Outcome(REFUSED, str(error))
        return raised(error)
    algebra, _ = LOOSER.get((key, compute.__name__), (ALGEBRA, None))
    if found := difference(result, reference, lambda: ask(Ours, mine), lambda: ask(Wide, theirs), algebra):
        return Outcome(WRONG, found)
    if reference.nothing:
        return Outcome(NOTHING, reference.nothing)
    return Outcome(PASS, ulp=worst_ulp(result, reference))


def raised(error):
    """What an exception of ours means, where torch has numbers."""
    if isinstance(error, Beyond):
        return Outcome(NOTHING, f"beyond us: {error}")
    where = last_own_line(error)
    absent = isinstance(error, Missing) or (isinstance(error, AttributeError) and where is None)
    return Outcome(MISSING if absent else RAISES, f"ours raises {named(error)}", where)


def named(error):
    """An exception's type, and the first line of what it says."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def last_own_line(error):
    """The last of our own lines that an exception came through; None if there is none, as where a name is not found."""
    package = Path(tg.__file__).parent
    frames = [(Path(frame.filename), frame) for frame in traceback.extract_tb(error.__traceback__)]
    own = [(path, frame) for path, frame in frames if package in path.parents and frame.name != "__getattr__"]
    if not own:
        return None
    path, frame = own[-1]
    return f"{path.relative_to(package.parent)}:{frame.lineno}: {frame.line}"


def complaint(mine, theirs, case):
    """Where torch raises an exception, ours must raise one of its type, or of the type that torch's tests ask for."""
    try:
        forward(Theirs, theirs, case.sample_input, 0)
        return Outcome(NOTHING, "torch takes it")
    except Exception as error:
        expected = error
    if theirs.__name__.startswith("__r") and not isinstance(case.sample_input.input, torch.Tensor):
        return Outcome(NOTHING, "Python calls a reflected operator with its tensor first")
    try:
        given = arguments(case.sample_input, Ours)
    except (Beyond, Missing) as error:
        return Outcome(NOTHING, f"beyond us: {error}")
    return complained(lambda: mine(*given.args, **given.kwargs), expected, case.error_type)


def complained(call, expected, kind):
    """Whether a call of ours raises an exception of the expected one's type, or of this kind."""
    try:
        call()
    except Beyond as error:
        return Outcome(NOTHING, f"beyond us: {error}")
    except Exception as error:
        if isinstance(error, (kind, type(expected))):
            return Outcome(PASS)
        return Outcome(RAISES, f"ours raises {named(error)}, torch {named(expected)}", last_own_line(error))
    return Outcome(ACCEPTS, f"ours takes it, torch raises {named(expected)}")


# ------------------------------------------------------------------ other forms


def forms(op, sample):
    """(stage, our form, torch's) of the method and the in-place form, where torch has them."""
    if not isinstance(sample.input, torch.Tensor):
        return
    if op.method_variant is not None:
        yield "method", found_or_missing(method, op.method_variant), op.method_variant
    if op.inplace_variant is not None and not sample.broadcasts_input:
        yield "in-place", on_a_copy(found_or_missing(method, op.inplace_variant)), on_a_copy(op.inplace_variant)


def other_names(op):
    """(name, our function or method, torch's) of each alias."""
    for alias in op.aliases:
        yield alias.name, found_or_missing(reach, tg, alias.name), alias.op
        if alias.method_variant is not None:
            yield f"Tensor.{alias.name}", found_or_missing(reach, tg.Tensor, alias.name), alias.method_variant


def found_or_missing(find, *what):
    """What `find` finds; a function that raises the exception, if there is no such thing."""
    try:
        return find(*what)
    except Missing as error:
        missing = error

    def absent(*args, **kwargs):
        raise missing

    return absent


def on_a_copy(f):
    """The in-place form f, applied to a copy of its input: to a tensor that was computed."""

    def written(x, *args, **kwargs):
        x = x.clone()
        if f(x, *args, **kwargs) is not x:
            raise AssertionError("the in-place form returned another tensor than the one it was to write to")
        return x

    return written
