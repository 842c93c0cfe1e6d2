"""Tensors as torch prints them."""

import math
from types import SimpleNamespace

import numpy as np

from .dtype import BY_NUMPY, bool, get_default_dtype, int64

OPTIONS = SimpleNamespace(precision=4, threshold=1000, edgeitems=3, linewidth=80, sci_mode=None)


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """How tensors are printed from here on.

    https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html"""
    profiles = {
        "default": dict(precision=4, threshold=1000, edgeitems=3, linewidth=80),
        "short": dict(precision=2, threshold=1000, edgeitems=2, linewidth=80),
        "full": dict(precision=4, threshold=math.inf, edgeitems=3, linewidth=80),
    }
    if profile is not None:
        vars(OPTIONS).update(profiles[profile])
    given = dict(precision=precision, threshold=threshold, edgeitems=edgeitems, linewidth=linewidth)
    vars(OPTIONS).update({name: value for name, value in given.items() if value is not None}, sci_mode=sci_mode)


class Format:
    """How the numbers of one tensor are written: all with the same width, and in one of three notations."""

    def __init__(self, values):
        self.float, self.integral, self.scientific, self.width = values.dtype.kind == "f", True, False, 1
        if not self.float:
            self.width = max((len(str(v)) for v in values.ravel().tolist()), default=1)
            return
        shown = values[np.isfinite(values) & (values != 0)].astype(np.float64)
        if not shown.size:
            return
        low, high = np.abs(shown).min(), np.abs(shown).max()
        self.integral = not (shown != np.ceil(shown)).any()
        self.scientific = high / low > 1000 or high > 1e8 or (low < 1e-4 and not self.integral)
        if OPTIONS.sci_mode is not None:
            self.scientific = OPTIONS.sci_mode
        self.width = max(len(self.plain(v)) for v in shown.tolist())

    def plain(self, v):
        if not self.float:
            return str(v)
        if self.scientific:
            return f"{v:.{OPTIONS.precision}e}"
        if self.integral:
            return f"{v:.0f}" + ("." if math.isfinite(v) else "")
        return f"{v:.{OPTIONS.precision}f}"

    def __call__(self, v):
        return self.plain(v).rjust(self.width)


def array_text(array, indent, form, summarise):
    """Nested brackets, continued lines aligned under the first."""
    if array.ndim == 0:
        return form(array.item())
    edge = OPTIONS.edgeitems
    cut = summarise and len(array) > 2 * edge
    if cut and not edge:
        return "[...]"
    if array.ndim == 1:
        parts = [form(v) for v in (array[:edge] if cut else array).tolist()]
        parts += [" ...", *(form(v) for v in array[-edge:].tolist())] if cut else []
        per_line = max(1, (OPTIONS.linewidth - indent) // (form.width + 2))
        lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    rows = [array_text(row, indent + 1, form, summarise) for row in (array[:edge] if cut else array)]
    if cut:
        rows += ["...", *(array_text(row, indent + 1, form, summarise) for row in array[-edge:])]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(rows) + "]"


def edges_only(array):
    """The part of an array that a summary shows."""
    for axis, n in enumerate(array.shape):
        if n > 2 * OPTIONS.edgeitems:
            array = np.take(array, [*range(OPTIONS.edgeitems), *range(n - OPTIONS.edgeitems, n)], axis)
    return array


def tensor_text(t, prefix="tensor("):
    """`tensor([1., 2.], requires_grad=True)`."""
    array, suffixes = t.array, []
    if not array.size:
        body = "[]"
        if array.ndim != 1:
            suffixes.append(f"size={tuple(array.shape)}")
    else:
        summarise = array.size > OPTIONS.threshold
        body = array_text(array, len(prefix), Format(edges_only(array) if summarise else array), summarise)
        if not OPTIONS.edgeitems:
            suffixes.append(f"size={tuple(array.shape)}")
    d = BY_NUMPY[array.dtype]
    if d is not get_default_dtype() and not (array.size and d in (bool, int64)):
        suffixes.append(f"dtype={d}")
    if t.grad_fn is not None:
        suffixes.append(f"grad_fn=<{t.grad_fn.name()}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    text = prefix + body
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > OPTIONS.linewidth:
            text, column = text + ",\n" + " " * len(prefix) + suffix, len(prefix) + len(suffix)
        else:
            text, column = text + ", " + suffix, column + len(suffix) + 2
    return text + ")"
