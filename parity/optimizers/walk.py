"""The walk: each optimizer with each of torch's sets of options through all stages, and what was found.

update   in lock-step: each step from torch's parameters, gradients and state; every new number within 4 eps of its terms
state    checkpoints: equally built, and half a training continued in the other engine ends where the whole one does
repr     the same text
error    torch's exceptions for bad options

Each set also trains by itself in both engines; how far they drift apart is shown, and not judged."""

import warnings
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import tinygrad_edu as tg
from tinygrad_edu.testing.judge import UPDATE, Absolute, Scaled, Spread, distance
from tinygrad_edu.testing.updates import terms

from ..ledger import Ledger
from ..ops import Unknown
from ..ops.found import ACCEPTS, NOTHING, PASS, RAISES, WRONG, Outcome, Row
from ..ops.stages import last_own_line, named
from ..ops.walk import quiet
from . import EXCLUDED
from .side import Side, built, gradients, namesake

STAGES = ("update", "state", "repr", "error")

# A step of L-BFGS is up to 20 updates, each along a direction that was made of inner products of all the last ones: an
# update has no few terms that its rounding could be held against, so the bound is absolute. Parameters and their distances
# to the minimum are about 1 here; the worst step was off by 1e-14 in float64, and by 5e-6 in float32.
CLOSURES = {"float64": 1e-12, "float32": 1e-4}

# How far half a training may lead away, if it goes on from a checkpoint: of the largest parameter, about 1.
RESUMED = {"float64": 1e-10, "float32": 1e-2}


@dataclass
class Found(Row):
    """Of one optimizer: `used`, the worst share of 4 eps × terms, and `drift`, the farthest apart, by dtype."""

    used: dict = field(default_factory=dict)
    drift: dict = field(default_factory=dict)


def entries(words):
    """Those lines of torch's table; all, if none are named. Raises Unknown if torch has no such optimizer."""
    table = {info.name: info for info in optim_db}
    if strange := [word for word in words if word not in table]:
        raise Unknown(f"torch's table has no optimizer {strange[0]!r}: it has {', '.join(table)}")
    return [table[word] for word in words or table]


def agrees(rows):
    """Whether nothing was missing or failed."""
    return all(row.verdict in (PASS, "excluded") for row in rows)


