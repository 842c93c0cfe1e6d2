"""What a thread may switch: whether graphs are built, and anomaly mode."""

import functools
import inspect
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from .. import graph
from ..thread import Watcher, thread, watching


class grad_mode:
    """Build graphs, or do not, while open; as a context manager or as a decorator. Each thread has its own."""

    mode: bool

    def __new__(cls, function=None):
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(thread.grad)
        thread.grad = self.mode

    def __exit__(self, *_: Any) -> None:
        thread.grad = self.before.pop()

    def __call__(self, function):
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def steps(*args, **kwargs):
                generator = function(*args, **kwargs)
                resume = functools.partial(next, generator)
                while True:
                    with set_grad_enabled(self.mode):
                        try:
                            value = resume()
                        except StopIteration as end:
                            return end.value
                    try:
                        resume = functools.partial(generator.send, (yield value))
                    except GeneratorExit:
                        generator.close()
                        raise
                    except BaseException as error:
                        resume = functools.partial(generator.throw, error)

            return steps

        @functools.wraps(function)
        def within(*args, **kwargs):
            with set_grad_enabled(self.mode):
                return function(*args, **kwargs)

        return within


class no_grad(grad_mode):
    """Compute without building a graph: `with no_grad():`, `@no_grad()` or `@no_grad`."""

    mode = False


class enable_grad(grad_mode):
    """Build a graph, also inside `no_grad()`."""

    mode = True


class set_grad_enabled(grad_mode):
    """Build graphs from here on, or do not; for as long as it is open, if it is used as a context manager."""

    def __new__(cls, mode):
        return object.__new__(cls)

    def __init__(self, mode):
        self.mode, self.before = bool(mode), [thread.grad]
        thread.grad = self.mode

    def __enter__(self):
        thread.grad = self.mode

    def __call__(self, function):
        thread.grad = self.before[0]  # a decorator changes nothing until its function is called
        return super().__call__(function)


def is_grad_enabled():
    """Whether this thread builds graphs."""
    return thread.grad


# ------------------------------------------------------------------ anomaly mode


class Anomaly(Watcher):
    """The watcher that remembers the line of each op, and stops a walk at the first NaN."""

    def __init__(self, check_nan):
        self.check_nan = check_nan

    def born(self, node):
        graph.origin[node] = users_line()

    def backward(self, node, g, parts):
        for i, part in enumerate(parts):
            if self.check_nan and part is not None and np.isnan(getattr(part, "array", part)).any():
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {i}th output.{graph.where_made(node)}"
                )
        return parts


def users_line():
    """The innermost line of the program that is not this package's."""
    frames = (
        f
        for f in reversed(traceback.extract_stack())
        if PACKAGE not in f.filename and not f.filename.startswith("<the forms")
    )
    frame = next(frames, None)
    return f'File "{frame.filename}", line {frame.lineno}: {frame.line}' if frame else "a line outside any file"


PACKAGE = str(Path(__file__).parent.parent)


class detect_anomaly(watching):
    """While open, remember where each op was called, say so in errors, and raise RuntimeError where a gradient is NaN.

    https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection"""

    def __init__(self, check_nan=True):
        super().__init__(Anomaly(check_nan))


class set_detect_anomaly(detect_anomaly):
    """Anomaly mode from here on, or for as long as it is open."""

    def __init__(self, mode, check_nan=True):
        super().__init__(check_nan)
        if mode:
            self.__enter__()
        else:
            for watcher in [w for w in thread.watchers if isinstance(w, Anomaly)]:
                self.watcher = watcher
                self.__exit__()

    def __enter__(self):
        return self if self.watcher in thread.watchers else super().__enter__()
