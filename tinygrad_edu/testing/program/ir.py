"""A program: a list of steps, each an operation on variables made before. Its text in torch's API is what is run.

A variable is known by a number, so that a step can be taken out and the others still say what they said; it gets its
letter when the program is printed.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from inspect import isroutine
from math import prod
from string import ascii_lowercase
from typing import Any

import numpy as np

from ...ops.index import region

TABS = "    "


@dataclass(frozen=True)
class Operation:
    """One thing that a step can do.

    text     how torch says it: {0}, {1} are the variables, {name} a parameter, {kwargs} all parameters as keywords
    draw     a choice of variables and parameters: (drawing) -> (variables, parameters, shape of what comes out), or None
    makes    whether a new variable comes out; if not, it is a statement
    kinks    (arrays, **parameters) -> arrays that are 0 where the operation has a kink or a jump
    """

    name: str
    text: str
    draw: Callable = field(compare=False, repr=False)
    makes: bool = True
    kinks: Callable | None = field(default=None, compare=False, repr=False)

    def __reduce__(self):
        from .vocabulary import OPERATIONS

        return OPERATIONS.__getitem__, (self.name,)


@dataclass(frozen=True)
class Index:
    """What stands in x[...]."""

    items: tuple

    @property
    def copies(self):
        """Whether x[...] has a memory of its own: not if it is a view."""
        return any(isinstance(item, list | bool) for item in self.items)

    def read(self, shape):
        """0, 1, 2, ... in this shape, read at the index as torch does: by numbers first, then by lists. (NumPy: by both at once.)"""
        arrays = tuple(as_array(item) if isinstance(item, list) else item for item in self.items)
        part, picks = region(np.arange(prod(shape)).reshape(shape), arrays)
        return part[picks]

    def __str__(self):
        return ", ".join(map(item_text, self.items or ((),))) + "," * (
            len(self.items) == 1 and isinstance(self.items[0], list)
        )


def as_array(numbers):
    array = np.array(numbers)
    return array if array.size else array.astype(int)


def item_text(item):
    if not isinstance(item, slice):
        return "..." if item is Ellipsis else repr(item)
    start, stop = ("" if it is None else it for it in (item.start, item.stop))
    return f"{start}:{stop}" + (f":{item.step}" if item.step not in (None, 1) else "")


@dataclass(frozen=True)
class Step:
    """One operation on variables; what comes out, if anything does, is the variable number `target`.

    `modes` are the blocks it stands in, from the outside: ("no_grad", "enable_grad")."""

    operation: Operation
    target: int
    variables: tuple[int, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] = ()

    def text(self, names):
        of = [names[v] for v in self.variables]
        unsaid = {name: value for name, value in self.parameters.items() if f"{{{name}}}" not in self.operation.text}
        kwargs = ", ".join(f"{name}={value!r}" for name, value in unsaid.items())
        said = self.operation.text.format(*of, kwargs=kwargs, **self.parameters)
        return f"{names[self.target]} = {said}" if self.operation.makes else said


def letters(n):
    """a, b, ..., z, a1, b1, ...; F is torch's, and so no letter here."""
    return [f"{ascii_lowercase[i % 26]}{i // 26 or ''}" for i in range(n)]


