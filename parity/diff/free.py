"""The free view: ours runs the script by itself, and each step is set beside the reference's. What does it do to training?"""

import numpy as np

from .calls import tensors
from .local import WALKS
from .optimizers import arrays, parameters
from .view import View


class Free(View):
    name = "free"

    def __init__(self, engine, stream, progress, names):
        super().__init__(engine, stream, progress)
        self.parted = self.stepped = self.taped = False

    def begin(self, name, where, given, direct=True):
        if self.paused or self.parted or name not in WALKS or not self.next("backward", where):
            return None
        *_, loss, taped = self.stream.take()
        if self.step.loss != [None, None] and not (self.stepped or self.taped):
            self.ended()
        root, self.taped = tensors(given[:1]), taped
        self.step.loss = [root[0].item() if len(root) == 1 and root[0].numel() == 1 else None, loss]
        return "walk"

    def end(self, token, result):
        if token and self.stream.ahead()[0] == "walked":
            self.stream.take()

    def next(self, kind, where):
        """Whether the reference has come to the same; where it has not, the runs have parted, and nothing more can be said."""
        if not self.parted and (found := self.stream.ahead()[0]) != kind:
            self.parted = True
            finding = self.finding("flow", kind, where, "")
            finding.why = f"running free, ours has come to {kind}, torch to {found}: their numbers led them apart"
            self.find(finding)
        return not self.parted

    def before(self, optimizer, args, kwargs):
        if not self.paused and self.next("before", self.tracer_line()):
            self.stream.take()
        self.paused = not any(callable(a) for a in (*args[1:], *kwargs.values()))

    def after(self, optimizer, args, kwargs):
        self.paused = False
        if self.next("after", ("", 0)):
            _, params, _ = self.stream.take()
            self.learn(optimizer)
            for p, mine, theirs in zip(parameters(optimizer), arrays(parameters(optimizer)), params):
                if mine.shape == theirs.shape:
                    self.step.drift[self.label(p)] = float(np.abs(np.subtract(mine, theirs, dtype=np.float64)).max(initial=0.0))
            self.stepped = True
            self.ended()

    def close(self, error, line):
        if self.step.loss != [None, None]:
            self.ended()
        kind, *rest = self.stream.ahead()
        self.error, self.torch = rest if kind == "end" else (None, "")
