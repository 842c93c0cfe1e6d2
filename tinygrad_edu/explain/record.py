"""A recording: for each node that is born while it runs, the line that made it and the numbers that went in and came out.

The graph alone does not know them: a node keeps what its rules will ask for, and nothing else. A recording is a watcher
(thread.py), so that a program pays for it only while it is open.
"""

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


records: WeakKeyDictionary[Node, Record] = WeakKeyDictionary()  # node -> how it was made


class Recorder(Watcher):
    """The watcher that writes the records."""

    last = None  # what was computed last: a node is born of it, if it is one of that op

    def forward(self, op, arrays, params, out):
        self.last = op, arrays, params, out
        return out

    def born(self, node):
        line = origin[node] = users_line()
        op, arrays, params, out = self.last or (None, (), {}, None)
        if node.op is op:
            records[node] = Record(line, [a if a is None else a.copy() for a in arrays], params, out.copy())
        else:
            records[node] = Record(line)


def recording() -> watching:
    """While open, remember of each op the line that called it, its inputs and its output, for as long as its node lives.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.explain import recording
    >>> x = tg.tensor(3.0, requires_grad=True)
    >>> with recording():
    ...     y = x * x
    >>> float(recorded(y.node).out)
    9.0
    """
    return watching(Recorder())


def recorded(node: Node) -> Record | None:
    """How a node was made, if a recording was open then."""
    return records.get(node)
