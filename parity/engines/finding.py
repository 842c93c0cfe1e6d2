"""The first disagreement, with all that is known of it: the entry, both numbers, and what may have caused it."""

from copy import copy
from dataclasses import dataclass, field

import numpy as np

from tinygrad_edu.testing.judge import distance, kappas, ulps

from ..diff.causes import Evidence, causes
from ..ledger import Ledger, Row
from .names import other_ways


@dataclass
class Finding:
    """A row that failed, and the arrays that it failed by; σ is None where float64 is judged by its scale."""

    row: Row
    view: str  # "local" in lock-step, "free" in a training of its own
    ours: np.ndarray | None
    torch: np.ndarray | None
    sigma: np.ndarray | None
    batch: tuple[np.ndarray, ...]
    causes: list[str] = field(default_factory=list)

    def as_json(self):
        known = self.torch if self.torch is not None else self.ours
        return {
            "what": self.row.quantity,
            "view": self.view,
            "step": self.row.failed_step,
            "tensor": self.row.tensor,
            "shape": list(known.shape),
            "dtype": str(known.dtype),
            "failure": self.row.failure,
            **self.numbers(),
            "inputs": [sample(name, a) for name, a in zip("xy", self.batch)],
            "causes": self.causes,
        }

    def numbers(self):
        """The worst entry; None of all where nothing could be compared."""
        entry = self.row.entry
        if entry is None:
            return dict.fromkeys(("index", "ours", "torch", "delta", "ulp", "kappa"))
        ours, theirs, sigma = (None if a is None else a[entry][None] for a in (self.ours, self.torch, self.sigma))
        kappa = np.inf if sigma is None else float(kappas(ours, theirs, sigma)[0])
        return {
            "index": list(entry),
            "ours": float(ours[0]),
            "torch": float(theirs[0]),
            "delta": distance(ours, theirs),
            "ulp": ulps(ours, theirs),
            "kappa": kappa if np.isfinite(kappa) else None,  # JSON knows no infinity
        }


def sample(name, a):
    """What both saw of an input."""
    return {
        "name": name,
        "shape": list(a.shape),
        "dtype": str(a.dtype),
        "agrees": True,
        "sample": a.ravel()[:3].tolist(),
    }


def found(ledger, view, batch, values, evidence):
    """The ledger's first failure, if it has one, from the snapshots just entered: the engine's, torch's and perhaps σ."""
    if row := ledger.first_failure:
        ours, theirs, sigma = (snapshot.get((row.quantity, row.tensor)) for snapshot in (*values, {})[:3])
        known = evidence and ours is not None and theirs is not None
        causes = guessed(row, ours, theirs, sigma, **evidence(row)) if known else []
        return Finding(row, view, ours, theirs, sigma, batch, causes)
    return None


def guessed(row, ours, theirs, sigma, **known):
    """What makes the engine's numbers of the reference's, if one of the usual suspects does."""
    rule = copy(row.rule)
    close = lambda a, b: rule.used(a, b, sigma) <= 1
    return [cause.words for cause in causes(Evidence(ours=ours, theirs=theirs, close=close, **known))]


def of_backward(batch):
    """What is known of a loss and its gradients."""
    inputs = dict(zip(("x", "y"), batch))
    return lambda row: (
        dict(what="loss", op="", inputs=inputs) if row.quantity == "loss" else dict(what="accumulated gradient", op="")
    )


def of_update(before, optimizer):
    """What is known of an update: whose it is, with which options, and what stood there before."""
    arguments = {name: value for name, value in optimizer.param_groups[0].items() if name != "params"}

    def evidence(row):
        was = {"grad" if what == "gradient" else what: a for (what, name), a in before.items() if name == row.tensor}
        return dict(what="update", op=type(optimizer).__name__, arguments=arguments, before=was, wrt=row.quantity)

    return evidence


def turned(guest, before, batch, translated, rule):
    """Which square matrices to turn round so that a step agrees, as a cause: no shape can tell how they are meant."""
    arrays = {name: a for (quantity, name), a in before.items() if quantity == "parameter"}
    for pairs in other_ways(guest.pairs, arrays):
        other = guest.paired(pairs)
        other.load(before)
        ledger = Ledger("turned", rule)
        ledger.compare(1, other.backward(*batch), *map(other.translated, translated))
        if ledger.first_failure is None:
            names = ", ".join(f'"{p.own}": "{p.torch}{".T" * p.transposed}"' for p in pairs)
            which = ", ".join(p.own for p, q in zip(pairs, guest.pairs) if p != q)
            return [f"{which} is transposed: it agrees with names = {{{names}}} in the adapter"]
    return []
