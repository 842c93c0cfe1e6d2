"""What was found: of one stage, of one operator or module, of all; and whether that is agreement."""

from collections import Counter
from dataclasses import dataclass, field

STAGES = (
    *("initial", "text", "forward", "gradient", "second", "in-place", "method", "alias"),
    *("buffers", "state", "copies", "error"),
)

PASS, REFUSED, NOTHING = "pass", "refused", "n/a"  # refused: an exception says that it can be differentiated once only
WRONG, RAISES, MISSING, ACCEPTS = "WRONG", "raises", "missing", "accepts"
MISSES = (WRONG, RAISES, MISSING, ACCEPTS)

ENOUGH = 0.99  # the share that must pass of all that is asked


@dataclass
class Outcome:
    """Of one stage of one sample: `told` in words, and where of our lines an exception came from."""

    verdict: str
    told: str = ""
    where: str | None = None
    ulp: int = 0


@dataclass
class Finding:
    """A stage that a sample did not pass."""

    stage: str
    dtype: str
    index: int
    sample: str
    verdict: str
    told: str
    where: str | None


@dataclass
class Row:
    """Of one operator or module: `counts` by (stage, dtype, verdict), `samples` by (dtype, whether all stages passed)."""

    key: str
    counts: Counter = field(default_factory=Counter)
    samples: Counter = field(default_factory=Counter)
    findings: list = field(default_factory=list)
    unasked: Counter = field(default_factory=Counter)  # by (stage, why nothing was asked)
    ulp: int = 0  # the worst of float32 values
    seconds: float = 0.0
    excluded: str = ""
    missing: str = ""

    @property
    def verdict(self):
        if self.excluded or self.missing:
            return "excluded" if self.excluded else MISSING
        return WRONG if any(f.verdict == WRONG for f in self.findings) else "miss" if self.findings else PASS

    def note(self, stage, dtype, index, sample, outcome):
        """Count an outcome; keep it, if it is a miss that was not told of this sample before."""
        self.counts[stage, dtype, outcome.verdict] += 1
        if outcome.verdict == NOTHING:
            self.unasked[stage, outcome.told] += 1
        known = any((f.dtype, f.index, f.told) == (dtype, index, outcome.told) for f in self.findings)
        if outcome.verdict in MISSES and not known:
            self.findings.append(Finding(stage, dtype, index, sample, outcome.verdict, outcome.told, outcome.where))


def asked(rows, stage, dtype=None):
    """How often each verdict came out of a stage, in one dtype or in all; but not where nothing could be asked."""
    found = Counter()
    for row in rows:
        for (s, d, verdict), n in row.counts.items():
            if s == stage and dtype in (None, d) and verdict != NOTHING:
                found[verdict] += n
    return found


def rates(rows):
    """{stage and dtype: (how much passes, how much was asked)} of the operators that are here."""
    here = [row for row in rows if not row.missing]
    dtypes = dict.fromkeys(dtype for row in here for _, dtype, _ in row.counts)
    found = {(stage, dtype): asked(here, stage, dtype) for stage in STAGES for dtype in dtypes}
    return {f"{stage} {d}".rstrip(): (n[PASS] + n[REFUSED], n.total()) for (stage, d), n in found.items() if n.total()}


def agrees(rows):
    """Whether no operator is missing, none is wrong, and enough passes of each stage."""
    good = not any(row.verdict in (MISSING, WRONG) for row in rows)
    return good and all(passed >= ENOUGH * total for passed, total in rates(rows).values())
