"""What people give to an op, made what it takes: numbers become tensors, dtypes meet; the rest is refused in torch's words."""

import numpy as np

from . import graph
from .constants import constant
from .dtype import as_dtype, get_default_dtype, native, result_type
from .formula import source
from .memory import owner
from .teaching import keeping_graph, out_of_place, replace, taught
from .tensor import Tensor, made
from .thread import thread


def public(name):
    """torch's name for an input."""
    return {"x": "input", "y": "other", "w": "weight", "b": "bias"}.get(name, name)


def ready(op, inputs):
    """(tensors, or None for what may be left away; the dtype in which those that promote have met, if any do)."""
    names = op.inputs * len(inputs) if op.variadic else op.inputs
    inputs = [operand(op, name, x) for name, x in zip(names, inputs)]
    if not any(isinstance(x, Tensor) for x in inputs):
        raise TypeError(f"{op.name}(): argument '{public(names[0])}' must be Tensor, not {inputs[0]!r}")
    if op.differentiable and thread.grad:
        for name, has_rule, x in zip(names, op.ruled, inputs):
            if not has_rule and isinstance(x, Tensor) and x.node is not None:
                raise RuntimeError(
                    f"The function '{op.name}' is not differentiable with respect to argument '{public(name)}'. This"
                    " input cannot have requires_grad True: detach() it"
                )
    promoted = [i for i, name in enumerate(names) if name in op.promotes and inputs[i] is not None]
    if not promoted:
        return inputs, None
    dtype = result_type(*(x.array if isinstance(x, Tensor) else x for x in (inputs[i] for i in promoted)))
    if dtype.dtype.kind not in op.takes:
        raise not_implemented(op, [x.array for x in inputs if isinstance(x, Tensor)])
    dtype = dtype if dtype.is_floating_point or not op.floats else get_default_dtype()
    for i in promoted:
        x = inputs[i]
        if not isinstance(x, Tensor):
            inputs[i] = constant(x, dtype.dtype)
        elif x.array.dtype is not dtype.dtype:
            inputs[i] = x.to(dtype)
    same = all(inputs[i].array.dtype is dtype.dtype for i in promoted)
    return inputs, dtype.dtype if same else None


def tensors_only(op):
    """`op.general`, where torch's own function takes no number for some inputs that promote, though NumPy's does."""

    def general(inputs, params):
        for i, (name, x) in enumerate(zip(op.inputs, inputs)):
            if name not in op.numbers and isinstance(x, (int, float, np.generic)):
                raise TypeError(
                    f"{op.name}(): argument '{public(name)}' (position {i + 1}) must be Tensor, not {type(x).__name__}"
                )
        return op.general(inputs, params)

    return general


def operand(op, name, x):
    """One input: a tensor, an array, None where it may be left away, a number where dtypes meet."""
    number = name in op.promotes
    if isinstance(x, Tensor) or (x is None and name in op.optional) or (number and type(x) in (bool, int, float)):
        return x
    if isinstance(x, np.ndarray):
        return made(native(x), None)
    if number and isinstance(x, np.generic):
        return x.item()
    wanted = "Tensor or Number" if number else "Tensor"
    raise TypeError(f"{op.name}(): argument '{public(name)}' must be {wanted}, not {type(x).__name__}")


def not_implemented(op, arrays):
    types = ", ".join(repr(as_dtype(x.dtype)) for x in arrays)
    return NotImplementedError(f'"{op.name}" not implemented for {types}: convert with .to(dtype) first')


def no_gradient(op, array):
    """torch's error for an integer result of what requires grad."""
    return RuntimeError(
        f"Autograd not support dtype: {as_dtype(array.dtype)}: {op.name}() of a tensor that requires grad would lose its"
        " gradient. detach() it first, if that is what you want"
    )


def reworded(op, error, arrays):
    """NumPy's complaint about shapes or types, as torch words it."""
    arrays = [x for x in arrays if x is not None]
    if op.broadcasts and isinstance(error, ValueError):
        for a, b in ((x.shape, y.shape) for x in arrays for y in arrays):
            for axis in range(-1, -1 - min(len(a), len(b)), -1):
                if a[axis] != b[axis] and 1 not in (a[axis], b[axis]):
                    return RuntimeError(
                        f"The size of tensor a ({a[axis]}) must match the size of tensor b ({b[axis]}) at non-singleton"
                        f" dimension {max(len(a), len(b)) + axis}: {op.name} of {list(a)} and {list(b)}. Sizes match"
                        " from the right if they are equal or one of them is 1; unsqueeze() puts a 1 where it is needed."
                    )
    ours = isinstance(error, TypeError) and isinstance(op.forward, np.ufunc)
    return not_implemented(op, arrays) if ours else error


def rule_that_reads(op, slot):
    """The first of an op's rules that asks for a saved value, as it is written: `dx = g * out`."""
    asker = next(i for i, wants in enumerate(op.asked) if slot in wants)
    return f"{'d' if op.joint else f'd{op.inputs[asker]}'} = {source(op.rules[asker])}"


def lines(**known):
    """`made=` a line: "made at " and that line, each that anomaly mode has noted."""
    return [f"{what.replace('_', ' ')} at {line}" for what, line in known.items() if line is not None]


def ask(by):
    """How to see the lines, if nobody has watched."""
    return "" if by or thread.watchers else "; detect_anomaly() shows the lines"


def saved_freed(op, node):
    """What a walk says that finds freed what a node saved."""
    rule = f" for its rule {rule_that_reads(op, op.slots[0])}" if op.slots else ""
    return freed(f"what {op.name} saved{rule} is gone", graph.origin.get(node), graph.freer.get(node))


def freed(what, made, by):
    """torch's error for saved values that a walk freed, from the line `by`."""
    again = by and keeping_graph(by.code)
    fix = again or "to walk a graph again, have the first walk keep it, `backward(retain_graph=True)`"
    return RuntimeError(
        taught(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have already"
            f" been freed): {what}.",
            *lines(saved=made, freed=by),
            why="a slope is taken at the numbers of the forward, and a walk frees them as it passes",
            fix=f"{fix}; in a loop, compute the loss anew{ask(by)}",
        )
    )


def saved_overwritten(op, node, slot, x):
    """What a walk says that finds overwritten what a node saved."""
    what = "output" if slot == "out" else f"input '{public(slot)}'"
    shape = list(getattr(x, "array", x).shape)
    said = (
        "one of the variables needed for gradient computation has been modified by an inplace operation:"
        f" {op.name} saved its {what}, of shape {shape}, and it was overwritten before backward() came to use it."
    )
    by = graph.overwriter.get(node) if slot == "out" else owner(x).overwriter
    return overwritten(said, f"the rule {rule_that_reads(op, slot)}", graph.origin.get(node), by)


def overwritten(what, reader, made, by):
    """torch's error for a saved value that was overwritten by the line `by`, and that `reader` needs as it was."""
    mended = by and out_of_place(by.code, lambda name: hasattr(Tensor, name))
    fix = replace(by.code, mended) if mended else "write to a copy, `.clone()`, or use the out-of-place form"
    return RuntimeError(
        taught(
            what,
            *lines(saved=made, overwritten=by),
            why=f"{reader} is right for the numbers of the forward only",
            fix=fix + ask(by),
        )
    )