def walk(info, dtypes=("float64", "float32"), steps=50):
    """The row of one optimizer."""
    row = Found(info.name, excluded=EXCLUDED.get(info.name, ""))
    if not row.excluded and not hasattr(tg.optim, info.name):
        row.missing = f"there is no tinygrad_edu.optim.{info.name}"
    if row.excluded or row.missing:
        return row
    if info.step_requires_closure:
        steps = max(2, steps // 5)  # each is several steps of its own
    with quiet():
        for dtype in dtypes:
            for index, given in enumerate(info.optim_inputs_func(device="cpu", dtype=getattr(torch, dtype))):
                misses = len(row.findings)
                for stage, ask in (("update", update), ("state", state), ("repr", text)):
                    sides = partial(both, info, given.kwargs, dtype)
                    row.note(stage, dtype, index, given.desc, outcome(ask, row, sides, dtype, steps))
                row.samples[dtype, len(row.findings) == misses] += 1
        for index, case in enumerate(info.optim_error_inputs_func(device="cpu", dtype=torch.float32)):
            row.note("error", "", index, case.optimizer_error_input.desc, complaint(info, case))
    return row


def again(name, dtype, index):
    """The row of one optimizer, in one dtype or in both: its options come from torch's table, so all are walked."""
    (info,) = entries([name])
    return walk(info, (dtype,) if dtype else ("float64", "float32"))


def both(info, options, dtype, seed=0):
    return [Side(engine, info, options, dtype, seed) for engine in (tg, torch)]


def outcome(ask, *of):
    """What a stage found; an exception of ours is a miss."""
    try:
        told = ask(*of)
    except Exception as error:
        return Outcome(RAISES, f"it raises {named(error)}", last_own_line(error))
    return Outcome(WRONG, told) if told else Outcome(PASS)


# -------------------------------------------------------------------- the stages: what is wrong, in words


def update(row, sides, dtype, steps):
    ours, theirs = sides()
    if ours.info.step_requires_closure:
        return update_by_closure(row, sides, dtype, steps)
    ledger = Ledger("optimizer", lambda quantity: Spread(UPDATE, "{} eps × terms"))
    for step in range(steps):
        before = theirs.state() | {("gradient", name): g for name, g in gradients(dtype, step).items()}
        mine, sigma = terms(ours.update, before)
        for name, p in theirs.params.items():
            p.grad = theirs.tensor(before["gradient", name]) if ("gradient", name) in before else None
        theirs.optimizer.step()
        ledger.compare(step + 1, mine, theirs.state(), sigma)
    return judged(row, ledger, dtype)


def update_by_closure(row, sides, dtype, steps):
    """The same, but with an absolute bound; every other step starts anew, for soon there is nothing left to do."""
    ledger = Ledger("optimizer", lambda quantity: Absolute(CLOSURES[dtype]))
    for step in range(steps):
        if step % 2 == 0:
            ours, theirs = sides(seed=step)
        ours.resume(theirs.parameters(), theirs.checkpoint(tg))
        for side in (ours, theirs):
            side.optimizer.step(side.closure(step))
        ledger.compare(step + 1, ours.parameters(), theirs.parameters())
    return judged(row, ledger, dtype)


def judged(row, ledger, dtype):
    row.used[dtype] = max(row.used.get(dtype, 0.0), *(one.used for one in ledger.rows.values()))
    if worst := ledger.first_failure:
        return f"step {worst.failed_step}, {worst.quantity} ({worst.tensor}): {worst.failure}"
    return None


def state(row, sides, dtype, steps):
    """How checkpoints differ, or where one leads; and the drift of the whole training is noted."""
    half = steps // 2
    ours, theirs = sides()
    for side in (ours, theirs):
        side.train(range(half))
    loosely = ours.info.step_requires_closure
    mine, reference = (built(side.optimizer.state_dict(), loosely) for side in (ours, theirs))
    if repr(mine) != repr(reference):
        return f"the state_dict of ours is {mine}, torch's {reference}"
    again, theirs_again = sides()
    theirs_again.resume(ours.parameters(), ours.checkpoint(torch))
    again.resume(theirs.parameters(), theirs.checkpoint(tg))
    for side in (ours, theirs, again, theirs_again):
        side.train(range(half, steps))
    truth = theirs.parameters()
    apart = max(distance(a, truth[key]) for key, a in ours.parameters().items())
    row.drift[dtype] = max(row.drift.get(dtype, 0.0), apart)
    for what, side in (("ours from torch's", again), ("torch's from ours", theirs_again)):
        ledger = Ledger("resumed", lambda quantity: Scaled(RESUMED[dtype]))
        ledger.compare(steps, side.parameters(), truth)
        if ledger.first_failure:
            return f"{what}, {ledger.first_failure.tensor}: {ledger.first_failure.failure}"
    return None


def text(row, sides, dtype, steps):
    ours, theirs = (repr(side.optimizer) for side in sides())
    return None if ours == theirs else f"ours is {ours!r}, torch's {theirs!r}"


def complaint(info, case):
    """Where torch raises an exception, or warns, ours must do so with the same type."""
    found = [complained(engine, info, case) for engine in (tg, torch)]
    if found[0] is NotImplemented or found[1] is None:
        return Outcome(NOTHING, "beyond us" if found[1] else "torch takes it")
    ours, theirs = found
    if ours is None:
        return Outcome(ACCEPTS, f"ours takes it, torch raises {named(theirs)}")
    if not isinstance(ours, type(theirs)):
        return Outcome(RAISES, f"ours raises {named(ours)}, torch {named(theirs)}", last_own_line(ours))
    return Outcome(PASS)


def complained(engine, info, case):
    """The exception or warning that comes of bad options; None if none does."""
    given = case.optimizer_error_input
    try:
        params = parameters(engine, given.params)
        options = {name: namesake(engine, value) for name, value in given.kwargs.items()}
        with warnings.catch_warnings(action="error"):
            optimizer = getattr(engine.optim, info.name)(params, **options)
            if case.error_on is OptimizerErrorEnum.STEP_ERROR:
                optimizer.step()
    except Exception as error:
        return error
    return None


def parameters(engine, given):
    """An error case's parameters for an engine: the same tensor stays the same."""
    if given is None:
        return [engine.tensor(np.ones(2, np.float32)).requires_grad_()]
    known = {}

    def own(thing):
        if isinstance(thing, torch.Tensor):
            if id(thing) not in known:
                known[id(thing)] = engine.tensor(np.array(thing.detach().numpy())).requires_grad_()
            return known[id(thing)]
        if isinstance(thing, dict):
            return {key: own(value) for key, value in thing.items()}
        return type(thing)(map(own, thing)) if isinstance(thing, (list, tuple)) else thing

    return own(given)
