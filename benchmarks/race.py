"""Time the engines against each other: first see that they compute the same, then let them take turns."""

import gc
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter

import numpy as np

from . import clean, extreme

MODULES = {engine: name for engine, name in {"torch": "torch", "ours": "tinygrad_edu"}.items() if find_spec(name)}


def engines(workload):
    """By name, functions that build the workload anew and return its `step` and `look`."""
    data = workload.data(np.random.default_rng(0))
    found = {}
    for name in MODULES:
        found[name] = partial(workload.program, module(name), **data)
    for name, by_hand in {"clean": clean, "extreme": extreme}.items():
        if program := getattr(by_hand, workload.program.__name__, None):
            found[name] = partial(program, **data)
    return found


def module(engine):
    """The package, to be called torch whichever it is."""
    torch = import_module(MODULES[engine])
    if engine == "torch":
        torch.set_num_threads(1)
    return torch


def outcome(build, steps=3):
    """Loss, parameters and gradients after a few steps, as float64 arrays."""
    step, look = build()
    for _ in range(steps):
        loss = step()
    return [np.asarray(t.detach() if hasattr(t, "detach") else t, float) for t in (loss, *look())]


def check(builds, tolerance=1e-4):
    """Raise AssertionError unless all engines end where the first does, up to float32 rounding."""
    (first, reference), *others = ((name, outcome(build)) for name, build in builds.items())
    for name, results in others:
        for i, (ours, theirs) in enumerate(zip(results, reference, strict=True)):
            assert ours.shape == theirs.shape or ours.size == theirs.size == 1, (name, i, ours.shape, theirs.shape)
            error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
            assert error < tolerance, f"{name}: result {i} is {error:.1e} away from that of {first}"


def timed(build, steps):
    """Seconds per step, over `steps` of them after a first one."""
    step, _ = build()
    step()
    gc.collect()
    start = perf_counter()
    for _ in range(steps):
        step()
    return (perf_counter() - start) / steps


def race(builds, rounds, seconds=0.03):
    """Seconds per step by engine, a list with one number per round; in each round every engine has its turn.

    A turn lasts about `seconds`, and starts from the initial weights: nobody trains on into denormal numbers."""
    gc.collect()
    gc.freeze()  # torch's many objects are not for our garbage collections to look through
    steps = {name: max(1, int(seconds / timed(build, 1))) for name, build in builds.items()}
    times = {name: [] for name in builds}
    for _ in range(rounds):
        for name, build in builds.items():
            times[name].append(timed(build, steps[name]))
    return times
