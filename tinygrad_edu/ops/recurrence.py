"""Networks with a memory: each step makes a new state of the next input and of the state that the last step left.

The inputs of all steps meet their weights in one product before: `x` has, step after step, what came of it. Sequences
of several lengths lie packed, the longest first: step t has a row for each sequence that is so long, and `sizes` says
how many these are. In `reverse` the steps are taken from the last to the first.

The rules are backpropagation through time. All states are known when they run, so what each step multiplies a gradient
by is found for all steps at once; left to the loop, from the last step to the first, is what is linear in the gradient.
(Trained so, an LSTM of 64 takes 1.5 times torch's processor time, for 50 steps of 32 sequences; of an op for each
product and gate it would take 3.2.)

Elman, Finding structure in time, 1990; Hochreiter & Schmidhuber, Long short-term memory, 1997; Cho et al., 2014;
Werbos, Backpropagation through time, 1990.
"""

from itertools import accumulate

import numpy as np

from ..op import op
from ..sums import total
from .elementwise import logistic, relu
from .linalg import one_dtype, times
from .places import apply
from .scan import joined

# ------------------------------------------------------------------ the equations


def lstm_gates(z):
    """Input, forget and output gate, and the candidate, from what inputs and state say to each."""
    n = z.shape[1] // 4
    i, f, a, o = (z[:, k * n : (k + 1) * n] for k in range(4))
    return logistic(i), logistic(f), np.tanh(a), logistic(o)


def lstm_step(z, c):
    """c = f · c + i · a: the memory forgets, and takes in; h = o · tanh c: what of it is shown."""
    i, f, a, o = lstm_gates(z)
    c = f * c + i * a
    return o * np.tanh(c), c


def gru_gates(x, y):
    """Reset and update gate, and the candidate, which hears of the state what the reset gate lets through."""
    n = x.shape[1] // 3
    r, u = logistic(x[:, :n] + y[:, :n]), logistic(x[:, n : 2 * n] + y[:, n : 2 * n])
    return r, u, np.tanh(x[:, 2 * n :] + r * y[:, 2 * n :])


def gru_step(x, y, h):
    """h = (1 - u) · a + u · h: the state moves towards the candidate."""
    _, u, a = gru_gates(x, y)
    return a + u * (h - a)


# nonlinearity: the function, and its rule
PLAIN = {
    "tanh": (np.tanh, lambda g, out: g * (1 - out * out)),
    "relu": (lambda z: apply(relu, z), lambda g, out: np.where(out <= 0, 0, g)),
}


# ------------------------------------------------------------------ which row follows which


def steps(sizes, reverse):
    """The rows of each step, and how many they are, in the order in which the steps are taken."""
    rows = [(slice(end - n, end), n) for n, end in zip(sizes, accumulate(sizes))]
    return rows[::-1] if reverse else rows


def renewed(state, new):
    """The state of all sequences, after a step that some of them have, the first."""
    return new if new.shape == state.shape else joined([new, state[len(new) :]], 0)


def previous(sizes, reverse):
    """For each row, where the state before it stands in (first states, all rows)."""
    n = np.array((*sizes, 0))  # no row is beyond the ends
    start = np.cumsum(n) - n
    step = np.repeat(np.arange(len(n)), n)
    item = np.arange(len(step)) - start[step]
    before = step + 1 if reverse else step - 1
    return np.where(item < n[before], n[0] + start[before] + item, item)


def last(sizes, reverse):
    """For each sequence, the row of the last step taken."""
    items = np.arange(sizes[0])
    if reverse:
        return items
    lengths = np.add.reduce(np.array(sizes)[:, None] > items, 0)
    return (np.cumsum(sizes) - sizes)[lengths - 1] + items


# ------------------------------------------------------------------ through time


def turned_round(w):
    """wᵀ, laid out anew: every step multiplies by it."""
    return np.ascontiguousarray(w.T)


def in_time(parts, reverse):
    """What was found from the last step taken to the first, as rows."""
    return joined(parts if reverse else parts[::-1], 0)


UNEVEN = {"sizes": (3, 2, 2, 1)}
SHAPES = {k: [(8, k * 2), (3, 2), (k * 2, 2)] for k in (1, 3, 4)}


def rnn_slopes(g, h, w, out, nonlinearity, sizes, reverse):
    """dx = (g + dh) · slope of tanh; and for the step before, dh = dx w."""
    rule, dh, dx = PLAIN[nonlinearity][1], np.zeros_like(h), []
    for rows, n in reversed(steps(sizes, reverse)):
        dx.append(rule(g[rows] + dh[:n], out[rows]))
        dh = renewed(dh, times(dx[-1], w))
    dx = in_time(dx, reverse)
    return dx, dh, times(dx.mT, joined([h, out], 0)[previous(sizes, reverse)])


