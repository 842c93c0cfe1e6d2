"""A module and torch's, made and called alike: what both say."""

import warnings

import numpy as np

import tinygrad_edu as tg
from tests.functional.agree import agree


def tensors_in(found):
    """The tensors in nested tuples."""
    if hasattr(found, "detach"):
        return [found]
    return [t for part in found if part is not None for t in tensors_in(part)] if isinstance(found, tuple) else []


def weighted(found):
    """A sum of all numbers found, each with a weight of its own."""
    return sum((t * (1 + t.detach() * 0).cumsum(0).cos()).sum() for t in tensors_in(found) if t.requires_grad)


def learns(make, call, *inputs, dtype="float64", train=True):
    """A program: what a module of seed 0 says, every gradient of a weighted sum of that, and its bits at the start."""

    def program(t):
        t.manual_seed(0)
        module = make(t).to(getattr(t, dtype)).train(train)
        begun = [p.detach().clone() for p in module.parameters()]
        given = [t.tensor(x, dtype=getattr(t, dtype), requires_grad=True) for x in inputs]
        found = call(t, module, *given)
        leaves = [*module.parameters(), *given]
        grads = t.autograd.grad(weighted(found), leaves, allow_unused=True)
        return [repr(module), " ".join(n for n, _ in module.named_parameters()), begun, tensors_in(found), grads]

    return program


def same(program, torch):
    """torch's numbers but for rounding, or an exception of its type."""
    agree(program, tg, torch)


def told(program, engine):
    """The warnings that a program gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(engine)
    return [(w.category, w.filename) for w in caught]


def numbers(*shape):
    return np.random.default_rng(len(shape)).standard_normal(shape)
