"""What arrives at a tensor on the way back, judged: the sum of what the calls that read it gave, and what was there before.

Each of those calls is made again by itself, from the reference's inputs and gradients: in ours, with roundings redone at random,
which says what rounding can do; and if that does not explain the difference, in torch, which says whose rule is to blame."""

from collections import defaultdict
from functools import partial
from weakref import ref

import numpy as np

from .compare import attempt
from .evidence import accuse
from .found import sample, shortened


class Arrivals:
    """The gradients of one walk after the other, as the reference told them, and who read which tensor."""

    def __init__(self, view):
        self.view, self.theirs = view, {}  # (number of a call, which of its results) -> the gradient that arrived there
        self.readers = defaultdict(list)  # serial of a tensor -> the Calls that read it, while their graph lives
        self.closed = False  # whether all that contributes is known: not where a walk was itself differentiated
        self.again = False  # whether this walk goes through what an earlier one recorded
        self.doubts = []  # what differs on the way through that: which tensors a rule reads is the engine's own affair

    def read(self, call):
        """The call has read its inputs, and some result of it may get a gradient."""
        for serial in {v.serial for _, v in call.given}:
            self.readers[serial].append(ref(call))

    def forget(self):
        """A walk is over: those that it went through are not asked again, nor those whose graph is gone."""
        for serial, calls in list(self.readers.items()):
            calls[:] = [c for c in calls if c() is not None and not self.upstream(c())]
            if not calls:
                del self.readers[serial]
        self.theirs, self.doubts = {}, []

    def upstream(self, call):
        """The gradients that arrived at the call's results, None for one that got none; nothing if none did."""
        found = [self.theirs.get((call.number, i)) for i in range(len(call.results))]
        return found if any(g is not None for g in found) else []

    def judge(self, label, where, serial, mine, theirs, before=None, measure=False, inner=False):
        """The verdict on what arrived at the tensor; if it differs, whoever is to blame is found. `inner`: it is no end of the walk."""
        view = self.view
        view.compared["gradients"] += 1
        readers = [call for c in self.readers.get(serial, ()) if (call := c()) is not None and self.upstream(call)]
        given_back = partial(self.given_back, serial)

        def total(engine, wide=False):
            if not readers:
                raise LookupError("nobody is known to have read it")
            return [sum((given_back(engine, c, wide) for c in readers), start=0 if before is None else before)]

        again, exact = lambda: total(view.engine), lambda: total(view.oracle, True)
        reach = lambda: [self.reach(serial, readers, before, theirs)]
        judge = lambda again: view.judge.judge(
            ("gradient", label, where), [mine], [theirs], again, exact, reach, measure
        )
        (verdict,) = judge(again if self.closed else None)
        if not verdict.agrees and not self.closed:
            (verdict,) = judge(again)
        if not verdict.agrees:
            mine = mine.copy()

            def blame():
                guilty = [c for c in readers if self.accused(c, serial)]
                if not guilty:
                    self.accuse_the_walk(label, where, verdict, mine, theirs, readers, before, given_back)

            self.doubts.append(blame)
            if not (inner and self.again):
                while self.doubts:
                    self.doubts.pop(0)()
        return verdict

    def given_back(self, serial, engine, call, wide=False, moved=None):
        """What the call gives back to that tensor, in the engine, or in the oracle's, of what came from above: or of this."""
        upstream = moved or self.upstream(call)
        _, slopes = (
            engine.again(call, upstream, wide) if engine is self.view.oracle else call.again(engine, upstream, wide)
        )
        parts = [g for (_, v), g in zip(call.given, slopes) if v.serial == serial and g is not None]
        return sum(parts[1:], start=parts[0])

    def reach(self, serial, readers, before, theirs):
        """What rounding does in adding up the parts, and inside a rule, where it is as if what came from above were rounded."""
        unit, rng = np.finfo(theirs.dtype).eps / 2, np.random.default_rng(0)
        rounded = lambda g: None if g is None else g.astype(np.float64) * (1 + unit * rng.choice((-1, 1), g.shape))
        asked = partial(self.given_back, serial, self.view.oracle)
        reach = 0 if before is None else unit * np.abs(before)
        for c in readers:
            part = asked(c, True)
            moved = [asked(c, True, [rounded(g) for g in self.upstream(c)]) - part for _ in range(3)]
            reach = reach + unit * np.abs(part) + np.sqrt(np.mean(np.square(moved), 0))
        return reach

    def accused(self, call, serial):
        """Whether the call's own rule is wrong: it is asked by itself, in both engines."""
        view, back = self.view, partial(self.given_back, serial)
        ours, theirs = attempt(lambda: back(view.engine, call)), attempt(lambda: back(view.oracle, call))
        if ours is None or theirs is None:
            return False
        again, exact = lambda: [back(view.engine, call)], lambda: [back(view.oracle, call, True)]
        reach = lambda: [self.reach(serial, [call], None, theirs)]
        (verdict,) = view.judge.judge(("rule", call.name, call.where), [ours], [theirs], again, exact, reach)
        if verdict.agrees:
            return False
        name, k = view.names.of_torch(call.name), next(k for k, (_, v) in enumerate(call.given) if v.serial == serial)
        view.mark(call.number)
        wrt, upstream = view.named(call)[k], self.upstream(call)[0]
        finding = view.finding("gradient", name, call.where, wrt, call.number).said(verdict, ours, theirs)
        finding.inputs = view.saw(call)
        if upstream is not None:
            finding.inputs.append({"name": "gradient of the output", "agrees": True} | sample(upstream))
        if view.find(finding):
            accuse(finding, ours, theirs, what="gradient", call=call, engine=view.engine, upstream=upstream, wrt=wrt)
        return True

    def accuse_the_walk(self, label, where, verdict, mine, theirs, readers, before, given_back):
        """Every rule is right by itself, so it is their sum that is not."""
        view = self.view
        finding = view.finding("accumulated gradient", "backward", where, label).said(verdict, mine, theirs)
        origin = lambda c: f"from {view.names.of_torch(c.name)} at {shortened(c.where)}, call {c.number}"
        parts = {origin(c): attempt(lambda c=c: given_back(view.engine, c)) for c in readers}
        parts = {name: part for name, part in parts.items() if part is not None}
        finding.inputs = [{"name": name, "agrees": True} | sample(part) for name, part in parts.items()]
        if view.find(finding):
            beside = {} if before is None else {"grad": before}
            accuse(finding, mine, theirs, what="accumulated gradient", inputs=parts, before=beside)


def inner(results, given):
    """The nodes from which results of one call were computed, up to what it was given. Where one is itself a result's, what
    arrives there is more than what arrives at that result."""
    ends = {t.grad_fn for t in given}
    found = {t.grad_fn for t in results} - ends - {None} if len(results) > 1 else set()
    inside, waiting = set(), list(found)
    while waiting:
        new = {node for node, _ in waiting.pop().next_functions} - inside - ends - {None}
        inside |= new
        waiting += new
    return inside