@op(
    d=lambda g, h, w, out, nonlinearity, sizes, reverse: rnn_slopes(g, h, w, out, nonlinearity, sizes, reverse),
    inputs=("x", "h", "w"),
    places="",
    cases=[
        (SHAPES[1], {"nonlinearity": "tanh", **UNEVEN, "reverse": False}),
        (SHAPES[1], {"nonlinearity": "relu", **UNEVEN, "reverse": True}),
    ],
)
def rnn_states(x, h, w, *, nonlinearity, sizes, reverse):
    """h = tanh(x + w h) at each step, or relu."""
    one_dtype("rnn", x, h, w)
    function, turned = PLAIN[nonlinearity][0], turned_round(w)
    out = np.empty((len(x), h.shape[1]), x.dtype)
    for rows, n in steps(sizes, reverse):
        out[rows] = new = function(x[rows] + times(h[:n], turned))
        h = renewed(h, new)
    return out


def lstm_slopes(g, x, h, c, w, out, sizes, reverse):
    """dh = g_h + dh; dc = g_c + dc + dh · o tanh' c; dz = (dc, dc, dc, dh) · what each gate does to them; and for the
    step before, dh = dz w and dc = dc · f."""
    before = previous(sizes, reverse)
    hs, cs = (joined([first, rest], 0)[before] for first, rest in ((h, out[0]), (c, out[1])))
    i, f, a, o = lstm_gates(x + times(hs, w.mT))
    seen = np.tanh(out[1])
    to_memory = o * (1 - seen * seen)
    to_z = joined([a * i * (1 - i), cs * f * (1 - f), i * (1 - a * a), seen * o * (1 - o)], 1)
    dh, dc, dz = np.zeros_like(h), np.zeros_like(c), []
    for rows, n in reversed(steps(sizes, reverse)):
        gh = g[0, rows] + dh[:n]
        gc = g[1, rows] + dc[:n] + gh * to_memory[rows]
        dz.append(joined([gc, gc, gc, gh], 1) * to_z[rows])
        dh, dc = renewed(dh, times(dz[-1], w)), renewed(dc, gc * f[rows])
    dz = in_time(dz, reverse)
    return dz, dh, dc, times(dz.mT, hs)


@op(
    d=lambda g, x, h, c, w, out, sizes, reverse: lstm_slopes(g, x, h, c, w, out, sizes, reverse),
    inputs=("x", "h", "c", "w"),
    places="",
    cases=[([*SHAPES[4][:2], *SHAPES[4][1:]], {**UNEVEN, "reverse": reverse}) for reverse in (False, True)],
)
def lstm_states(x, h, c, w, *, sizes, reverse):
    """(h, c) of each step of a long short-term memory: lstm_step of x + w h."""
    one_dtype("lstm", x, h, c, w)
    turned, out = turned_round(w), np.empty((2, len(x), h.shape[1]), x.dtype)
    for rows, n in steps(sizes, reverse):
        out[:, rows] = new = lstm_step(x[rows] + times(h[:n], turned), c[:n])
        h, c = (renewed(state, s) for state, s in zip((h, c), new))
    return out


def gru_slopes(g, x, h, w, b, out, sizes, reverse):
    """dh = g + dh; dy = (dh, dh, dh) · what each gate does; and for the step before, dh = dh · u + dy w."""
    hs = joined([h, out], 0)[previous(sizes, reverse)]
    y = times(hs, w.mT) if b is None else times(hs, w.mT) + b
    r, u, a = gru_gates(x, y)
    heard = y[:, 2 * a.shape[1] :]
    to_a = (1 - u) * (1 - a * a)
    to_y = joined([to_a * heard * r * (1 - r), (hs - a) * u * (1 - u), to_a * r], 1)
    dh, gs, dy = np.zeros_like(h), [], []
    for rows, n in reversed(steps(sizes, reverse)):
        gs.append(gh := g[rows] + dh[:n])
        dy.append(joined([gh, gh, gh], 1) * to_y[rows])
        dh = renewed(dh, gh * u[rows] + times(dy[-1], w))
    dy = in_time(dy, reverse)
    dx = joined([dy[:, : 2 * a.shape[1]], in_time(gs, reverse) * to_a], 1)
    return dx, dh, times(dy.mT, hs), total(dy, (0,))


@op(
    d=lambda g, x, h, w, b, out, sizes, reverse: gru_slopes(g, x, h, w, b, out, sizes, reverse),
    inputs=("x", "h", "w", "b"),
    places="",
    cases=[([*SHAPES[3], bias], {**UNEVEN, "reverse": bias is None}) for bias in ((6,), None)],
)
def gru_states(x, h, w, b=None, *, sizes, reverse):
    """h of each step of a gated recurrent unit: gru_step of x and y = w h + b."""
    one_dtype("gru", x, h, w, b)
    turned, out = turned_round(w), np.empty((len(x), h.shape[1]), x.dtype)
    for rows, n in steps(sizes, reverse):
        now = h[:n]
        y = times(now, turned)
        out[rows] = new = gru_step(x[rows], y if b is None else y + b, now)
        h = renewed(h, new)
    return out
