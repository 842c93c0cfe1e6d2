"""The backward stepper: an Explanation of a loss, as text, in the terminal under the reader's keys, or as a page."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any, overload

from ..tensor import Tensor
from .names import Names
from .record import recording
from .step_page import card, page
from .step_text import step_text
from .steps import Step, steps


class Explanation(Sequence[Step]):
    """The steps of a backward pass, in the order of the walk. `print` it, index it, or write it as a page.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor(3.0, requires_grad=True)
    >>> with tg.explain.recording():
    ...     y = x * x
    >>> found = y.explain()
    >>> [step.name for step in found], float(found["x"].gradient)
    (['y', 'x'], 6.0)
    """

    def __init__(self, loss: Tensor, names: Any = None) -> None:
        self.names = Names(loss, names)
        self.steps = steps(loss, self.names)
        self.loss = self.steps[0].name

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, which: int | str) -> Step: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Step]: ...
    def __getitem__(self, which: int | str | slice) -> Step | Sequence[Step]:
        """A step by its place in the walk, or by what its node is called."""
        if not isinstance(which, str):
            return self.steps[which]
        found = next((step for step in self.steps if step.name == which), None)
        if found is None:
            raise KeyError(f"no step is called {which!r}; there are {', '.join(step.name for step in self.steps)}")
        return found

    def text(self, which: int | str) -> str:
        """One step as text."""
        return step_text(self[which], len(self), self.loss)

    def __str__(self) -> str:
        return "\n\n".join(self.text(i) for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self)} steps back from {self.loss}: print it, or .html('steps.html')>"

    def html(self, path: str | Path | None = None) -> str:
        """The page, one file that needs nothing else; written to `path`, if given."""
        text = page(self.steps, self.loss)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str:
        return card(self.steps, self.loss)


def explain(loss: Tensor, names: Any = None) -> Explanation:
    """The backward pass from a loss, step by step: formulas, shapes and numbers.

    `names` is a model, or a dict of tensors by name; without it, nodes are called as your variables are. RuntimeError
    where `backward()` would raise one. `.grad` and the graph stay as they are; hooks are called."""
    return Explanation(loss, names)


def step_backward(loss: Tensor | Callable[[], Tensor], names: Any = None) -> Explanation:
    """Walk the backward pass from a loss, or from what a function returns, which is called under `recording()`.

    In a terminal: n or → next, p or ← previous, /name to a node, q quit. Elsewhere all steps are printed."""
    if not isinstance(loss, Tensor):
        with recording():
            loss = loss()
    explanation = explain(loss, names)
    if sys.stdin.isatty() and sys.stdout.isatty():
        Walk(explanation).run()
    else:
        print(explanation)
    return explanation


# ---------------------------------------------------------------- the terminal

HELP = "n or → next   p or ← previous   /name jump   q quit"
CLEAR = "\x1b[2J\x1b[H"
ARROWS = {"\x1b[C": "n", "\x1b[B": "n", "\x1b[D": "p", "\x1b[A": "p"}


class Walk:
    """Where the reader is, and what a key does."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation, self.at, self.note = explanation, 0, ""

    def run(self) -> None:
        with keyboard() as read:
            while True:
                print(CLEAR + self.screen(), flush=True)
                try:
                    if not self.press(read()):
                        return
                except (EOFError, KeyboardInterrupt):
                    return

    def screen(self) -> str:
        return f"{self.explanation.text(self.at)}\n\n{self.note or HELP}"

    def press(self, key: str) -> bool:
        """What follows a key; False if that is the end."""
        self.note = ""
        key = ARROWS.get(key, key)
        if key in ("n", "", " "):
            self.at = min(self.at + 1, len(self.explanation) - 1)
        elif key == "p":
            self.at = max(self.at - 1, 0)
        elif key.startswith("/"):
            self.jump(key[1:].strip())
        return key != "q"

    def jump(self, name: str) -> None:
        """To the step of that name, or to the next one whose name has it in it."""
        names = [step.name for step in self.explanation]
        order = [*range(self.at + 1, len(names)), *range(self.at + 1)]
        found = [i for i in order if names[i] == name] or [i for i in order if name in names[i]]
        if found:
            self.at = found[0]
        else:
            self.note = f"no step is called {name}; there are {', '.join(names)}"


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """A function that reads one key, or `/name` up to Enter; where keys cannot be had one by one, a line."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield lambda: input("> ")
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin, termios.TCSADRAIN)  # keys come at once, and are not echoed
    try:
        yield read_key
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def read_key() -> str:
    key = raw_key()
    if key == "/":
        print(key, end="", flush=True)
        while (letter := raw_key()) not in ("\n", "\r"):
            key = key[:-1] if letter in ("\x7f", "\b") else key + letter
            print(f"\r\x1b[K{key}", end="", flush=True)
    return key


def raw_key() -> str:
    """What one key sends: a letter, or \"\\x1b[C\" for an arrow."""
    first = os.read(sys.stdin.fileno(), 1)
    if first in (b"", b"\x04"):
        raise EOFError
    if first == b"\x1b" and select([sys.stdin], [], [], 0.05)[0]:  # more than the Escape key
        first += os.read(sys.stdin.fileno(), 2)
    while first[0] >= 0xC0 and len(first) < 2 + (first[0] >= 0xE0) + (first[0] >= 0xF0):  # UTF-8: ∂, σ
        first += os.read(sys.stdin.fileno(), 1)
    return first.decode(errors="replace")
