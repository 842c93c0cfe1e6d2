"""The list of suspects, and the hearing: each claims something, and what its claim says must be what is seen.

Some know what becomes of numbers: `@suspect` declares a function that yields what turns ours into the reference's. Others
know a formula: `@formula` declares one, whose keyword arguments are the parts that people get wrong, and `flaw` another
such part. With its own parts the formula must give the reference's numbers, with the flaw's ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from .evidence import Cause, Evidence

UNCHANGED, FORMULA, TURNED, AMOUNT, OBSERVED = range(5)  # the more a suspect knows, the sooner it is heard
MOST = 3

SUSPECTS: list[list[Callable[[Evidence], Iterator[Cause]]]] = [[], [], [], [], []]


def causes(evidence: Evidence) -> list[Cause]:
    """Those suspects that explain the numbers, at most three. Where a formula does, nothing more general is heard."""
    with np.errstate(all="ignore"):
        if not evidence.theirs.size or not evidence.ours.size or not evidence.differ:
            return []
        alone = " (only one number was compared)" if evidence.numbers == 1 else ""
        for suspects in SUSPECTS:
            stated: dict[str, Cause] = {}
            for cause in (cause for hear in suspects for cause in heard(hear, evidence)):
                stated.setdefault(cause.name, cause)
            if stated:
                return [replace(cause, words=cause.words + alone) for cause in islice(stated.values(), MOST)]
    return []


def heard(hear, evidence):
    """What a suspect claims with success; nothing if the evidence is not of its kind: a shape or an argument is missing."""
    try:
        return list(hear(evidence))
    except (LookupError, ValueError, TypeError, AttributeError):
        return []


# ------------------------------------------------------------------ what becomes of numbers


def suspect(name, tier=TURNED, rest=1 / 4):
    """Declare a suspect: a generator of (numbers, words), where the numbers, made of ours, are to be the reference's."""

    def declare(turns):
        def hear(evidence):
            e = evidence.motion
            for value, words in turns(e):
                if e.reproduces(value, e.theirs, rest):
                    yield Cause(name, words, tier == OBSERVED)

        SUSPECTS[tier].append(hear)
        return turns

    return declare


# ------------------------------------------------------------------ formulas, and their flaws


@dataclass
class Flaw:
    """Another part of a formula, under which name people know it, and what to say."""

    name: str
    words: str
    parts: dict[str, Any]


class Formula:
    """A formula as a function of the evidence; its parts are keyword arguments, and right as they stand.

    It is about results of some kinds (`kinds`) of some `ops`; `defaults` are torch's, of arguments that nobody gave. The
    rule of a custom Function may be anybody's."""

    def __init__(self, compute, kinds, ops, defaults):
        self.compute, self.kinds, self.ops, self.defaults = compute, kinds, ops, defaults
        self.flaws: list[Callable[[Evidence], Iterator[Flaw]]] = []
        self.__doc__ = compute.__doc__

    def __call__(self, evidence, **parts):
        return self.compute(replace(evidence, arguments=self.defaults | evidence.arguments), **parts)

    def about(self, e):
        return e.what in self.kinds and (e.op in self.ops or e.what == "rule")

    def flaw(self, name, words, **parts):
        """Declare a flaw: these parts instead of the right ones. Arguments stand in the words as {eps}."""
        self.flaws.append(lambda e: iter([Flaw(name, words, parts)]))

    def also(self, flaws):
        """Declare flaws that depend on the evidence: a generator of them."""
        self.flaws.append(flaws)
        return flaws

    def hear(self, evidence):
        if not self.about(evidence) or not evidence.reproduces(self(evidence), evidence.theirs):
            return
        e = replace(evidence, arguments=self.defaults | evidence.arguments)
        for flaw in [flaw for flaws in self.flaws for flaw in heard(flaws, e)]:
            yield from heard(lambda e, flaw=flaw: self.accused(e, flaw), e)

    def accused(self, e, flaw):
        value = np.asarray(self.compute(e, **flaw.parts))
        visible = value.shape != e.theirs.shape or not e.same(value, e.theirs)
        if visible and e.reproduces(value, e.ours):
            yield Cause(flaw.name, flaw.words.format_map(e.arguments))


KINDS = {
    "output": ("output", "loss"),
    "gradient": ("gradient", "rule"),
    "update": ("update",),
    "accumulated gradient": ("accumulated gradient",),
}


def formula(kind, *ops, **defaults):
    """Declare a formula of this kind of result, for these ops."""

    def declare(compute):
        made = Formula(compute, KINDS[kind], ops, defaults)
        SUSPECTS[FORMULA].append(made.hear)
        return made

    return declare
