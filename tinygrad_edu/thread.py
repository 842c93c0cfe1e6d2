"""What each thread has for itself: modes, and those who watch."""

import contextvars
import threading
from weakref import WeakValueDictionary

import numpy as np


class Thread(threading.local):
    """What each thread has for itself: whether it builds graphs, whether it is in inference mode, and who watches its ops.

    `run(f, *args)` calls f with NumPy's warnings off, since torch is silent about log(0) (docs/adr/0002 has the cost).
    It is the engine's one switch: None says that somebody watches, and that every op must take the slow, general path.
    """

    grad = True
    inference = False
    watchers = ()

    def __init__(self):
        quiet = contextvars.Context()
        quiet.run(np.seterr, all="ignore")
        self.run = self.quietly = self.plainly = quiet.run

    def watch(self, watchers):
        """From here on, these watch."""
        self.watchers = tuple(watchers)
        self.run = None if self.watchers else self.quietly

    def infer(self, inference):
        """From here on, note what ops make, or no longer do so."""
        self.inference = inference
        self.quietly = self.noting if inference else self.plainly
        self.watch(self.watchers)

    def noting(self, f, *arrays, **params):
        """f(*arrays), noted as made in inference mode."""
        made = self.plainly(f, *arrays, **params)
        made = np.asarray(made) if isinstance(made, np.generic) else made
        if isinstance(made, np.ndarray) and id(made) not in map(id, arrays):
            inferred[id(made)] = made
        return made


thread = Thread()
inferred = WeakValueDictionary()  # id -> array: those made in inference mode that are still alive


class Watcher:
    """One who sees every op and every rule go by, and lets them pass as they are."""

    def forward(self, op, arrays, params, out):
        """What op made of these arrays, or other numbers to put in its place."""
        return out

    def born(self, node):
        """A node was made."""

    def backward(self, node, g, parts):
        """What the rules of node's op made of g, or other gradients to put in their place."""
        return parts

    def passed(self, node, parts):
        """What a node made that has no rules, but a Function's backward, whose own ops are seen one by one."""
        return parts

    def applied(self, node, made, given):
        """A Function has made these arrays; `given` are those it gave back for them, which may be copies."""

    def wrote(self, tensor):
        """The memory of this tensor was written in place."""

    def walk(self, outputs):
        """A walk begins at these tensors."""

    def walked(self, outputs):
        """backward() has walked from these tensors, and is about to add to `.grad`."""

    def tells(self, array):
        """The trail of a nan in an array, where it knows one (autograd/certificate.py)."""
        return None


class watching:
    """While open, `watcher` sees every op of this thread."""

    def __init__(self, watcher):
        self.watcher = watcher

    def __enter__(self):
        thread.watch((*thread.watchers, self.watcher))
        return self.watcher

    def __exit__(self, *_):
        thread.watch(w for w in thread.watchers if w is not self.watcher)
