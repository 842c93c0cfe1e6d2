"""An optimizer of either engine, as arrays: what its step reads, and what it makes of it."""

import numpy as np

from .calls import write


def parameters(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def arrays(ps):
    return [p.detach().numpy() for p in ps]


def gradients(ps):
    return [None if p.grad is None else p.grad.detach().numpy() for p in ps]


def states(optimizer):
    """What it remembers of each parameter: the tensors and numbers, by name."""
    kept = [optimizer.state.get(p, {}) for p in parameters(optimizer)]
    numbers = lambda v: v.detach().numpy() if hasattr(v, "detach") else v
    known = lambda v: hasattr(v, "detach") or (isinstance(v, (int, float)) and not isinstance(v, bool))
    return [{key: numbers(v) for key, v in state.items() if known(v)} for state in kept]


def groups(optimizer):
    """The options of each group, those that can be told."""
    plain = lambda v: v.item() if hasattr(v, "item") else v
    kinds = (int, float, bool, str, tuple, type(None))
    return [
        {key: plain(v) for key, v in group.items() if key != "params" and isinstance(plain(v), kinds)}
        for group in optimizer.param_groups
    ]


def heard(args, kwargs, listen):
    """A step's arguments, whose closure is the script's own: listen(True) before each call of it, listen(False) after."""

    def called(closure):
        def call():
            listen(True)
            try:
                return closure()
            finally:
                listen(False)

        return call

    wrap = lambda a: called(a) if callable(a) else a
    return (*args[:1], *map(wrap, args[1:])), {key: wrap(a) for key, a in kwargs.items()}


def snapshot(params, grads, states):
    """All of it as arrays by (quantity, number of the parameter), as the judge of updates wants them."""
    found = {("parameter", i): np.array(a) for i, a in enumerate(params)}
    found |= {("gradient", i): np.array(g) for i, g in enumerate(grads) if g is not None}
    return found | {(key, i): np.array(v) for i, state in enumerate(states) for key, v in state.items()}


def results(found):
    """Of a snapshot what a step makes: all but the gradients."""
    return {key: a for key, a in found.items() if key[0] != "gradient"}


def settle(optimizer, params, states, grads=()):
    """Let it go on from these numbers, in the memory that it has."""
    for p, grad in zip(parameters(optimizer), grads):
        if grad is not None and p.grad is not None:
            write(p.grad, grad)
    for p, array, state in zip(parameters(optimizer), params, states):
        write(p, array)
        mine = optimizer.state[p] if state else {}
        for key, value in state.items():
            if hasattr(mine.get(key), "detach"):
                write(mine[key], np.asarray(value))
            elif key in mine:
                mine[key] = value


class Replay:
    """A step of the optimizer, to be taken again and again from other numbers; called with a snapshot, it gives one."""

    def __init__(self, engine, optimizer):
        self.engine, self.optimizer, self.kept = engine, optimizer, optimizer.state_dict()["state"]

    def __call__(self, before):
        self.load(before)
        with self.engine.no_grad():
            self.optimizer.step()
        ps = parameters(self.optimizer)
        return {key: a.copy() for key, a in results(snapshot(arrays(ps), [], states(self.optimizer))).items()}

    def load(self, before):
        tensor = lambda a: self.engine.from_numpy(np.array(a))
        moments: dict[int, dict[str, object]] = {}
        for i, p in enumerate(parameters(self.optimizer)):
            np.copyto(p.detach().numpy(), before["parameter", i])
            p.grad = tensor(before["gradient", i]) if ("gradient", i) in before else None
            others = {k: a for (k, n), a in before.items() if n == i and k not in ("parameter", "gradient")}
            if others:
                moments[i] = {k: tensor(a) for k, a in others.items()}
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
