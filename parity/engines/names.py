"""Which parameter of an engine is which of the reference's, and whether it lies there as its transpose.

By name, where all are the same; else as the engine's `names` has it, {"W1": "0.weight.T"}, in which .T says that the
engine's array is the transpose; else in their order. A matrix whose shape fits only transposed is taken to be so."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np


@dataclass(frozen=True)
class Pair:
    """One parameter, by the engine's name and by torch's."""

    own: str
    torch: str
    transposed: bool = False

    def __str__(self):
        return f"{self.own} = {self.torch}{'.T' if self.transposed else ''}" if self.own != self.torch else self.own

    def turned(self, a):
        """torch's array as the engine has it."""
        return a.T if self.transposed else a


class Unpaired(Exception):
    """The engine's parameters are not the reference's, as far as can be told."""


def paired(own, theirs, names=None):
    """The pairs, in the reference's order, of two models' arrays by name."""
    own, theirs = ({name: np.shape(a) for name, a in arrays.items()} for arrays in (own, theirs))
    said = names or (dict(zip(own, own if set(own) == set(theirs) else theirs)))
    told = {name: said[name].removesuffix(".T") for name in own if name in said}
    if len(own) != len(theirs) or set(told) != set(own) or set(told.values()) != set(theirs):
        raise Unpaired(
            f"the engine's parameters are {listed(own)}, the reference's {listed(theirs)}: they must be the same, one by"
            ' one. If the order is not, give the adapter a dict: names = {"W1": "0.weight", ...}'
        )
    order = {name: i for i, name in enumerate(theirs)}
    pairs = [pair(name, torch, said[name].endswith(".T"), own, theirs) for name, torch in told.items()]
    return sorted(pairs, key=lambda pair: order[pair.torch])


def pair(name, torch, transposed, own, theirs):
    """The pair of two parameters, if their shapes allow it."""
    shape, flipped = own[name], theirs[torch][::-1]
    if shape == (flipped if transposed else theirs[torch]):
        return Pair(name, torch, transposed)
    if len(shape) == 2 and shape == flipped:
        return Pair(name, torch, True)
    raise Unpaired(
        f"{name} has the shape {shape} in the engine; the reference's {torch} has {theirs[torch]}. If they are not meant to"
        ' be the same parameter, give the adapter a dict: names = {"W1": "0.weight", ...}'
    )


def listed(shapes):
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"


def other_ways(pairs, arrays):
    """The same pairs with one, two, ... square matrices the other way round, of which no shape can tell."""
    square = [i for i, pair in enumerate(pairs) if len(s := arrays[pair.torch].shape) == 2 and s[0] == s[1] > 1]
    for some in (some for n in range(1, len(square) + 1) for some in combinations(square[:6], n)):
        yield [replace(pair, transposed=pair.transposed ^ (i in some)) for i, pair in enumerate(pairs)]
