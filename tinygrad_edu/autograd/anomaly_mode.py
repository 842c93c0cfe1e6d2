"""Anomaly mode: which line made the node where a gradient is NaN, or a saved value was overwritten."""

import linecache
import sys
from typing import Any

import numpy as np

from .. import graph
from ..thread import Watcher, thread
from ..users import frames, inside


class Anomaly(Watcher):
    """The watcher that remembers the line of each op, and stops a walk at the first NaN."""

    def __init__(self, check_nan):
        self.check_nan = check_nan

    def born(self, node):
        graph.origin[node] = users_line()

    def backward(self, node, g, parts):
        return self.passed(node, parts)

    def passed(self, node, parts):
        for i, part in enumerate(parts):
            numbers = getattr(part, "array", part)
            if self.check_nan and isinstance(numbers, (np.ndarray, np.generic)) and (numbers != numbers).any():
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {i}th output.{graph.where_made(node)}"
                )
        return parts


def users_line():
    """The innermost line of the program that is not this package's."""
    frame = next((f for f in frames(sys._getframe()) if not inside(f)), None)
    if frame is None:
        return "a line outside any file"
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f'File "{file}", line {line}: {linecache.getline(file, line).strip()}'


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
