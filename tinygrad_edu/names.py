"""Where people find a function: torch's namespaces, which the declarations fill."""

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
