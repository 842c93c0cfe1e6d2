"""What happens between the calls that are compared: gradients are clipped, learning rates fall, and memory may be two tensors'."""

import gc
from itertools import combinations

import numpy as np

from .optimizers import gradients, parameters, states


def shared(optimizer, label):
    """(words, names of suspects) if memory is shared that must not be: by two gradients, or by one and what is remembered."""
    ps = parameters(optimizer)
    grads = {f"the gradient of {label(p)}": g for p, g in zip(ps, gradients(ps)) if g is not None}
    kept = {
        f"{key} of {label(p)}": a
        for p, state in zip(ps, states(optimizer))
        for key, a in state.items()
        if isinstance(a, np.ndarray)
    }
    for (one, a), (other, b) in combinations((grads | kept).items(), 2):
        if np.may_share_memory(a, b):
            name = "borrowed buffer" if other in kept else "shared gradient"
            return [f"{one} and {other} are one memory: it was taken as it is, and not copied"], [name]
    return [], []


def clipping(clip, left):
    """What clip_grad_norm_ was given: its arguments, and how long all that was left by the walk is taken together."""
    kind = float(clip["norm_type"])
    total = np.linalg.norm([np.linalg.norm(g.ravel(), kind) for g in left], kind)
    return {"max_norm": clip["max_norm"], "norm_type": kind, "total_norm": float(total)}


def schedule(engine, optimizer):
    """The schedule of the optimizer's learning rate, if it has one."""
    made = engine.optim.lr_scheduler.LRScheduler
    found = [s for s in gc.get_objects() if issubclass(type(s), made) and s.optimizer is optimizer]
    return found[0] if len(found) == 1 else None
