"""One engine's side of the walk: an optimizer and its parameters, as NumPy arrays in and out, by (quantity, tensor)."""

import numpy as np
import torch

import tinygrad_edu as tg

from ..twin import array, copied

SHAPES = {"matrix": (3, 4), "vector": (4,), "number": (), "cube": (2, 1, 3), "nothing": (0, 2)}
LAST = ("number", "cube", "nothing")  # these are in a group of their own, where an optimizer has groups
LR = 0.02  # of that group


def numbers(dtype, seed):
    """Random arrays of the parameters' shapes."""
    rng = np.random.default_rng(seed)
    return {name: np.asarray(rng.standard_normal(shape), dtype) for name, shape in SHAPES.items()}


def gradients(dtype, step):
    """This step's gradients by name: some are zero, and of one parameter there is none now and then."""
    rng = np.random.default_rng(1000 + step)
    found = {}
    for i, (name, g) in enumerate(numbers(dtype, 1000 + step).items()):
        g = np.asarray(g * (rng.uniform(size=g.shape) < 0.8) * 10.0 ** rng.integers(-3, 2), dtype)
        if step % 11 != 5 + i:
            found[name] = np.zeros_like(g) if step % 7 == i else g
    return found


def namesake(lib, thing):
    """A torch tensor, or a tuple of such, as the engine's; anything else is what it was."""
    if isinstance(thing, tuple):
        return tuple(namesake(lib, part) for part in thing)
    return lib.tensor(np.array(thing.numpy())) if isinstance(thing, torch.Tensor) else thing


class Side:
    """An optimizer in the engine `lib`. `info` is its line of torch's table."""

    def __init__(self, lib, info, options, dtype, seed=0):
        self.lib, self.info, self.dtype = lib, info, dtype
        self.params = {name: lib.tensor(a).requires_grad_() for name, a in numbers(dtype, seed).items()}
        groups = [{"params": [p for name, p in self.params.items() if name not in LAST]}]
        groups.append({"params": [self.params[name] for name in LAST], "lr": LR})
        params = groups if info.supports_param_groups else list(self.params.values())
        options = {name: namesake(lib, value) for name, value in options.items()}
        self.optimizer = getattr(lib.optim, info.name)(params, **options)

    # ---------------------------------------------------------------- a step

    def state(self):
        """Parameters, and what is remembered of them, as they are now."""
        found = {("parameter", name): array(p) for name, p in self.params.items()}
        for name, p in self.params.items():
            found |= {(k, name): array(t) for k, t in self.optimizer.state.get(p, {}).items() if t is not None}
        return copied(found)

    def load(self, state):
        """Take over such a state, bit for bit; and the gradients, if it has any."""
        self.optimizer.state.clear()
        with self.lib.no_grad():
            for name, p in self.params.items():
                p.copy_(self.tensor(state["parameter", name]))
                p.grad = self.tensor(state["gradient", name]) if ("gradient", name) in state else None
                kept = {
                    what: a for (what, n), a in state.items() if n == name and what not in ("parameter", "gradient")
                }
                if kept:
                    self.optimizer.state[p] = {what: self.tensor(a) for what, a in kept.items()}

    def update(self, before):
        """What a step makes of a state with gradients."""
        self.load(before)
        self.optimizer.step()
        return self.state()

    def tensor(self, a):
        return self.lib.from_numpy(np.array(a))

    # ---------------------------------------------------------------- a training

    def train(self, steps):
        """Go downhill by itself."""
        for step in steps:
            self.optimizer.zero_grad()
            self.optimizer.step(self.closure(step))

    def closure(self, step):
        """What computes the loss Σ x² + √(1 + x²), x = p - c, and its gradients.

        The centers c are each step's own; but those of L-BFGS stay, for it learns the loss's curvature."""
        move = 0 if self.info.step_requires_closure else step
        centers = {name: self.tensor(a) for name, a in numbers(self.dtype, 100 + move).items()}

        def loss():
            self.optimizer.zero_grad()
            squares = [(p - centers[name]) ** 2 for name, p in self.params.items()]
            total = sum((x2 + (1 + x2).sqrt()).sum() for x2 in squares)
            total.backward()
            return total

        return loss

    def parameters(self):
        return copied({("parameter", name): array(p) for name, p in self.params.items()})

    # ---------------------------------------------------------------- a checkpoint

    def checkpoint(self, lib):
        """The state_dict, with tensors of the engine `lib` in it: a copy."""
        return carried(self.optimizer.state_dict(), lib)

    def resume(self, parameters, state_dict):
        """Go on from there."""
        with self.lib.no_grad():
            for name, p in self.params.items():
                p.copy_(self.tensor(parameters["parameter", name]))
        self.optimizer.load_state_dict(state_dict)
        return self


def carried(thing, lib):
    if isinstance(thing, dict):
        return {key: carried(value, lib) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return type(thing)(carried(value, lib) for value in thing)
    return lib.from_numpy(np.array(array(thing))) if isinstance(thing, (torch.Tensor, tg.Tensor)) else thing


def built(thing, loosely=False):
    """How a state_dict is built: keys in their order, dtypes and shapes of tensors, and all else as it is, but for floats.

    `loosely`, which is for L-BFGS: how many steps it took, and so remembers, may depend on a rounding."""
    if isinstance(thing, dict):
        return {key: built(value, loosely and key != "param_groups") for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        parts = [built(value, loosely) for value in thing]
        return type(thing)(sorted({str(part) for part in parts}) if loosely else parts)
    if isinstance(thing, (torch.Tensor, tg.Tensor)):
        return f"{thing.dtype}{list(thing.shape)}"
    return type(thing).__name__ if isinstance(thing, float) or (loosely and isinstance(thing, int)) else thing
