"""An engine of your own beside torch: in lock-step, each step from torch's numbers, and then in a training of its own.

tinygrad_edu runs the same reference, for it can tell how far rounding moves each number (docs/judge.md)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

import tinygrad_edu
from tinygrad_edu.testing.judge import KAPPA, Spread
from tinygrad_edu.testing.rounding import spread
from tinygrad_edu.testing.updates import terms

from .. import environment
from ..ledger import Ledger, Runs
from ..lockstep import gradient_rule, judged, unwatched, update_rule
from ..twin import copied
from .finding import Finding, found, of_backward, of_update, turned
from .names import Pair
from .protocol import Engine
from .sides import Guest, twin

STEPS = 50
FREE = 20  # steps of the training on its own: enough for what one step leaves behind for the next


class Unsure(Exception):
    """The judge's own engine does not follow the reference, so nothing can be said of another."""


@dataclass
class Run:
    """One dtype's comparison."""

    dtype: str
    ledgers: list[Ledger] = field(default_factory=list)
    finding: Finding | None = None  # the first disagreement

    def sees(self, ledger, view, batch, values, evidence=None):
        """Take note of the snapshots just entered, if they were the first that disagree; whether they were."""
        if new := self.finding is None and found(ledger, view, batch, values, evidence):
            self.finding = new
        return bool(new)


@dataclass
class Report(Runs):
    """What `judge` found; `pairs` says which parameter it held against which."""

    engine: str
    torch_version: str
    pairs: list[Pair]
    runs: list[Run]

    @property
    def finding(self):
        return next((run.finding for run in self.runs if run.finding), None)


def judge(
    engine: Callable[[], Engine],
    reference: Callable,
    batches: Iterable,
    steps: int = STEPS,
    dtypes: Iterable[str] = (),
    watch=unwatched,
) -> Report:
    """Hold an engine against the same model in torch.

    `engine()` makes an adapter; `reference(torch)` returns (model, loss_fn) or (model, loss_fn, optimizer), and is called
    with torch and with tinygrad_edu; `batches` are pairs (x, y) of arrays, taken again and again. Floats are cast to the
    dtype that is judged: each of `dtypes`, of the adapter's own `dtypes`, or float64 and float32."""
    torch, data = environment.load("torch", "parity"), list(islice(batches, steps))
    pairs, runs = [], []
    for dtype in dtypes or getattr(engine, "dtypes", ("float64", "float32")):
        make = lambda lib, steps, dtype=dtype: twin(reference, data, lib, dtype, steps)
        run, pairs = compare(engine, make, dtype, steps, torch, watch)
        runs.append(run)
    return Report(getattr(engine, "__name__", type(engine).__name__), torch.__version__, pairs, runs)


def compare(engine, make, dtype, steps, torch, watch):
    """One dtype: the lock-step, and, if the engine trains and was right in all steps, the free run."""
    reference, ours = make(torch, steps), make(tinygrad_edu, steps)
    guest = Guest(engine(), reference.parameters())
    if guest.trains and not reference.case.trains:
        raise Unsure("the engine has update(), so that reference(torch) must return its optimizer too, after the loss")
    seen = lambda name: lambda *step: watch(f"{dtype} {name}", *step)
    run = Run(dtype)
    lockstep(guest, reference, ours, run, seen("lock-step"))
    if guest.trains and run.finding is None:
        steps = min(steps, FREE)
        reference, ours = make(torch, steps), make(tinygrad_edu, steps)
        free_run(Guest(engine(), reference.parameters(), guest.pairs), reference, ours, run, seen("free-running"))
    return run, guest.pairs


def lockstep(guest, reference, ours, run, watch):
    """Each half of each step from the reference's numbers, in the engine as in torch."""
    gradients, updates = Ledger("lock-step", gradient_rule(run.dtype)), Ledger("optimizer", update_rule)
    control = Ledger("tinygrad_edu", gradient_rule(run.dtype))
    run.ledgers += [gradients, updates] if guest.trains else [gradients]
    step = 0
    while batch := reference.next_batch():
        step, before = step + 1, reference.state()
        ours.load(before)
        guest.load(before)
        theirs = reference.backward(*batch)
        mine, _, *sigma = judged(ours, before, batch, theirs)
        certain(control, step, mine, theirs, *sigma)
        values = guest.backward(*batch), *map(guest.translated, (theirs, *sigma))
        gradients.compare(step, *values)
        if run.sees(gradients, "local", batch, values, of_backward(batch)) and step == 1:
            run.finding.causes[:0] = turned(guest, before, batch, (theirs, *sigma), gradient_rule(run.dtype))
        state = reference.state()
        after = reference.update(state)
        if guest.trains:
            mine, sigma = terms(ours.update, state)
            moved = guest.update(state)
            kept = {quantity for quantity, _ in moved}
            values = (
                moved,
                *({key: a for key, a in guest.translated(s).items() if key[0] in kept} for s in (after, sigma)),
            )
            updates.compare(step, *values)
            run.sees(updates, "local", batch, values, of_update(guest.translated(state), reference.case.optimizer))
        reference.case.losses.append(float(theirs["loss", "loss"]))
        watch(step, reference)


def certain(control, step, mine, theirs, sigma=None):
    """tinygrad_edu must itself agree with torch before it says what rounding may do."""
    control.compare(step, mine, theirs, sigma)
    if row := control.first_failure:
        raise Unsure(
            f"tinygrad_edu itself does not follow this reference: {row.quantity} ({row.tensor}), step {step}: {row.failure}"
        )


def free_run(guest, reference, ours, run, watch):
    """Each trains by itself, from the same parameters on the same batches; κ by the roundings of the whole training."""
    free = Ledger("free-running", lambda quantity: Spread(KAPPA))
    run.ledgers.append(free)
    start, batches = reference.state(), list(iter(reference.next_batch, None))

    def training():
        ours.load(start)
        return {(i, *key): a for i, batch in enumerate(batches) for key, a in copied(ours.step(*batch)).items()}

    _, sigma = spread(training)
    guest.load(start)
    for i, batch in enumerate(batches):
        noted = {tuple(key): a for (j, *key), a in sigma.items() if j == i}
        values = guest.step(*batch), *map(guest.translated, (reference.step(*batch), noted))
        free.compare(i + 1, *values)
        run.sees(free, "free", batch, values)
        watch(i + 1, reference)
        if free.broken:
            break
