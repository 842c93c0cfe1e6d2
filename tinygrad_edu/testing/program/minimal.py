"""minimal: the shortest program near a failing one that still fails, by trying what can be left out. (Zeller, Yesterday, my
program worked. Today, it does not. Why?, 1999)"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from .ir import Program, Step

PATIENCE = 2000  # programs to be tried


def minimal(
    program: Program, engine: Any, reference: Any = None, failing: Callable[[Program], bool] | None = None
) -> Program:
    """A smaller program that fails as this one does: whose outcomes differ, in the same respect (numbers, dtype, error ...).

    Tried are: to leave out steps, to put a tensor in a step's place, or another variable; to shorten axes; to leave out
    blocks and parameters; simpler numbers. `failing`, if given, says of a program whether it fails."""
    if failing is None:
        manner = manners(program, engine, reference)
        failing = lambda smaller: bool(manner & manners(smaller, engine, reference))
    tried = {str(program)}

    def better(candidates):
        for candidate in candidates:
            source = str(candidate)
            if len(tried) < PATIENCE and source not in tried:
                tried.add(source)
                if failing(candidate):
                    return candidate
        return None

    again = True
    while again:
        again = False
        for pass_ in (fewer_steps, steps_for_tensors, steps_for_variables, shorter, plainer, simpler_numbers):
            while smaller := better(pass_(program, reference or engine)):
                program, again = smaller, True
    return program


def manners(program, engine, reference):
    """In which respects the two outcomes differ; an error of the reference is a respect of its own."""
    from .judging import differences

    return {manner(d) for d in differences(program, engine, reference)}


def manner(difference):
    a, b = difference.actual, difference.expected
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return "shape" if a.shape != b.shape else "dtype" if a.dtype != b.dtype else "numbers"
    if difference.name == "error":
        return "".join(
            c for c in f"{a[:80]}, {b[:80]}" if not c.isdigit()
        )  # the numbers in the words may become others
    return difference.name.partition(".")[2] or "numbers"


# ------------------------------------------------------------------ what is tried


def fewer_steps(program, engine) -> Iterator[Program]:
    """Without a step and all that needs it; without half of them first."""
    n = len(program.steps)
    for length in (n // 2, n // 4, 1):
        for start in range(n - length, -1, -1) if length else ():
            gone: set[int] = set()
            kept = []
            for i, step in enumerate(program.steps):
                if start <= i < start + length or gone & set(step.variables):
                    gone |= {step.target} if step.operation.makes else set()
                else:
                    kept.append(step)
            yield Program(tuple(kept))


def steps_for_variables(program, engine) -> Iterator[Program]:
    """Let a step's variables take the place of what it makes; or an older variable that of a younger one."""
    for i, step in enumerate(program.steps):
        if not step.operation.makes:
            continue
        others = dict.fromkeys([*step.variables, *(s.target for s in program.steps[:i] if s.operation.makes)])
        for other in others:
            yield Program((*program.steps[:i], *(renamed(s, step.target, other) for s in program.steps[i + 1 :])))
        for other in others:
            rest = (renamed(s, step.target, other) for s in program.steps[i + 1 :])
            yield Program((*program.steps[: i + 1], *rest))


def renamed(step, old, new):
    return replace(step, variables=tuple(new if v == old else v for v in step.variables))


def steps_for_tensors(program, engine) -> Iterator[Program]:
    """A tensor of ones, of the same shape, in the place of what a step makes."""
    found = program.run(engine)
    from .vocabulary import TENSOR

    for i, step in enumerate(program.steps):
        value = found.get(program.names.get(step.target))
        if step.operation is not TENSOR and isinstance(value, np.ndarray):
            parameters = {"data": np.ones(value.shape).tolist(), "dtype": value.dtype.name, "requires_grad": True}
            tensor = Step(TENSOR, step.target, (), parameters, step.modes)
            yield Program((*program.steps[:i], tensor, *program.steps[i + 1 :]))


