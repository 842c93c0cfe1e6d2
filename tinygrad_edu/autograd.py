"""Gradients on request: `grad`, `backward`, anomaly mode, and where graphs are built at all."""

import functools
import traceback

import numpy as np

from . import graph
from .graph import thread, watching
from .tensor import Tensor, differentiate, made
from .tensor import backward as walk_back

# ------------------------------------------------------------------ gradients


def several(what):
    return (what,) if isinstance(what, Tensor) else tuple(what)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Add Σ dtensors/dleaf to every leaf's `.grad`; `Tensor.backward` for several tensors.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html"""
    tensors = several(tensors)
    gradients = (None,) * len(tensors) if grad_tensors is None else several(grad_tensors)
    walk_back(tensors, gradients, retain_graph, create_graph, inputs)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """Σ doutputs/dinput for each input, touching no `.grad`; differentiable again with `create_graph`.

    Raises RuntimeError where an input is not reached from the outputs (unless `allow_unused`, which gives None, or
    `materialize_grads`, which gives zeros) or does not require grad.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor(2.0, requires_grad=True)
    >>> (slope,) = tg.autograd.grad(x**5, x, create_graph=True)
    >>> tg.autograd.grad(slope, x)
    (tensor(160.),)
    """
    outputs, inputs = several(outputs), several(inputs)
    gradients = (None,) * len(outputs) if grad_outputs is None else several(grad_outputs)
    for i, x in enumerate(inputs):
        if x.node is None:
            raise RuntimeError(f"One of the differentiated Tensors does not require grad: input {i}, of shape {list(x.shape)}")
    keep = create_graph if retain_graph is None else retain_graph
    found, mine = differentiate(outputs, gradients, {x.node for x in inputs}, keep, create_graph)
    results = []
    for i, x in enumerate(inputs):
        g = found.get(x.node)
        if g is None and materialize_grads:
            g = np.zeros(x.shape, x.array.dtype)
        elif g is None and not allow_unused:
            raise RuntimeError(
                f"One of the differentiated Tensors appears to not have been used in the graph: input {i}, of shape"
                f" {list(x.shape)}. Set allow_unused=True if this is the desired behavior."
            )
        elif g is not None and not isinstance(g, Tensor) and x.node not in mine:
            g = np.array(g)  # somebody else holds this array too
        results.append(g if g is None or isinstance(g, Tensor) else made(g, None))
    return tuple(results)


# ------------------------------------------------------------------ where graphs are built


class grad_mode:
    """Build graphs, or do not, while open; as a context manager or as a decorator. Each thread has its own."""

    def __new__(cls, function=None):
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self):
        self.before = []

    def __enter__(self):
        self.before.append(thread.grad)
        thread.grad = self.mode

    def __exit__(self, *_):
        thread.grad = self.before.pop()

    def __call__(self, function):
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


class Anomaly:
    """The watcher that remembers the line of each op, and stops a walk at the first NaN."""

    def __init__(self, check_nan):
        self.check_nan = check_nan

    def forward(self, op, arrays, params, out):
        return out

    def born(self, node):
        graph.origin[node] = users_line()

    def backward(self, node, g, parts):
        for edge, part in zip(node.edges, parts):
            if self.check_nan and edge is not None and part is not None and np.isnan(getattr(part, "array", part)).any():
                i = sum(1 for e in node.edges[: node.edges.index(edge)])
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.{graph.told(node)}")
        return parts


def users_line():
    """The innermost line of the program that is not this package's."""
    frames = (f for f in reversed(traceback.extract_stack()) if PACKAGE not in f.filename and f.filename[0] != "<")
    frame = next(frames, None)
    return f'File "{frame.filename}", line {frame.lineno}: {frame.line}' if frame else "a line outside any file"


PACKAGE = __file__.rpartition("autograd")[0]


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
