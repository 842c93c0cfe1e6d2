"""Anomaly mode: a walk stops at the first nan that a rule makes, and says where that nan was born and on which line."""

import weakref
from typing import Any

import numpy as np

from .. import graph
from ..teaching import taught
from ..thread import thread
from ..users import users_line
from .certificate import (
    TESTS,
    birth_in_backward,
    elementwise,
    first,
    formula,
    given_gradient,
    numbers_at,
    place,
    stretched,
)
from .following import Follower, finite, line_of
from .masked import gate, rewrite


class Anomaly(Follower):
    """The watcher that follows what is not finite in the forward, and judges it in the backward."""

    roots: tuple[Any, ...] = ()  # of the last walk, the nodes that it began with, weakly ...
    line: Any = None  # ... its line, ...
    of_loss: Any = None  # ... and the trail of a loss that is nan

    def __init__(self, check_nan):
        super().__init__(check_nan)
        self.gradients = weakref.WeakKeyDictionary()  # node -> the trail of an inf in the gradient that it is given
        self.choices = weakref.WeakKeyDictionary()  # the node of a `where` -> its condition

    def walk(self, outputs):
        self.line, self.roots = users_line(), [weakref.ref(t.node) for t in outputs]
        lost = [t.array for t in outputs if self.check_nan and t.array.size == 1 and np.isnan(t.array).all()]
        self.of_loss = self.trails_of(lost[0], "the loss", self.line)["nan"] if lost else None

    def walked(self, outputs):
        """Raise where the loss is nan although no gradient is: a step by it would follow no slope of anything."""
        if self.of_loss is not None:
            name = next(t.node.name() for t in outputs if np.isnan(t.array).any())
            raise RuntimeError(
                self.of_loss.taught(f"Function '{name}' made a loss that is nan, though no gradient of it is.")
            )

    def backward(self, node, g, parts):
        if node.op.name == "where":
            self.choices[node] = node.saved[0].array
        return self.passed(node, parts, getattr(g, "array", g))

    def passed(self, node, parts, g=None):
        graph.freer[node] = self.line
        if self.check_nan:
            for i, part in enumerate(parts):
                numbers = getattr(part, "array", part)
                if isinstance(numbers, (np.ndarray, np.generic)) and not finite(numbers):
                    self.judge(node, g, i, np.asarray(numbers))
        return parts

    def judge(self, node, g, i, part):
        """Raise for a nan that a rule made; of an inf, remember where it was born."""
        if np.isnan(part).any():
            what = f"Function '{node.name()}' returned nan values in its {i}th output.{graph.where_made(node)}"
            raise RuntimeError(self.certificate(what, node, g, i, part))
        edge = node.edges[i] if i < len(node.edges) else None
        if edge is not None and edge not in self.gradients:
            self.gradients[edge] = self.trail_of_gradient("inf", node, g, i, part, first(np.isinf(part)))

    def certificate(self, what, node, g, i, part):
        """The whole message for a nan in what a rule of `node` made of g for its i-th input."""
        if self.of_loss is not None:
            return self.of_loss.taught(what, line_of(node))
        nans, idle = np.isnan(part), np.zeros(part.shape, bool)
        if g is not None:
            idle |= stretched([g], part.shape)[0] == 0 if elementwise(node.op) else not g.any()
        if (nans & ~idle).any():
            return self.trail_of_gradient("nan", node, g, i, part, first(nans & ~idle)).taught(what, line_of(node))
        index, roots = first(nans), [root() for root in self.roots]
        return self.masked(what, node, g, i, part, index, *gate(node, roots, self.choices, index, part.shape))

    def trail_of_gradient(self, kind, node, g, i, part, index):
        """Where an inf or nan in what a rule made was born: in the gradient that it was given, in the forward, or here."""
        line = line_of(node)
        if not node.op.rules and kind in (trails := self.known(part)):  # by the ops in a Function's backward
            return trails[kind]
        if g is not None and TESTS[kind](g).any():
            of_inf = self.gradients.get(node)
            if of_inf is not None and kind == "nan":
                return of_inf.passed_on("a sum of gradients, inf - inf,", line)
            return (of_inf or given_gradient(kind, g, self.line)).passed_on(f"the backward of {node.op.name}", line)
        trails = self.of_what_it_saved(node, part, index)
        if kind == "nan" and "nan" in trails:
            return trails["nan"]
        own = g is not None and np.isinf(g).any() and self.gradients.get(node)
        return birth_in_backward(kind, node, g, part, i, index, line, trails.get("inf") or own or None)

    def masked(self, what, node, g, i, part, index, chooser, branch):
        """0 · inf: the gradient that arrives is 0, and the slope there is infinite or nan."""
        older = self.of_what_it_saved(node, part, index)
        older = older.get("nan") or older.get("inf")
        name = node.op.name if older is None else older.root().name or node.op.name
        slope = f"{node.op.name} there is nan: {formula(node.op, i)} with {numbers_at(node, g, part, i, index)}"
        if chooser is None:
            said = f"The gradient that arrives at {place(index)} is 0, and 0 times the slope of {slope}"
            why = "0 * inf has no value, so a factor 0 does not switch off a slope that is infinite"
            return taught(what, said, why=why, fix=f"keep what goes into {name} where its slope is finite")
        line = line_of(node) if older is None else older.root().line
        choice = line_of(chooser)
        at = "the same line" if choice == line_of(node) else choice
        said = f"A masked branch: `where` did not choose {place(index)} of it, and sends it the gradient 0, at {at}"
        why = "the chain rule multiplies by the slope of the branch that was not chosen too, and 0 * inf has no value"
        fix = rewrite(choice, branch, line, name) or f"where(c, {name}(where(c, x, 1)), y) for where(c, {name}(x), y)"
        fix = f"choose what goes into {name} too (the double where): {fix}"
        return taught(what, said, f"And 0 times the slope of {slope}", why=why, fix=fix)


class set_detect_anomaly:
    """Anomaly mode from here on, or none; for as long as it is open, if it is used as a context manager.

    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly"""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = anomalies()
        switch([Anomaly(check_nan)] if mode else [])

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: Any) -> None:
        switch(self.before)


class detect_anomaly:
    """While open, remember where each op was called, say so in errors, and raise RuntimeError where a gradient is NaN or,

    beyond torch, the loss of a backward() is; the message says where that NaN was born (docs/nan.md).
    https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly"""

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self.before = anomalies()
        switch([Anomaly(self.check_nan)])

    def __exit__(self, *_: Any) -> None:
        switch(self.before)


def anomalies():
    """Those of this thread's watchers that are anomaly mode: one, or none."""
    return [w for w in thread.watchers if isinstance(w, Anomaly)]


def switch(to):
    thread.watch([*(w for w in thread.watchers if not isinstance(w, Anomaly)), *to])


def is_anomaly_enabled() -> bool:
    """Whether this thread is in anomaly mode."""
    return bool(anomalies())


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode, where it is on, looks for NaN."""
    return all(w.check_nan for w in anomalies())
