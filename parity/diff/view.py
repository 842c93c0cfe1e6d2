"""What both views of a comparison share: the steps, the findings, and the optimizers' steps as both engines take them."""

import gc
import sys
from collections import Counter
from weakref import WeakSet

from .calls import tensors
from .found import AT_MOST, Finding, Step
from .optimizers import heard, parameters

WALKS = ("backward", "autograd.backward", "autograd.grad")


class View:
    """One run of the script in ours beside the reference's stream. Subclasses say what they compare."""

    name = ""
    paused = False  # while an optimizer steps: what it calls is not the script's
    line = None  # says where in the script a frame is
    clip = None  # where gradients were clipped since the last step, and what clip_grad_norm_ was given

    def __init__(self, engine, stream, progress):
        self.engine, self.stream, self.progress = engine, stream, progress
        self.steps, self.findings, self.compared = [], {}, Counter()
        self.step, self.tables, self.labels, self.known = Step(1), 0, {}, WeakSet()
        self.stepped = False  # whether there is an optimizer, whose steps are the training's

    # ---------------------------------------------------------------- what is found

    def find(self, finding):
        """Note a finding, or that one was made again. True if it is new."""
        if known := self.findings.get(finding.key):
            known.times += 1
            return False
        self.findings[finding.key] = finding
        return True

    def finding(self, what, op, where, tensor, call=0):
        return Finding(what, self.name, op, where, self.step.step, call, tensor)

    def pause(self, args, kwargs):
        """Nothing counts until the step is over, but what its closure calls."""
        self.paused = True
        return heard(args, kwargs, lambda listen: setattr(self, "paused", not listen))

    def here(self):
        return self.line(sys._getframe(1))

    def loss(self, given, theirs, taped):
        """A walk begins. Without an optimizer each is a step, but for those that only led to the next."""
        if self.step.loss != [None, None] and not (self.stepped or taped):
            self.ended()
        roots = tensors(given[:1])
        self.step.loss = [roots[0].item() if len(roots) == 1 and roots[0].numel() == 1 else None, theirs]

    def ended(self):
        """A step of training is over."""
        keep = self.step.kept and self.tables < AT_MOST
        self.tables += keep and bool(self.step.calls)
        self.steps.append(self.step.told(keep))
        self.progress(self.step.step, self.step.loss)
        self.step = Step(self.step.step + 1)

    def close(self, error):
        """The script is over."""
        if self.step.loss != [None, None] or self.step.calls:
            self.ended()
        kind, *rest = self.stream.ahead()
        self.error, self.torch = rest if kind == "end" else (None, "")

    # ---------------------------------------------------------------- names

    def label(self, tensor):
        """A parameter's name in its module, or a number."""
        return self.labels.setdefault(id(tensor), f"leaf {len(self.labels) + 1}")

    def learn(self, optimizer):
        """Find the modules that the optimizer's parameters are of, and hence their names."""
        if optimizer in self.known:
            return
        self.known.add(optimizer)
        modules = [m for m in gc.get_objects() if isinstance(m, self.engine.nn.Module)]
        inner = {id(child) for m in modules for child in m.children()}
        wanted = {id(p) for p in parameters(optimizer)}
        for module in (m for m in modules if id(m) not in inner):
            for name, p in module.named_parameters():
                if id(p) in wanted:
                    self.labels[id(p)] = name
        for i, p in enumerate(parameters(optimizer)):
            self.labels.setdefault(id(p), f"parameter {i}")
