"""Two engines train the same case side by side: in lock-step, each step from the same numbers, and running free."""

from dataclasses import dataclass, replace
from itertools import count

import numpy as np

import tinygrad_edu

from . import environment, judge
from .cases import CASES, Options
from .judge import LOCKSTEP, Bits, Ledger, Scaled
from .twin import Twin


@dataclass
class Run:
    """One dtype's comparison: its ledgers, and the twins as they ended the free run."""

    dtype: str
    ledgers: list[Ledger]
    ours: Twin
    reference: Twin


@dataclass
class Report:
    """What `run` found. `departures`: why bits are not promised on this machine; empty if they are."""

    options: Options
    torch_version: str
    departures: list[str]
    runs: list[Run]

    @property
    def first_failure(self):
        """The first disagreement, as (dtype, ledger's name, row); None if everything agrees."""
        failures = ((run.dtype, ledger.name, ledger.first_failure) for run in self.runs for ledger in run.ledgers)
        return next((failure for failure in failures if failure[2]), None)

    @property
    def agrees(self):
        return self.first_failure is None


def unwatched(name, step, reference):
    """Nobody looks on."""


def run(options: Options, dtypes=("float64", "float32"), *, engine=tinygrad_edu, reference=None, watch=unwatched):
    """Train the case that `options` name in both engines and compare them; the reference is torch unless one is given.

    float64 goes first: its rounding is so small that what differs there is the algebra. `watch(name, step, reference)`
    is called after every step of each pass."""
    reference = reference or environment.load("torch", "parity")
    departures = environment.departures(reference)
    runs = [compare(replace(options, dtype=dtype), engine, reference, not departures, watch) for dtype in dtypes]
    return Report(options, reference.__version__, departures, runs)


def compare(options, engine, reference, bits, watch):
    """One dtype: the lock-step, then the free run. Without `bits`, what torch draws at random is copied, not judged."""
    twins = lambda: [Twin(torch, CASES[options.data], options) for torch in (engine, reference)]
    drawn = Ledger("drawn", lambda quantity: Bits())
    stepwise = Ledger("lock-step", lambda quantity: Scaled(LOCKSTEP[options.dtype]))
    drift = Ledger("free-running", lambda quantity: judge.drift(options, quantity))
    outcome = Ledger("outcome", lambda quantity: Bits())
    lockstep(*twins(), stepwise, drawn if bits else None, lambda *seen: watch(f"{options.dtype} lock-step", *seen))
    ours, theirs = twins()
    free_run(ours, theirs, drift, outcome, bits, lambda *seen: watch(f"{options.dtype} free-running", *seen))
    ledgers = [drawn, stepwise, drift, outcome] if bits else [stepwise, drift, outcome]
    return Run(options.dtype, ledgers, ours, theirs)


def lockstep(ours, reference, stepwise, drawn, watch):
    """The same parameters and batch into both, and all that a step computes compared; then ours takes torch's over."""
    if drawn:
        drawn.compare(0, {"initial weights": ours.parameters()}, {"initial weights": reference.parameters()})
        drawn.compare(0, {"held-out data": named(ours.test)}, {"held-out data": named(reference.test)})
    ours.load(reference)
    step = 0
    while batch := reference.next_batch():
        step += 1
        if drawn:
            drawn.compare(step, {"batch": named(ours.next_batch())}, {"batch": named(batch)})
        ours.step(*batch)
        reference.step(*batch)
        stepwise.compare(step, ours.snapshot(), reference.snapshot())
        ours.load(reference)
        watch(step, reference)


def free_run(ours, reference, drift, outcome, bits, watch):
    """Each trains by itself, on weights and batches of its own (if `bits` are promised), until it says that it is done."""
    if not bits:
        ours.load(reference)
        ours.test = reference.test
    for step in count(1):
        own, batch = ours.next_batch(), reference.next_batch()
        if own is None or batch is None:
            break
        ours.step(*(own if bits else batch))
        reference.step(*batch)
        drift.compare(step, ours.outcome(), reference.outcome())
        for twin in (ours, reference):
            twin.accuracies.append(twin.accuracy())
        watch(step, reference)
        if drift.broken:
            break
    outcome.compare(len(reference.case.losses), ending(ours, own), ending(reference, batch))


def named(batch):
    """A batch as the ledger's {tensor: array}."""
    return {} if batch is None else dict(zip(("inputs", "targets"), batch))


def ending(twin, batch):
    """Whether the twin had finished training, and how well it does on held-out data."""
    finished, accuracy = np.array([batch is None], np.float64), np.array(twin.accuracies[-1:])
    return {"end of training": {"finished": finished}, "accuracy": {"held-out data": accuracy}}
