"""Is a Function's backward the derivative of its forward? Asked in float64, of the numbers that it was called with."""

import inspect
from types import SimpleNamespace

import numpy as np

from .calls import rebuilt, tensors

SAME = 1e-7  # of the gradient's scale: both are computed in float64, each by formulas of its own
STEP = 1e-6  # of finite differences, which are right to about the root of this
SAMPLED = 64  # of an input's entries, at most so many are moved, where forward cannot be differentiated


def wrong_rules(torch, applied, line):
    """For each of (Function, call, gradients of the results), the facts of its worst wrong entry, if any."""
    for cls, call, gradients in applied:
        try:
            with torch.random.fork_rng(devices=()):
                facts = wrong_rule(torch, cls, call, gradients)
        except Exception:  # forward does not take float64, or reads what is gone: nothing can be said
            continue
        if facts:
            yield facts | {"op": f"{cls.__name__}.backward", "number": call.number, "where": defined(cls.backward)}


def wrong_rule(torch, cls, call, gradients):
    """Where `backward` differs both from what the chain rule makes of `forward` and from finite differences."""
    xs, claimed = differentiated(torch, cls.apply, call, gradients)
    truth = by_chain_rule(torch, cls, call, gradients)
    for k, (x, ours) in enumerate(zip(xs, claimed)):
        if not x.requires_grad:
            continue
        ours = np.zeros(x.shape) if ours is None else ours.numpy()
        slope = lambda i, k=k: slopes(torch, cls, call, gradients, k, i)
        theirs = truth[k].numpy() if truth and truth[k] is not None else None
        if theirs is None:
            theirs = sampled(slope, ours)
        if not np.nansum(np.abs(theirs)):
            continue  # nobody writes by mistake a rule for what is flat: this one lets gradients through on purpose
        scale = np.nanmax(np.abs(theirs), initial=np.abs(ours).max(initial=0.0))
        off = np.where(np.isnan(theirs), 0.0, np.abs(ours - theirs))
        if off.max(initial=0.0) <= SAME * scale:
            continue
        worst = np.unravel_index(off.argmax(), off.shape)
        left, right = slope(worst)
        near = lambda a, b, scale=scale: abs(a - b) <= max(1e-4 * max(abs(a), abs(b)), 1e-7 * scale)
        if near(left, right) and near((left + right) / 2, theirs[worst]) and not near((left + right) / 2, ours[worst]):
            given = {f"input {i}": v.array for i, (_, v) in enumerate(call.given)}
            return dict(
                inputs=given,
                input=k,
                ours=ours,
                theirs=np.where(np.isnan(theirs), ours, theirs),
                index=tuple(map(int, worst)),
                upstream=None if gradients[0] is None else gradients[0].numpy(),
            )
    return None


def inputs(torch, call):
    """(the call's arguments anew, in float64, and the tensors among them)"""
    made = []

    def tensor(value):
        array = np.array(value.array, np.float64 if value.array.dtype.kind == "f" else None)
        made.append(torch.from_numpy(array).requires_grad_(value.grad))
        return made[-1]

    return rebuilt(torch, call.args, tensor), rebuilt(torch, call.kwargs, tensor), made


def differentiated(torch, f, call, gradients):
    """(inputs, their gradients) by the chain rule through f."""
    args, kwargs, made = inputs(torch, call)
    with torch.enable_grad():
        torch.manual_seed(0)
        results = tensors(f(*args, **kwargs))
    pairs = [(r, g.to(r.dtype)) for r, g in zip(results, gradients) if g is not None and r.requires_grad]
    wanted = [x for x in made if x.requires_grad]
    found = iter(
        torch.autograd.grad([r for r, _ in pairs], wanted, [g for _, g in pairs], allow_unused=True) if pairs else ()
    )
    return made, [next(found, None) if x.requires_grad else None for x in made]


def forward(cls):
    """forward as a function of its inputs, with a ctx that keeps nothing."""
    nothing = lambda *args: None
    methods = (
        "save_for_backward",
        "save_for_forward",
        "mark_dirty",
        "mark_non_differentiable",
        "set_materialize_grads",
    )
    if cls.setup_context.__qualname__ != f"{cls.__name__}.setup_context" and "setup_context" not in vars(cls):
        ctx = SimpleNamespace(**dict.fromkeys(methods, nothing), needs_input_grad=(True,) * 99)
        return lambda *args, **kwargs: cls.forward(ctx, *args, **kwargs)
    return cls.forward


def by_chain_rule(torch, cls, call, gradients):
    """The gradients of forward's inputs, if it is made of ops that can be differentiated; else None."""
    try:
        return differentiated(torch, forward(cls), call, gradients)[1]
    except Exception:
        return None


def slopes(torch, cls, call, gradients, k, index):
    """The slopes of Σ gradient · forward to the left and to the right of that entry of the k-th tensor."""

    def value(shift):
        args, kwargs, made = inputs(torch, call)
        torch.manual_seed(0)
        with torch.no_grad():
            made[k][index] += shift
            results = tensors(forward(cls)(*args, **kwargs))
            return sum(float((r * g).sum()) for r, g in zip(results, gradients) if g is not None)

    array = [v for _, v in call.given][k].array
    h = STEP * max(1.0, abs(float(array[index])))
    middle = value(0.0)
    return (middle - value(-h)) / h, (value(h) - middle) / h


def sampled(slope, like):
    """Finite differences of some entries; NaN where none was taken."""
    found = np.full(like.shape, np.nan)
    for i in np.random.default_rng(0).permutation(like.size)[:SAMPLED]:
        index = np.unravel_index(i, like.shape)
        left, right = slope(index)
        found[index] = (left + right) / 2
        if abs(found[index] - like[index]) <= 1e-6 * max(1.0, abs(found[index])):
            found[index] = like[index]
    return found


def defined(function):
    """Where a function's `def` stands, below its decorators: (file, line)."""
    function = inspect.unwrap(function)
    lines, first = inspect.getsourcelines(function)
    return inspect.getsourcefile(function), first + next(i for i, line in enumerate(lines) if "def " in line)
