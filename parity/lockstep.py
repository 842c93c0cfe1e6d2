"""Two engines train the same case side by side: in lock-step, each step from the same numbers, and running free."""

from dataclasses import dataclass, replace
from itertools import count

import numpy as np

import tinygrad_edu
from tinygrad_edu.testing.judge import ALGEBRA, KAPPA, UPDATE, Bits, Scaled, Spread
from tinygrad_edu.testing.rounding import spread
from tinygrad_edu.testing.updates import terms

from . import environment
from .cases import CASES, Options
from .ledger import Ledger, Runs, drift, outcome
from .twin import Twin


@dataclass
class Run:
    """One dtype's comparison: its ledgers, and the twins as they ended the free run."""

    dtype: str
    ledgers: list[Ledger]
    ours: Twin
    reference: Twin


@dataclass
class Report(Runs):
    """What `run` found. `departures`: why bits are not promised on this machine; empty if they are."""

    options: Options
    torch_version: str
    departures: list[str]
    runs: list[Run]


def unwatched(name, step, reference):
    """Nobody looks on."""


def run(options: Options, dtypes=("float64", "float32"), *, engine=tinygrad_edu, reference=None, watch=unwatched):
    """Train the case that `options` name in both engines and compare them; the reference is torch unless one is given.

    float64 goes first: its rounding is so small that what differs there is the algebra. `watch(name, step, reference)`
    is called after every step of each pass."""
    reference = reference or environment.load("torch", "parity")
    departures, options = environment.departures(reference), CASES[options.data].complete(options)
    runs = [compare(replace(options, dtype=dtype), engine, reference, not departures, watch) for dtype in dtypes]
    return Report(options, reference.__version__, departures, runs)


def compare(options, engine, reference, bits, watch):
    """One dtype: the lock-step, then the free run. Without `bits`, what torch draws at random is copied, not judged."""
    twins = lambda: [Twin(torch, CASES[options.data], options, bits) for torch in (engine, reference)]
    drawn = Ledger("drawn", lambda quantity: Bits())
    gradients = Ledger("lock-step", gradient_rule(options.dtype))
    updates = Ledger("optimizer", update_rule)
    free = Ledger("free-running", lambda quantity: drift(options, quantity))
    ends = Ledger("outcome", lambda quantity: outcome(options, quantity))
    seen = lambda name: lambda *step: watch(f"{options.dtype} {name}", *step)
    lockstep(*twins(), gradients, updates, drawn if bits else None, seen("lock-step"))
    ours, theirs = twins()
    free_run(ours, theirs, free, ends, bits, seen("free-running"))
    return Run(options.dtype, [drawn] * bits + [gradients, updates, free, ends], ours, theirs)


def update_rule(quantity):
    return Bits() if quantity == "learning rate" else Spread(UPDATE, "{} eps × terms")


def lockstep(ours, reference, gradients, updates, drawn, watch):
    """Each half of each step from the reference's numbers, in both engines, and all that it computes compared."""
    if drawn:
        drawn.compare(0, renamed(ours.parameters()), renamed(reference.parameters()))
        drawn.compare(0, named("held-out data", ours.test), named("held-out data", reference.test))
    step = 0
    while batch := reference.next_batch():
        step, own = step + 1, ours.next_batch()
        if drawn:
            drawn.compare(step, named("batch", own), named("batch", batch))
        before = reference.state()
        ours.load(before)
        theirs = reference.backward(*batch)
        gradients.compare(step, *judged(ours, before, batch, theirs))
        state = reference.state()
        mine, sigma = terms(ours.update, state)
        updates.compare(step, mine | ours.rates(), reference.update(state) | reference.rates(), sigma)
        reference.case.losses.append(float(theirs["loss", "loss"]))
        ours.case.losses[:] = reference.case.losses
        watch(step, reference)


def gradient_rule(dtype):
    """In float64 the algebra is judged, in float32 the rounding."""
    return (lambda quantity: Scaled(ALGEBRA)) if dtype == "float64" else (lambda quantity: Spread(KAPPA))


def judged(ours, before, batch, theirs):
    """What the first half of a step computes in both engines, and in float32 what rounding can do to it."""
    if theirs["loss", "loss"].dtype == np.float64:
        return ours.backward(*batch), theirs

    def again():
        ours.restore(before)  # with gradients, which the step must clear
        result = ours.backward(*batch)
        generators.append(ours.torch.get_rng_state())
        return result

    generators = []
    mine, sigma = spread(again)
    ours.torch.set_rng_state(generators[0])  # spread has put it back to where the step began
    return mine, theirs, sigma


def free_run(ours, reference, free, ends, bits, watch):
    """Each trains by itself, on weights and batches of its own (if `bits` are promised), until it says that it is done."""
    if not bits:
        ours.load(reference.state())
        ours.test = reference.test
    for step in count(1):
        own, batch = ours.next_batch(), reference.next_batch()
        if own is None or batch is None:
            break
        free.compare(step, ours.step(*(own if bits else batch)), reference.step(*batch))
        for twin in (ours, reference):
            twin.scores.append(twin.score())
        watch(step, reference)
        if free.broken:
            break
    ends.compare(len(reference.case.losses), ending(ours, own), ending(reference, batch))


def named(what, batch):
    """A batch as a snapshot."""
    return {} if batch is None else {(what, part): a for part, a in zip(("inputs", "targets"), batch)}


def renamed(parameters):
    return {("initial weights", name): a for (_, name), a in parameters.items()}


def ending(twin, batch):
    """Whether the twin had finished training, and how well it does on held-out data."""
    finished, score = np.array([batch is None], np.float64), np.array(twin.scores[-1:])
    return {("end of training", "finished"): finished, (twin.case.measure.name, "held-out data"): score}
