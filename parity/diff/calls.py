"""A call of torch's API, as it can be told to another process, and made again there by another engine."""

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SHOWN = ("T", "mT", "H", "mH", "real")  # of what a tensor has as attributes, those that are calls in all but name


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor: its numbers, who it is (`serial`; another after each write), whether it requires grad, and is a leaf."""

    array: np.ndarray
    serial: int = 0
    grad: bool = False
    leaf: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Something that each engine has by a name: a dtype, a memory format."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """What cannot be told: a generator, a function. A call that has it cannot be made again."""

    what: str


@dataclass(eq=False)
class Call:
    """One call: torch's name for the function, the script's line, what it was given, and the tensors that it gave, or wrote to."""

    number: int
    name: str
    where: tuple[str, int]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: list[Value] = field(default_factory=list)
    touched: list[int] = field(default_factory=list)  # which of `given` it wrote to beside, as a norm its running mean

    @property
    def given(self):
        """The tensors among its arguments, each with the keyword that it was passed by, or None."""
        return [(None, v) for v in values(self.args)] + [(k, v) for k, a in self.kwargs.items() for v in values(a)]

    @property
    def writes(self):
        """Whether it writes into its first argument."""
        return written(self.name)

    def again(self, torch, gradients=None, wide=False, seed=None):
        """Make the call in the engine `torch`, on copies: (arrays of the results, those of the gradients of `given`).

        `gradients` are those of the results, None for one that has none; without them no gradient is taken. `wide`: in
        float64. With a `seed` what is given is moved by half its last bit, at random up or down."""
        made: list[Any] = []
        rng = None if seed is None else np.random.default_rng(seed)

        def tensor(value):
            floats = value.array.dtype.kind == "f"
            array = np.array(value.array, np.float64 if wide and floats else None)
            if rng and floats:
                array *= 1 + np.finfo(value.array.dtype).eps / 2 * rng.choice((-1, 1), array.shape)
            made.append(torch.from_numpy(array).requires_grad_(value.grad and gradients is not None))
            return made[-1] * 1 if value.grad and self.writes else made[-1]

        with torch.enable_grad():  # since a walk, within which it may be asked, has none
            args, kwargs = (rebuilt(torch, tree, tensor) for tree in (self.args, self.kwargs))
            result = resolve(torch, self.name)(*args, **kwargs)
        results = tensors(args[0] if self.writes else result) + [made[k] for k in self.touched]
        arrays = [r.detach().numpy() for r in results]
        if gradients is None:
            return arrays, []
        pairs = [
            (r, torch.from_numpy(np.array(g, r.detach().numpy().dtype)))
            for r, g in zip(results, gradients)
            if g is not None
        ]
        wanted = [x for x in made if x.requires_grad]
        found = iter(torch.autograd.grad([r for r, _ in pairs], wanted, [g for _, g in pairs], allow_unused=True))
        slopes = [next(found) if x.requires_grad else None for x in made]
        return arrays, [None if g is None else g.detach().numpy() for g in slopes]


def written(name):
    """Whether the function of this name writes into its first argument: add_, __iadd__, __setitem__."""
    last = name.rpartition(".")[2]
    return (last.endswith("_") and not last.endswith("__")) or last == "__setitem__" or last in IN_PLACE


IN_PLACE = {
    f"__i{operator}__"
    for operator in [
        "add",
        "sub",
        "mul",
        "div",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]
}


def resolve(torch, name):
    """What the engine has under torch's name: torch.Tensor.add, torch.Tensor.T.__get__; AttributeError if it has nothing."""
    parts = name.split(".")[1:]
    if parts[-1] == "__get__":
        owner = functools.reduce(getattr, parts[:-2], torch)
        return lambda x: getattr(x, parts[-2]) if isinstance(x, owner) else None
    return functools.reduce(getattr, parts, torch)


def values(tree):
    """The Values in nested arguments, in order."""
    if isinstance(tree, Value):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [v for part in parts for v in values(part)]


def tensors(tree):
    """The tensors of whichever engine in nested results."""
    if hasattr(tree, "detach"):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [t for part in parts for t in tensors(part)]


def write(tensor, array):
    """Put these numbers into a tensor's memory, past its version counter: nobody is to notice."""
    mine = tensor.detach().numpy()
    if (
        mine.shape == array.shape
        and mine.dtype == array.dtype
        and mine.flags.writeable
        and mine.tobytes() != array.tobytes()
    ):
        np.copyto(mine, array)


def told(thing, torch, value):
    """An argument as it can be told; `value` makes a Value of a tensor."""
    if isinstance(thing, torch.Tensor):
        return value(thing)
    if thing is None or isinstance(thing, (bool, int, float, str, np.ndarray, np.generic)) or thing is Ellipsis:
        return thing
    if isinstance(thing, (list, tuple)):
        parts = [told(part, torch, value) for part in thing]
        return parts if type(thing) is list else tuple(parts)
    if isinstance(thing, dict):
        return {key: told(part, torch, value) for key, part in thing.items()}
    if isinstance(thing, slice):
        return slice(*(told(part, torch, value) for part in (thing.start, thing.stop, thing.step)))
    if isinstance(thing, (torch.dtype, torch.memory_format, torch.layout)):
        return Named(str(thing).removeprefix("torch."))
    return None if isinstance(thing, torch.device) else Opaque(type(thing).__name__)


def rebuilt(torch, tree, tensor):
    """The argument again, in the engine `torch`; `tensor` makes a tensor of a Value."""
    if isinstance(tree, Value):
        return tensor(tree)
    if isinstance(tree, Named):
        return getattr(torch, tree.name)
    if isinstance(tree, Opaque):
        raise Untold(f"a {tree.what} cannot be told to another process")
    if isinstance(tree, (list, tuple)):
        parts = [rebuilt(torch, part, tensor) for part in tree]
        return parts if type(tree) is list else tuple(parts)
    if isinstance(tree, dict):
        return {key: rebuilt(torch, part, tensor) for key, part in tree.items()}
    return tree


class Untold(Exception):
    """A call has an argument that could not be told."""
