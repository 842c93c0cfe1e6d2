"""The first disagreement, with all that is known of it: the entry, both numbers, and what may have caused it."""

from dataclasses import dataclass, field

import numpy as np

from tinygrad_edu.testing.judge import distance, kappas, ulps

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
        return {
            "index": list(entry),
            "ours": float(ours[0]),
            "torch": float(theirs[0]),
            "delta": distance(ours, theirs),
            "ulp": ulps(ours, theirs),
            "kappa": None if sigma is None else float(kappas(ours, theirs, sigma)[0]),
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


def found(ledger, view, batch, values):
    """The ledger's first failure, if it has one, from the snapshots just entered: the engine's, torch's and perhaps σ."""
    if row := ledger.first_failure:
        ours, theirs, sigma = (snapshot.get((row.quantity, row.tensor)) for snapshot in (*values, {})[:3])
        return Finding(row, view, ours, theirs, sigma, batch)
    return None


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
