"""A recording: for each node that is born while it runs, the line that made it and the numbers that went in and came out.

The graph alone does not know them: a node keeps what its rules will ask for, and nothing else. A recording is a watcher
(thread.py), so that a program pays for it only while it is open.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ..autograd.anomaly_mode import users_line
from ..graph import Node, origin
from ..thread import Watcher, watching


class Record(NamedTuple):
    """How a node was made. The arrays are copies: a later write in place does not change what was recorded.

    Of a custom Function only the line is known; its inputs are what its `forward` made of them."""

    line: str
    arrays: Sequence[np.ndarray | None] = ()
    params: dict[str, Any] = {}
    out: np.ndarray | None = None
    calls: tuple[
        str, ...
    ] = ()  # the modules whose `forward` it was in, the outermost first; "0 (2)" is the second call of "0"


records: WeakKeyDictionary[Node, Record] = WeakKeyDictionary()  # node -> how it was made


class Recorder(Watcher):
    """The watcher that writes the records."""

    last = None  # what was computed last: a node is born of it, if it is one of that op

    def __init__(self):
        self.times, self.running = Counter(), ()  # how often each module was called, and the calls that are running

    def forward(self, op, arrays, params, out):
        self.last = op, arrays, params, out
        return out

    def born(self, node):
        line = origin[node] = users_line()
        op, arrays, params, out = self.last or (None, (), {}, None)
        if node.op is op:
            copies = [a if a is None else a.copy() for a in arrays]
            records[node] = Record(line, copies, params, out.copy(), self.running)
        else:
            records[node] = Record(line, calls=self.running)

    def entered(self, name):
        """A module was called."""
        self.times[name] += 1
        self.running += (f"{name} ({self.times[name]})" if self.times[name] > 1 else name,)

    def left(self, *_):
        """It is done, or has failed."""
        self.running = self.running[:-1]


class recording(watching):
    """While open, remember of each op the line that called it, its inputs and its output, for as long as its node lives.

    Of a `model`, also in which call of which of its modules that was.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.explain import recording
    >>> x = tg.tensor(3.0, requires_grad=True)
    >>> with recording():
    ...     y = x * x
    >>> float(recorded(y.node).out)
    9.0
    """

    def __init__(self, model: Any = None) -> None:
        super().__init__(Recorder())
        self.named = [] if model is None else [(name, m) for name, m in model.named_modules() if name]

    def __enter__(self) -> Watcher:
        recorder = super().__enter__()
        self.handles = [
            m.register_forward_pre_hook(lambda *_, name=name: recorder.entered(name)) for name, m in self.named
        ]
        self.handles += [m.register_forward_hook(recorder.left, always_call=True) for _, m in self.named]
        return recorder

    def __exit__(self, *error: Any) -> None:
        for handle in self.handles:
            handle.remove()
        super().__exit__(*error)


def recorded(node: Node) -> Record | None:
    """How a node was made, if a recording was open then."""
    return records.get(node)
