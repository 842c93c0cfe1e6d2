"""Where people find a function: torch's namespaces, which the declarations fill."""

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
