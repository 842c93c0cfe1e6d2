"""Which call of the reference's is this one of ours? The same function, at the same line, of the same inputs."""

from itertools import takewhile

import numpy as np

from .calls import tensors, values

WINDOW = 4096  # calls that the reference may have made beyond ours, and still be matched
WHATEVER = {
    "copy_",
    "fill_",
    "zero_",
    "normal_",
    "uniform_",
    "random_",
    "bernoulli_",
    "exponential_",
}  # was there before


class Matching:
    """Finds the reference's calls in its stream; `unmatched` counts those that ours did not make."""

    def __init__(self, stream, names):
        self.stream, self.names, self.unmatched = stream, names, 0

    def coming(self, where, name):
        """(how far ahead, Call) for the calls of that function at that line, up to the next walk or step."""
        ahead = (self.stream.ahead(i) for i in range(WINDOW))
        for i, (_, call) in enumerate(takewhile(lambda message: message[0] == "call", ahead)):
            if call.where == where and self.names.of_torch(call.name) == name:
                yield i, call

    def match(self, name, where, given, direct):
        """(the reference's call that ours is, or None; whether it was given the same bits)

        Where no call was, the first that was given tensors of the same form will do, if it was made `direct`ly. Of no tensors,
        the numbers must be the same: modules make what they hold in different orders, and line after line in many sizes."""
        near, overwrites = None, name in WHATEVER or name.startswith("init.")
        for i, call in self.coming(where, name):
            if "item" in name and index(given) != index(call.args):
                continue  # a DataLoader of ours takes all rows of a batch at once
            likeness = alike([t.detach().numpy() for t in tensors(given)], [v.array for _, v in call.given])
            if not call.given and plain(given) != plain(call.args):
                continue
            if likeness == "equal" or (likeness and overwrites):
                return self.taken(i), True
            if near is None and likeness == "of one form" and direct and not self.ours_to_come(i):
                near = i
        return (None, False) if near is None else (self.taken(near), False)

    def ours_to_come(self, n):
        """Whether ours can make any of the next n calls: one that is like them, but comes after, is not passed over to."""
        return any(self.names.knows(self.stream.ahead(k)[1].name) for k in range(n))

    def drawn(self, call, name, ours):
        """The call that gave what ours did. What is made of no tensor may be matched too early: torch's samplers draw once
        more than they need."""
        if alike(ours, [v.array for v in call.results]) != "equal":
            for i, other in self.coming(call.where, name):
                if alike(ours, [v.array for v in other.results]) == "equal":
                    return self.taken(i)
        return call

    def taken(self, i):
        self.unmatched += i
        self.stream.drop(i)
        return self.stream.take()[1]

    def pass_over(self):
        """The kind of the next message that is no call; calls before it were not made by ours."""
        while self.stream.ahead()[0] == "call":
            self.taken(0)
            self.unmatched += 1
        return self.stream.ahead()[0]


def alike(ours, theirs):
    """Whether two lists of arrays are "equal" in every bit, or "of one form", or None of these."""
    if len(ours) != len(theirs) or any(a.shape != b.shape or a.dtype != b.dtype for a, b in zip(ours, theirs)):
        return None
    return "equal" if all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs)) else "of one form"


def plain(args):
    """The numbers among arguments, also in lists: sizes, mostly."""
    if isinstance(args, (list, tuple)):
        return [number for arg in args for number in plain(arg)]
    return [args] if type(args) in (int, float) else []


def index(given):
    """Of x[index] the index, as text, where it has no tensors in it."""
    return None if tensors(given[1:2]) or values(given[1:2]) else repr(list(given[1:2]))


def tied(call, ours):
    """Whether indices that differ from the reference's point at equal numbers of the call's input."""
    x, theirs = call.given[0][1].array, call.results[-1].array
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype or x.ndim != ours.ndim:
        return False
    axes = [d for d in range(x.ndim) if all(n == m or d == e for e, (n, m) in enumerate(zip(x.shape, ours.shape)))]
    return any((np.take_along_axis(x, ours, d) == np.take_along_axis(x, theirs, d)).all() for d in axes)