def tensors(program):
    return [(i, step) for i, step in enumerate(program.steps) if step.operation.name == "tensor"]


def changed(program, changes) -> Program:
    """With other parameters of some steps: {place: parameters}."""
    steps = [replace(s, parameters={**s.parameters, **changes.get(i, {})}) for i, s in enumerate(program.steps)]
    return Program(tuple(steps))


def shorter(program, engine) -> Iterator[Program]:
    """Axes of one length shortened everywhere, or in one tensor; or gone."""
    arrays = {i: np.array(step.parameters["data"], np.float64) for i, step in tensors(program)}
    lengths = sorted({n for a in arrays.values() for n in a.shape if n > 1}, reverse=True)
    together = [arrays, *({i: a} for i, a in arrays.items())]
    for group in together:
        for n in lengths:
            for m in dict.fromkeys((1, 2, n - 1)):
                if m < n:
                    cut = {i: a[tuple(slice(m if k == n else None) for k in a.shape)] for i, a in group.items()}
                    yield changed(program, {i: {"data": a.tolist()} for i, a in cut.items()})
        for first in (
            lambda a: a.reshape(-1)[0],
            lambda a: a[0] if a.ndim else a,
            lambda a: a[..., 0] if a.ndim else a,
        ):
            yield changed(program, {i: {"data": first(a).tolist()} for i, a in group.items() if a.size})
    for i, a in arrays.items():
        for axis in (axis for axis, n in enumerate(a.shape) if n > 1):
            yield changed(program, {i: {"data": np.take(a, range(a.shape[axis] - 1), axis).tolist()}})


def plainer(program, engine) -> Iterator[Program]:
    """Without blocks, and without what is said beyond the usual."""
    for i, step in enumerate(program.steps):
        for depth in range(len(step.modes)):
            yield replaced(program, i, replace(step, modes=step.modes[:depth]))
        for name, usual in (("keepdim", False), ("create_graph", False), ("dim", 0)):
            if step.parameters.get(name, usual) != usual:
                yield changed(program, {i: {name: usual}})
        for name, plain in (("requires_grad", False), ("dtype", "float64")):
            if step.operation.name == "tensor" and step.parameters[name] != plain:
                yield changed(program, {i: {name: plain}})
        if step.parameters.get("of") == ".square().sum()":
            yield changed(program, {i: {"of": ".sum()"}})
        if "dim" in step.parameters and "{kwargs}" in step.operation.text:
            yield replaced(program, i, replace(step, parameters={}))


def replaced(program, i, step):
    return Program((*program.steps[:i], step, *program.steps[i + 1 :]))


def simpler_numbers(program, engine) -> Iterator[Program]:
    """All numbers of a tensor 1, 0, 2; then each of them; then the numbers that steps say."""
    for i, step in tensors(program):
        a = np.array(step.parameters["data"], np.float64)
        simple = [np.full(a.shape, value) for value in (1.0, 0.0, 2.0)]
        simple.append(np.arange(1.0, a.size + 1).reshape(a.shape))
        for place in range(a.size):
            for value in (1.0, 0.0, 2.0):
                b = a.copy()
                b.reshape(-1)[place] = value
                simple.append(b)
        yield from (changed(program, {i: {"data": b.tolist()}}) for b in simple if complexity(b) < complexity(a))
    for i, step in enumerate(program.steps):
        for value in islice((2, 3, -1, 0.5), 4):
            if step.parameters.get("number", 2) not in (2, value) and (step.parameters["number"] == 1000 or value == 2):
                yield changed(program, {i: {"number": value}})


def complexity(a):
    """How far the numbers are from simple ones: 1, 0, 2, small whole ones, the rest."""
    return [ORDER.get(value, 5 + abs(value)) for value in a.reshape(-1).tolist()] and sum(
        ORDER.get(value, 5 + abs(value)) for value in a.reshape(-1).tolist()
    )


ORDER = {1.0: 0, 0.0: 1, 2.0: 2, 3.0: 3, -1.0: 3, 4.0: 4}
