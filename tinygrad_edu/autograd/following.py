"""Following nan and inf through the forward, from array to array, so that each can be traced to where it was born.

What is finite is not followed, and costs one look. Lines are remembered of all that is made and overwritten.
"""

import weakref

import numpy as np

from .. import graph
from ..memory import owner
from ..tensor import Tensor
from ..thread import Watcher
from ..users import Line, users_frame, users_line
from .certificate import TESTS, born_or_passed_on, elementwise, found, stretched, written

BEFORE = Line("a line that ran before anomaly mode")


class Follower(Watcher):
    """The watcher of the forward. Each array that is not finite has its trails, {"nan": trail, "inf": trail}."""

    def __init__(self, check_nan):
        self.check_nan = check_nan
        self.arrays = {}  # id of an array -> (the array, weakly; its trails)
        self.nodes = weakref.WeakKeyDictionary()  # node -> the trails of the value that it made
        self.last = None  # what the op made that was seen last, if it was not finite: (array, trails)

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
            self.last = out, trails
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
                self.nodes[node] = {kind: trail.passed_on(node.op.name, line) for kind, trail in trails.items()}
                self.follow(copy, self.nodes[node])

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
        """Remember the trails of an array for as long as it lives."""
        key = id(array)
        self.arrays[key] = weakref.ref(array, lambda _: self.arrays.pop(key, None)), trails

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
        if not own.keys() <= trails.keys():
            self.follow(array, own)
        return own

    def tells(self, array):
        return self.known(array).get("nan") if self.check_nan else None

    def of_what_it_saved(self, node, part, index):
        """The trails of the values that a node's rules read, at that place if they go entry by entry."""
        trails = dict(self.nodes.get(node, {}))
        for x in node.saved or ():
            array = getattr(x, "array", getattr(getattr(x, "tensor", None), "array", x))
            if isinstance(array, np.ndarray) and not finite(array):
                view = stretched([array], part.shape)[0]
                if view is None or not elementwise(node.op) or not np.isfinite(view[index]):
                    trails |= self.trails_of(array, f"what {node.op.name} saved", line_of(node))
        return trails


def finite(array):
    return array.dtype.kind != "f" or np.isfinite(array).all()


def line_of(node):
    """The line that made a node."""
    return graph.origin.get(node, BEFORE)


def variable(array):
    """The name of the user's variable that holds this very array, if one does."""
    frame = users_frame()
    known = {} if frame is None else frame.f_globals | frame.f_locals
    return next((name for name, v in known.items() if isinstance(v, Tensor) and v.array is array), None)
