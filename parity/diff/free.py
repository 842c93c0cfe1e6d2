"""The free view: ours runs the script by itself, and each step is set beside the reference's. What does it do to training?

Only the first step is judged: up to there nothing has had the time to grow, and what memory is shared with whom shows here, while the local
view writes the reference's numbers over it."""

import numpy as np

from .between import shared
from .compare import Judge
from .found import largest
from .optimizers import arrays, gradients, parameters
from .view import WALKS, View


class Free(View):
    name = "free"

    def __init__(self, engine, stream, progress):
        super().__init__(engine, stream, progress)
        self.parted = self.taped = False
        self.judge = Judge(stochastic=False)

    def begin(self, name, where, given, direct=True):
        if not self.paused and name in WALKS and self.reach("backward", where):
            *_, loss, taped = self.stream.take()
            self.loss(given, loss, self.taped)
            self.taped = taped
            return "walk"
        return None

    def end(self, token, result):
        if token and self.stream.ahead()[0] == "walked":
            self.stream.take()

    def reach(self, kind, where):
        """Whether the reference has come to the same; where it has not, the runs have parted, and nothing more can be said."""
        if not self.parted and (found := self.stream.ahead()[0]) != kind:
            self.parted = True
            finding = self.finding("flow", kind, where, "")
            finding.why = f"running free, ours has come to {kind}, torch to {found}: their numbers led them apart"
            self.find(finding)
        return not self.parted

    def before(self, optimizer, args, kwargs):
        if self.paused:
            return None
        self.paused = True
        if self.reach("before", self.here()):
            _, where, _, params, grads = self.stream.take()
            self.learn(optimizer)
            ps = parameters(optimizer)
            if not self.stepped:
                for what, mine, theirs in (("parameter", arrays(ps), params), ("gradient", gradients(ps), grads)):
                    # A gradient may be zero but for rounding, so all are measured by the largest.
                    most = max((largest(b) for b in theirs if b is not None), default=0.0)
                    self.judge.scales.update({(what, i): most for i in range(len(ps))})
                    for p, a, b, verdict in zip(ps, mine, theirs, self.judge.judge(what, mine, theirs)):
                        if not verdict.agrees:
                            finding = self.finding(
                                f"{what} before the step", type(optimizer).__name__, where, self.label(p)
                            )
                            finding.causes, finding.suspects = shared(optimizer, self.label)
                            self.find(finding.said(verdict, a, b))
        return self.pause(args, kwargs)

    def after(self, optimizer, args, kwargs):
        self.paused = False
        if self.reach("after", ("", 0)):
            _, params, _ = self.stream.take()
            for p, mine, theirs in zip(parameters(optimizer), arrays(parameters(optimizer)), params):
                if mine.shape == theirs.shape:
                    delta = np.abs(np.subtract(mine, theirs, dtype=np.float64))
                    self.step.drift[self.label(p)] = float(delta.max(initial=0.0))
            self.stepped = True
            self.ended()
