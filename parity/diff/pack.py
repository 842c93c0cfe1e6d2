"""What the report's page must hold of a run, in few characters: columns, tables of what repeats, three digits.

A thousand steps of twenty calls have twenty thousand rows. But each step calls the same ops on the same lines, so the
rows' words are written once, as a sequence; a step is then its first call's number, its sequence and four columns.
"""

import json
import math

from tinygrad_edu.explain.html import plain

CELLS = 12_000  # steps times parameters, in one strip
ROWS = 40  # parameters in one strip
CALLS = 450_000  # characters of the tables of calls
LISTED = 1000  # calls in one step's table
FIRST = 20  # steps that are always kept
DIFFERING = 50  # steps that differ that are always kept
AROUND = 3  # lines of the script before and after the one in question
NAME = 120  # characters of a name


def differing(report):
    """The steps in which anything differs, in order."""
    found = {finding["step"] for finding in report["findings"] if finding.get("step") is not None}
    found |= {s["step"] for s in report["steps"] if any(call[-1] == "DIFFER" for call in s.get("calls") or ())}
    return sorted(found)


def kept(steps, always, every):
    """The numbers of the steps that stay when only every so many-th does: also the first, the last and `always`."""
    numbers = [s["step"] for s in steps]
    return {*numbers[:FIRST], *numbers[FIRST - 1 :: every], *numbers[-1:], *always}


def thin(steps, always, most):
    """At most about so many steps. One that stays stands for those before it that do not: it takes their worst."""
    keep = kept(steps, always, math.ceil(len(steps) / most) or 1)
    thinned, dropped = [], []
    for step in steps:
        dropped.append(step)
        if step["step"] in keep:
            thinned.append(step | {what: worst(s.get(what) or {} for s in dropped) for what in ("kappa", "drift")})
            dropped = []
    return thinned


def worst(found):
    """For each name the largest number that any of several dicts has for it."""
    largest = {}
    for numbers in found:
        for name, value in numbers.items():
            if value is not None and (name not in largest or size(value) > size(largest[name])):
                largest[name] = value
    return largest


def size(value):
    """NaN is worse than anything."""
    return math.inf if math.isnan(value) else abs(value)


class Packed:
    """The run as its page shows it: `steps` thinned, `kappa` and `drift` by parameter, and `data` for its script."""

    def __init__(self, report):
        self.differ = differing(report)
        names = list(dict.fromkeys(name for s in report["steps"] for name in s.get("kappa") or s.get("drift") or ()))
        self.parameters = len(names)
        most = max(CELLS // max(min(len(names), ROWS), 1), 200)
        self.steps = thin(report["steps"], self.differ[:DIFFERING], min(most, 2000))
        largest = worst(s["kappa"] for s in self.steps)
        if len(names) > ROWS:
            keep = set(sorted(names, key=lambda name: -size(largest.get(name, 0)))[:ROWS])
            names = [name for name in names if name in keep]
        self.rows = {what: {n: [s[what].get(n) for s in self.steps] for n in names} for what in ("kappa", "drift")}
        self.ours, self.torch = ([(s.get("loss") or (None, None))[i] for s in self.steps] for i in (0, 1))
        self.calls, self.tabled = tables(self.steps, set(self.differ[:DIFFERING]))
        self.tabled_of = sum(1 for s in report["steps"] if s.get("calls")), len(report["steps"])
        self.data = {
            "steps": [s["step"] for s in self.steps],
            "differ": self.differ[:DIFFERING],
            "ours": [plain(x, 9) for x in self.ours],
            "torch": [plain(x, 9) for x in self.torch],
            "rows": {what: [[plain(x) for x in row] for row in rows.values()] for what, rows in self.rows.items()},
            "calls": self.calls,
            "source": {"name": str(report["script"]).rpartition("/")[2], "lines": around(report)},
        }

    @property
    def delta(self):
        return [None if a is None or b is None else abs(a - b) for a, b in zip(self.ours, self.torch)]

    @property
    def edges(self):
        """Where the cells of a strip begin and end, on the axis of steps: a cell for those that it stands for."""
        return [0, *(s["step"] for s in self.steps)]


def tables(steps, always):
    """The tables of calls that fit, as {words, sequences, steps}, and how many steps have one."""
    words, sequences = Numbered(), Numbered()
    packed = {str(s["step"]): table(s["calls"], words, sequences) for s in steps if s.get("calls")}
    length = {step: len(json.dumps(columns)) for step, columns in packed.items()}
    every = 1
    while True:
        keep = {str(step) for step in kept(steps, always, every)} & packed.keys()
        if sum(length[step] for step in keep) <= CALLS or every > len(steps):
            break
        every = every * 5 // 2 if every in (2, 20, 200, 2000) else every * 2
    fit, room = {}, CALLS
    for step in sorted(keep, key=lambda step: (int(step) not in always, int(step))):
        room -= length[step]
        if room >= 0 or not fit:
            fit[step] = packed[step]
    return {"words": list(words), "sequences": [unflatten(s) for s in sequences], "steps": fit}, len(fit)


class Numbered(dict):
    """Each new thing's number; things in the order of their numbers."""

    def __missing__(self, thing):
        self[thing] = len(self)
        return self[thing]


def table(calls, words, sequences):
    """One step's calls: [the first one's number, its sequence, |Δ| and κ of outputs, |Δ| and κ of gradients]."""
    if len(calls) > LISTED:
        calls = [call for i, call in enumerate(calls) if i < LISTED or call[-1] == "DIFFER"][: 2 * LISTED]
    first = calls[0][0]
    sequence = tuple(
        (call - first, *(words[short(text)] for text in (line, op, shape(of), dtype, verdict)))
        for call, line, op, of, dtype, *_, verdict in calls
    )
    return [first, sequences[sequence], *([plain(call[i]) for call in calls] for i in range(5, 9))]


def unflatten(sequence):
    return [list(row) for row in sequence]


def shape(sizes):
    """(3, 4) as people write it; () is a scalar's.

    >>> shape([32, 2]), shape([]), shape(None)
    ('32 × 2', 'scalar', '–')
    """
    return "–" if sizes is None else " × ".join(map(str, sizes)) or "scalar"


def short(text):
    """Of a very long name, both ends."""
    text = str(text)
    return text if len(text) <= NAME else f"{text[: NAME // 2]}…{text[-NAME // 2 :]}"


def line_number(report, line):
    """41 for train.py:41; None for a line of another file."""
    name, _, number = str(line).rpartition(":")
    own = name.rsplit("/", 1)[-1] == str(report["script"]).rsplit("/", 1)[-1]
    return int(number) if own and number.isdigit() and 1 <= int(number) <= len(report["source"]) else None


def around(report):
    """The script's lines that calls and findings name, with their neighbours: {line number: text}."""
    named = {finding["line"] for finding in report["findings"] if finding.get("line")}
    named |= {call[1] for step in report["steps"] for call in step.get("calls") or ()}
    numbers = {line_number(report, line) for line in named} - {None}
    near = {n for m in numbers for n in range(max(m - AROUND, 1), min(m + AROUND, len(report["source"])) + 1)}
    return {str(n): report["source"][n - 1].rstrip("\n")[:240] for n in sorted(near)}
