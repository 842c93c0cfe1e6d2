"""From a finding to what the guesser of causes asks for: every array under the name that torch has for it."""

import inspect

import numpy as np

from tinygrad_edu.functional.recurrent import PACKED, PADDED

from .calls import Value, resolve, values
from .causes import Evidence, causes

TORCHS = {"x": "input", "y": "other", "w": "weight", "b": "bias", "self": "input"}  # for an op's own names
BOUND = 64  # eps, of an entry and of its array's largest: what a guess may miss the reference by


def accuse(finding, ours, theirs, *, what, call=None, engine=None, **facts):
    """Ask the guesser which of the usual mistakes explains these numbers, and note what it says."""
    if ours is None or theirs is None or theirs.dtype.kind != "f":
        return
    if call is not None:
        inputs, arguments = named(engine, call)
        facts = {"inputs": inputs, "arguments": arguments} | facts
    evidence = Evidence(what=what, op=finding.op, ours=ours, theirs=theirs, close=close, **facts)
    try:
        found = causes(evidence)
    except (
        ValueError,
        TypeError,
        IndexError,
        ArithmeticError,
        AttributeError,
    ):  # a formula met what it does not expect
        found = []
    finding.causes = [cause.words for cause in found]
    finding.suspects = [cause.name for cause in found if not cause.observation]


def close(a, b):
    """Whether the two may be the same but for rounding, as far as can be said without knowing how they were computed."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.size == 0:
        return False
    dtype = min((x.dtype for x in (a, b) if x.dtype.kind == "f"), key=lambda d: d.itemsize, default=np.dtype(float))
    with np.errstate(all="ignore"):
        allowed = BOUND * np.finfo(dtype).eps * (np.abs(b) + np.abs(b).max())
        return bool(((np.abs(a - b) <= allowed) | (a == b) | ((a != a) & (b != b))).all())


def names(engine, call):
    """Torch's names for the tensors that the call was given, in their order."""
    found = {}
    for name, part in bound(engine, call).items():
        parts = values(part)
        single = isinstance(part, Value)
        found |= {id(v): name if single else f"{name}[{i}]" for i, v in enumerate(parts)}
    return [found.get(id(v), f"input {i}") for i, (_, v) in enumerate(call.given)]


def named(engine, call):
    """(the arrays that the call was given, its other arguments), by torch's names; defaults are filled in."""
    inputs = dict(zip(names(engine, call), (v.array for _, v in call.given)))
    return inputs, {name: part for name, part in bound(engine, call).items() if not values(part)}


def bound(engine, call):
    """The call's arguments by torch's names for them."""
    try:
        signature = inspect.signature(resolve(engine, call.name))
        arguments = signature.bind(*call.args, **call.kwargs)
    except (AttributeError, TypeError, ValueError):
        return {f"input {i}": part for i, part in enumerate(call.args)} | call.kwargs
    arguments.apply_defaults()
    given = {TORCHS.get(name, name): part for name, part in arguments.arguments.items()}
    if "given" in given:  # of rnn's functions, whose two forms have names of their own
        packed = len(call.args) > 3 and not isinstance(call.args[3], bool)
        given = dict(zip(PACKED if packed else PADDED, given["given"])) | given["named"]
    return given
