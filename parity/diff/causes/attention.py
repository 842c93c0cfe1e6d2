"""Suspects in attention and dropout: scores that are not scaled, masks that let the future through, shares exchanged."""

import math

import numpy as np

from .evidence import Cause, Unfit
from .softmax import softmax
from .suspects import FORMULA, SUSPECTS, Flaw, formula

DEFAULTS = dict(attn_mask=None, dropout_p=0.0, is_causal=False, scale=None)


def causal(shape, further=0):
    """Who may hear whom: query i the keys up to i + further."""
    return np.tri(*shape[-2:], further, dtype=bool)


def masked(scores, e, seen):
    """-∞ for what may not be heard; a mask of numbers is added."""
    mask = e.input("attn_mask")
    if e.options.is_causal:
        mask = seen(scores.shape)
    if mask is None:
        return scores
    return np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask


@formula("output", "scaled_dot_product_attention", **DEFAULTS)
def attend(e, size=lambda q: 1 / math.sqrt(q.shape[-1]), seen=causal, mask=masked, dim=-1, soft=softmax):
    """softmax(q kᵀ / √E, where heard) v."""
    q, k, v = (e.input(name) for name in ("query", "key", "value"))
    if e.options.dropout_p:
        raise Unfit("dropout")
    scale = size(q) if e.options.scale is None else e.options.scale
    return soft(mask(q @ k.mT * scale, e, seen), dim) @ v


SCALED = "where the reference has q kᵀ / √E, E being the length of a query"
attend.flaw("attention unscaled", f"ours has the scores q kᵀ, {SCALED}", size=lambda q: 1)
attend.flaw("attention over E", f"ours has the scores q kᵀ / E, {SCALED}", size=lambda q: 1 / q.shape[-1])
attend.flaw("attention times √E", f"ours has the scores q kᵀ √E, {SCALED}", size=lambda q: math.sqrt(q.shape[-1]))
attend.flaw(
    "one into the future",
    "ours lets each query hear one key that is still to come: the mask's diagonal is one too high",
    seen=lambda shape: causal(shape, 1),
)
attend.flaw(
    "not itself",
    "ours does not let a query hear its own place: the mask's diagonal is one too low",
    seen=lambda shape: causal(shape, -1),
)
attend.flaw(
    "mask turned round",
    "ours hears the future and not the past: the mask is transposed",
    seen=lambda shape: causal(shape).T,
)
attend.flaw("mask ignored", "ours ignores the mask: every query hears all keys", mask=lambda scores, e, seen: scores)
attend.flaw(
    "mask inverted",
    "ours hears what it should not, and only that: in torch's attn_mask True means: may be heard",
    mask=lambda scores, e, seen: np.where(e.input("attn_mask"), -np.inf, scores),
)
attend.flaw("wrong axis", "ours takes the softmax over the queries, and the reference over the keys", dim=-2)
attend.flaw("softmax missing", "ours weighs the values with the scores themselves", soft=lambda scores, dim: scores)


@attend.also
def after(e):
    """The mask that comes too late knows its shape only then."""
    late = lambda scores, dim: (
        softmax(scores, dim) * (causal(scores.shape) if e.options.is_causal else e.input("attn_mask"))
    )
    words = "ours sets weights to 0 after the softmax, and so they do not add up to 1: set scores to -∞ before it"
    yield Flaw("masked after softmax", words, dict(mask=lambda scores, e, seen: scores, soft=late))


# ------------------------------------------------------------------ dropout, which only what it has kept tells about

SURE = 12  # so many numbers must speak for an exchange before it is one


@formula("output", "dropout", p=0.5, training=True)
def dropped(e, size=lambda p: 1 / (1 - p)):
    """x / (1 - p) where it is kept, which the reference says."""
    return np.where(e.theirs != 0, e.given[0] * size(e.options.p), 0)


dropped.flaw("dropout unscaled", "what ours keeps is not made larger by 1 / (1 - p), p = {p}", size=lambda p: 1)
dropped.flaw("dropout scaled by p", "ours divides by p = {p}, and not by 1 - p", size=lambda p: 1 / p)
dropped.flaw("dropout shrinks", "ours multiplies by 1 - p, p = {p}, and does not divide by it", size=lambda p: 1 - p)


def kept_and_dropped(e):
    """Ours keeps a share of p, and the reference one of 1 - p, of the same draws: the one's are among the other's."""
    p = e.arguments.get("p", 0.5)
    if e.op != "dropout" or e.ours.shape != e.theirs.shape or not 0 < p < 1:
        return
    some = e.given[0] != 0
    ours, theirs, n = (e.ours != 0)[some], (e.theirs != 0)[some], int(some.sum())
    likely = lambda kept, share: abs(kept - n * share) <= 4 * math.sqrt(n * p * (1 - p))
    nested = not (ours & ~theirs).any() or not (theirs & ~ours).any() or not (ours == theirs).any()
    values = np.where((e.ours != 0) & (e.theirs != 0), e.theirs, e.ours)
    told = abs(1 - 2 * p) * n >= SURE and likely(ours.sum(), p) and likely(theirs.sum(), 1 - p) and nested
    complement = n >= SURE and not (ours == theirs).any()
    if (told or complement) and e.reproduces(values, e.ours):
        words = f"ours keeps {ours.sum()} of {n} numbers and the reference {theirs.sum()}, with p = {p:g}"
        yield Cause(
            "kept and dropped exchanged", f"{words}: p is the share that is dropped, 1 - p the share that is kept"
        )


SUSPECTS[FORMULA].append(kept_and_dropped)
