"""What a comparison found, as it is told to people and programs."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

WHOLE, EACH, AT_MOST = (
    20,
    10,
    400,
)  # the op-by-op tables kept: of the first steps, then of each tenth; of so many at most
ROWS = 2000  # lines of one step's table


@dataclass
class Finding:
    """The first place where something differed, and how often it did so there. `number` is the call's."""

    what: str
    view: str
    op: str
    where: tuple[str, int]
    step: int
    call: int
    tensor: str
    shape: list[int] = field(default_factory=list)
    dtype: str = ""
    index: list[int] = field(default_factory=list)
    ours: float | None = None
    torch: float | None = None
    delta: float = 0.0
    ulp: int = 0
    kappa: float | None = None
    why: str = ""
    inputs: list[dict[str, Any]] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)  # the causes by name, without mere observations
    times: int = 1

    @property
    def key(self):
        return self.what, self.op, self.where, self.tensor

    def said(self, verdict, a, b):
        """Take over what the judge found about these two arrays."""
        self.delta, self.ulp, self.kappa, self.index, self.why = (
            verdict.delta,
            verdict.ulp,
            verdict.kappa,
            list(map(int, verdict.index)),
            verdict.why,
        )
        known = b if b is not None else a
        self.shape, self.dtype = list(known.shape), known.dtype.name
        number = lambda x: (
            x[verdict.index].item() if x is not None and x.ndim == len(verdict.index) and x.size else None
        )
        self.ours, self.torch = number(a), number(b)
        return self

    def told(self):
        file, line = self.where
        return asdict(self) | {"line": f"{Path(file).name}:{line}" if file else "", "source": source(file, line)}


def source(file, line):
    """The text of a script's line."""
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()[line - 1].strip()
    except (OSError, IndexError):
        return ""


def sample(array):
    """An input as it is shown: its shape, dtype and first numbers."""
    return {"shape": list(array.shape), "dtype": array.dtype.name, "sample": [x.item() for x in array.flat[:6]]}


@dataclass
class Step:
    """One step of training: the losses, κ of each parameter's gradient, and a line for each call."""

    step: int
    loss: list[float | None] = field(default_factory=lambda: [None, None])
    kappa: dict[str, float | None] = field(default_factory=dict)
    drift: dict[str, float] = field(default_factory=dict)
    calls: dict[int, list[Any]] = field(default_factory=dict)

    @property
    def kept(self):
        """Whether its table is kept: of long runs not all are."""
        differs = any(row[-1] == "DIFFER" for row in self.calls.values())
        return differs or self.step <= WHOLE or self.step % EACH == 0

    def told(self, calls):
        rows = {"calls": list(self.calls.values())[:ROWS]} if calls and self.calls else {}
        return {"step": self.step, "loss": self.loss, "kappa": self.kappa, "drift": self.drift} | rows


def shortened(where):
    file, line = where
    return f"{Path(file).name}:{line}" if file else ""


def largest(array):
    return float(np.abs(array).max(initial=0.0))