@dataclass(frozen=True, repr=False)
class Program:
    """What `programs()` draws: str() is its source, `run(torch)` what becomes of it in an engine, `script()` a file to send.

    >>> import tinygrad_edu as tg
    >>> program = Program.of(("tensor", (), {"data": [1.0, 2.0], "dtype": "float64", "requires_grad": True}),
    ...                      ("mul", (0, 0), {}), ("backward", (1,), {"of": ".sum()"}))
    >>> print(program)
    a = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    b = a * a
    b.sum().backward()
    >>> program.run(tg)["a.grad"]
    array([2., 4.])
    """

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, *steps: tuple) -> "Program":
        """A program from (name of operation, numbers of variables, parameters) of each step, which makes the variable of its place."""
        from .vocabulary import OPERATIONS

        return cls(tuple(Step(OPERATIONS[name], i, tuple(of), params) for i, (name, of, params) in enumerate(steps)))

    @cached_property
    def names(self) -> dict[int, str]:
        """The letter of each variable."""
        made = [step.target for step in self.steps if step.operation.makes]
        return dict(zip(made, letters(len(made))))

    @cached_property
    def keeping(self) -> list[int]:
        """The variables that keep their gradients: leaves, and those that were told to."""
        leaves = [step.target for step in self.steps if step.parameters.get("requires_grad")]
        return leaves + [step.variables[0] for step in self.steps if step.operation.name == "retain_grad"]

    def __repr__(self):
        return "\n" + "\n".join(f"    {line}" for line in str(self).splitlines()) + "\n"

    def _repr_pretty_(self, printer, cycle):
        """What Hypothesis prints of an example that fails."""
        printer.text(repr(self))

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, probe: bool = False) -> Iterator[str]:
        """The source; with `probe`, what each step with kinks is about to read is shown to `probe`."""
        open_: tuple[str, ...] = ()
        for number, step in enumerate(self.steps):
            shared = next(
                (i for i, (a, b) in enumerate(zip(open_, step.modes)) if a != b), min(len(open_), len(step.modes))
            )
            for depth, mode in enumerate(step.modes[shared:], shared):
                yield f"{TABS * depth}with torch.{mode}():"
            open_ = step.modes
            if probe and step.operation.kinks:
                yield f"{TABS * len(open_)}probe({number}, {', '.join(self.names[v] for v in step.variables)})"
            yield from (TABS * len(open_) + line for line in step.text(self.names).splitlines())

    def function(self, probe: bool = False) -> str:
        """The source as a function of the engine, which returns its variables by name."""
        lines = [*self.lines(probe), "return locals()"]
        if any("F." in line for line in lines):
            lines.insert(0, "F = torch.nn.functional")
        return f"def program(torch{', probe' * probe}):\n" + "".join(f"{TABS}{line}\n" for line in lines)

    def run(self, engine: Any) -> dict[str, Any]:
        """What the program does in an engine: "a" and so on are the numbers of its variables in the end, "a.grad" gradients
        where they are kept, "a.requires_grad" what it says. If it raises, "error" is the exception's type and "words" what it says, and that is all there is.

        An engine is a namespace with torch's names, as many as the program uses, whose tensors have torch's methods. Numbers
        are read by `.detach().numpy()`, else by `.data`, else by np.asarray. Or it is a function call(name, *variables,
        **parameters), which gets the operations by the names of the vocabulary, `tensor` and `backward` among them, and
        "numbers" and "gradient" of a variable in the end, to return arrays (or None)."""
        if isroutine(engine):
            return self.interpreted(engine)
        with engine.enable_grad() if hasattr(engine, "enable_grad") else nullcontext():
            run = compiled(self.function())
            try:
                found = run(engine)
            except Exception as error:
                return failure(error)
        return self.outcome(found, numbers, gradient)

    def wide(self):
        """The same program in float64."""
        widened = lambda v: "float64" if v == "float32" else v
        changed = lambda step: {name: widened(v) for name, v in step.parameters.items()}
        return Program(tuple(replace(step, parameters=changed(step)) for step in self.steps))

    def interpreted(self, call):
        """run, for an engine that is a function."""
        found: dict[int, Any] = {}
        try:
            for step in self.steps:
                with ExitStack() as blocks:
                    for mode in step.modes:
                        blocks.enter_context(call(mode))
                    found[step.target] = call(
                        step.operation.name, *(found[v] for v in step.variables), **step.parameters
                    )
            named = {name: found[v] for v, name in self.names.items()}
            return self.outcome(named, lambda x: call("numbers", x), lambda x: call("gradient", x))
        except Exception as error:
            return failure(error)

    def outcome(self, found, numbers, gradient):
        out: dict[str, Any] = {}
        for name in self.names.values():
            out[name] = numbers(found[name])
            if (wants := getattr(found[name], "requires_grad", None)) is not None:
                out[f"{name}.requires_grad"] = wants
        for variable in self.keeping:
            name = self.names[variable]
            out[f"{name}.grad"] = gradient(found[name])
        return out

    def script(self) -> str:
        """A file that runs the program in PyTorch and in tinygrad_edu, prints what differs, and exits with 1 if anything does."""
        from .script import script

        return script(self)

    def size(self) -> tuple[int, int]:
        """(operations, numbers): how many steps there are beside tensors and backwards, and how many numbers in the tensors."""
        tensors = [step for step in self.steps if step.operation.name == "tensor"]
        rest = [step for step in self.steps if step.operation.name not in ("tensor", "backward")]
        return len(rest), sum(np.size(step.parameters["data"]) for step in tensors)


@lru_cache(1024)
def compiled(source):
    """The function `program` that this source defines."""
    names: dict[str, Any] = {}
    exec(compile(source, "<program>", "exec"), names)
    return names["program"]


def failure(error):
    """The outcome of a program that raises. Its words are not compared: they are each engine's own."""
    return {"error": type(error).__name__, "words": str(error)}


def numbers(x):
    """The numbers of an engine's tensor, in an array of their own."""
    if x is None:
        return None
    if hasattr(x, "detach"):
        return np.array(x.detach().numpy())
    return np.array(x if isinstance(x, np.ndarray | np.generic) else getattr(x, "data", x))


def gradient(x):
    return numbers(getattr(x, "grad", None))
