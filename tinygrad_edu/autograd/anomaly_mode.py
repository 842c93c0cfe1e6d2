"""Anomaly mode: birth certificates of nan and inf, and the lines that made, freed or overwrote what backward needs."""

import weakref
from typing import Any

import numpy as np

from .. import graph
from ..memory import owner
from ..teaching import taught
from ..tensor import Tensor
from ..thread import Watcher, thread
from ..users import Line, users_frame, users_line
from .certificate import (
    TESTS,
    birth_in_backward,
    born_or_passed_on,
    elementwise,
    first,
    formula,
    found,
    given_gradient,
    numbers_at,
    place,
    stretched,
    written,
)
from .masked import gate, rewrite


def finite(array):
    return array.dtype.kind != "f" or np.isfinite(array).all()


class Anomaly(Watcher):
    """The watcher that remembers the line of each op, follows nan and inf from where they are born, and stops a walk at
    the first nan that it makes.

    Only what is not finite is followed: each such array has its trails, {"nan": trail, "inf": trail}, while it lives."""

    def __init__(self, check_nan):
        self.check_nan = check_nan
        self.arrays = {}  # id of an array -> (the array, weakly; its trails)
        self.nodes = weakref.WeakKeyDictionary()  # node -> the trails of the value that it made
        self.gradients = weakref.WeakKeyDictionary()  # node -> the trail of an inf in the gradient that it is given
        self.choices = weakref.WeakKeyDictionary()  # the node of a `where` -> its condition
        self.last = None  # what the op made that was seen last, if it was not finite: (array, trails)
        self.walking = (
            None,
            (),
            None,
        )  # of the last walk: its line, its roots, and the trail of a nan among their values

    # ---------------------------------------------------------------- forward

    def forward(self, op, arrays, params, out):
        self.last = None
        if self.check_nan and not finite(out):
            line = users_line()
            trails = {
                kind: born_or_passed_on(kind, op, arrays, out, self.trails_of, line)
                for kind, test in TESTS.items()
                if test(out).any()
            }
            self.follow(out, trails)
        return out

    def born(self, node):
        graph.origin[node] = users_line()
        if self.last is not None:
            self.nodes[node] = self.last[1]

    def applied(self, node, made, given):
        self.last = None
        self.nodes.pop(node, None)  # which were those of the last op that it called
        for array, copy in zip(made, given):
            if self.check_nan and not finite(copy):
                line = graph.origin[node]
                trails = self.trails_of(array, f"what {node.op.name} made", line)
                self.follow(copy, {kind: trail.passed_on(node.op.name, line) for kind, trail in trails.items()})
                self.nodes[node] = self.last[1]

    def wrote(self, tensor):
        line, array = users_line(), tensor.array
        whose = owner(tensor)
        whose.overwriter = line
        for node in (whose.node, tensor.node):
            if node is not None:
                graph.overwriter[node] = line
        if not self.check_nan:
            return
        if finite(array):
            self.arrays.pop(id(array), None)
            return
        if self.last is not None and np.array_equal(self.last[0], array, equal_nan=True):
            trails = self.last[1]
        else:
            trails = {kind: written(kind, array, line) for kind, test in TESTS.items() if test(array).any()}
        self.follow(whose.array, trails)
        self.follow(array, trails)
        self.last = None

    def follow(self, array, trails):
        key = id(array)
        self.arrays[key] = weakref.ref(array, lambda _: self.arrays.pop(key, None)), trails
        self.last = array, trails

    def known(self, array):
        """The trails of an array, or of another that looks at the same memory."""
        if id(array) in self.arrays:
            return self.arrays[id(array)][1]
        others = [(ref(), trails) for ref, trails in self.arrays.values()]
        return next((trails for a, trails in others if a is not None and np.may_share_memory(a, array)), {})

    def trails_of(self, array, name, line):
        """The trails of an array; what nobody has made came with the data."""
        trails, own = self.known(array), {}
        for kind, test in TESTS.items():
            if test(array).any():
                own[kind] = trails.get(kind) or found(kind, variable(array) or name, array, line)
        return own

    def tells(self, array):
        return self.known(array).get("nan") if self.check_nan else None

    # ---------------------------------------------------------------- backward

    def walk(self, outputs):
        line = users_line()
        values = [t.array for t in outputs if self.check_nan and t.array.size == 1 and np.isnan(t.array).all()]
        trails = [self.trails_of(array, "the loss", line)["nan"] for array in values]
        self.walking = line, [t.node for t in outputs], next(iter(trails), None)

    def walked(self, outputs):
        """Raise where the loss is nan although no gradient is: a step by it would follow no slope of anything."""
        _, _, trail = self.walking
        if trail is not None:
            name = outputs[0].node.name()
            raise RuntimeError(trail.taught(f"Function '{name}' made a loss that is nan, though no gradient of it is."))

    def backward(self, node, g, parts):
        if node.op.name == "where":
            self.choices[node] = node.saved[0].array
        return self.passed(node, parts, getattr(g, "array", g))

    def passed(self, node, parts, g=None):
        graph.freer[node] = self.walking[0]
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
        _, roots, of_loss = self.walking
        nans, idle = np.isnan(part), np.zeros(part.shape, bool)
        if g is not None:
            idle |= stretched([g], part.shape)[0] == 0 if elementwise(node.op) else not g.any()
        if of_loss is not None:
            return of_loss.taught(what, self.line_of(node))
        if (nans & ~idle).any():
            return self.trail_of_gradient("nan", node, g, i, part, first(nans & ~idle)).taught(what, self.line_of(node))
        return self.masked(
            what, node, g, i, part, first(nans), *gate(node, roots, self.choices, first(nans), part.shape)
        )

    def trail_of_gradient(self, kind, node, g, i, part, index):
        """Where an inf or nan in what a rule made was born: in the gradient that it was given, in the forward, or here."""
        line = self.line_of(node)
        if not node.op.rules and kind in (trails := self.known(part)):  # by the ops in a Function's backward
            return trails[kind]
        if g is not None and TESTS[kind](g).any():
            trail = self.gradients.get(node) or given_gradient(kind, g, self.walking[0])
            return trail.passed_on(f"the backward of {node.op.name}", line)
        trails = self.of_what_it_saved(node, part, index)
        if kind == "nan" and "nan" in trails:
            return trails["nan"]
        own = g is not None and np.isinf(g).any() and self.gradients.get(node)
        return birth_in_backward(kind, node, g, part, i, index, line, trails.get("inf") or own or None)

    def of_what_it_saved(self, node, part, index):
        """The trails of the values that a node's rules read, at that place if they go entry by entry."""
        trails = dict(self.nodes.get(node, {}))
        for x in node.saved or ():
            array = getattr(x, "array", getattr(getattr(x, "tensor", None), "array", x))
            if isinstance(array, np.ndarray) and not finite(array):
                view = stretched([array], part.shape)[0]
                if view is None or not elementwise(node.op) or not np.isfinite(view[index]):
                    trails |= self.trails_of(array, f"what {node.op.name} saved", self.line_of(node))
        return trails

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
        line = self.line_of(node) if older is None else older.root().line
        choice = self.line_of(chooser)
        at = "the same line" if choice == self.line_of(node) else choice
        said = f"A masked branch: `where` did not choose {place(index)} of it, and sends it the gradient 0, at {at}"
        why = "the chain rule multiplies by the slope of the branch that was not chosen too, and 0 * inf has no value"
        fix = rewrite(choice, branch, line, name) or f"where(c, {name}(where(c, x, 1)), y) for where(c, {name}(x), y)"
        fix = f"choose what goes into {name} too (the double where): {fix}"
        return taught(what, said, f"And 0 times the slope of {slope}", why=why, fix=fix)

    def line_of(self, node):
        return graph.origin.get(node, BEFORE)


BEFORE = Line("a line that ran before anomaly mode")


def variable(array):
    """The name of the user's variable that holds this very array, if one does."""
    frame = users_frame()
    known = {} if frame is None else frame.f_globals | frame.f_locals
    return next((name for name, v in known.items() if isinstance(v, Tensor) and v.array is array), None)


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
    """While open, remember where each op was called, say so in errors, and raise RuntimeError where a gradient is NaN.

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
