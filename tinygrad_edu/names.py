"""Where people find a function: torch's namespaces, which the declarations fill; and what they hear of a name not there."""

import sys

import numpy as np

from .tensor import Tensor

namespaces = {place: {} for place in ("torch", "Tensor", "nn.functional", "linalg", "special")}


def publish(function, name, places, also=""):
    """Make a function known by `name` in each of `places`; and by each name in `also`, there or where its dots say."""
    for place in places.split():
        namespaces[place][name] = function
        if place == "Tensor":
            setattr(Tensor, name, function)
    for alias in also.split():
        place, _, bare = alias.rpartition(".")
        publish(function, bare, place or places)


def publish_operator(call, operator):
    """Make a function Python's operator, on both sides where it has two: "sub" is x - 2 and 2 - x."""
    setattr(Tensor, f"__{operator}__", unless_foreign(call) if operator in ("eq", "ne") else call)
    if hasattr(np.ndarray, f"__r{operator}__"):
        setattr(Tensor, f"__r{operator}__", lambda y, x: call(x, y))


def unless_foreign(call):
    """== and != leave it to the other side, and in the end to `is`, where that is no tensor, number or array."""
    known = (Tensor, int, float, np.ndarray, np.generic)
    return lambda x, y: call(x, y) if isinstance(y, known) else NotImplemented


# ------------------------------------------------------------------ names that are not there


class Absence:
    """The message of Python's AttributeError, and the nearest names: they are looked for when somebody reads it."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __str__(self):
        near = nearest(self.name, dir(sys.modules[self.module]))
        return f"module '{self.module}' has no attribute '{self.name}'{near}"

    __repr__ = __str__


def missing(module, name):
    """The error for a name that a module does not have. (Python would guess once more, if it heard of which object.)"""
    return AttributeError(Absence(module, name), name=name)


def nearest(name, names):
    """ "; nearest: a, b", or nothing where nothing is near. Case says little: `Relu` means `ReLU`."""
    from difflib import get_close_matches  # here, since few programs ask, and all would wait

    spelt: dict[str, list[str]] = {}
    for n in names:
        if n[0] != "_":
            spelt.setdefault(n.lower(), []).append(n)
    near = [n for close in get_close_matches(name.lower(), spelt) for n in spelt[close]]
    return f"; nearest: {', '.join(near)}" if near else ""


def missing_from(module):
    """A module's `__getattr__`, which Python calls for what the module does not have."""

    def __getattr__(name):
        raise missing(module, name)

    return __getattr__
