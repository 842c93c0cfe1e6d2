"""What each thread has for itself: modes, and those who watch."""

import contextvars
import threading

import numpy as np


class Thread(threading.local):
    """What each thread has for itself: whether it builds graphs, and who watches its ops.

    `run(f, *args)` calls f with NumPy's warnings off, since torch is silent about log(0) (docs/adr/0002 has the cost).
    It is the engine's one switch: None says that somebody watches, and that every op must take the slow, general path.
    """

    grad = True
    watchers = ()

    def __init__(self):
        quiet = contextvars.Context()
        quiet.run(np.seterr, all="ignore")
        self.run = self.quietly = quiet.run


thread = Thread()


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


class watching:
    """While open, `watcher` sees every op of this thread."""

    def __init__(self, watcher):
        self.watcher = watcher

    def __enter__(self):
        thread.watchers, thread.run = (*thread.watchers, self.watcher), None
        return self.watcher

    def __exit__(self, *_):
        thread.watchers = tuple(w for w in thread.watchers if w is not self.watcher)
        thread.run = None if thread.watchers else thread.quietly
