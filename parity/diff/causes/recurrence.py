"""Suspects in networks with a memory: gates in another order, a tanh that is forgotten, slopes on the way back through time."""

import numpy as np

from .evidence import Unfit
from .slopes import logistic
from .suspects import Flaw, formula


def sequence(e, states):
    """(the inputs of all steps, the first states, the weights and biases), each as one step has it."""
    x, *rest = e.given
    if e.op.endswith("_cell"):
        return x[None], rest[:states], rest[states:]
    if len(rest) - states not in (2, 4):
        raise Unfit("several layers or directions")
    x = x.swapaxes(0, 1) if e.arguments.get("batch_first") and x.ndim == 3 else x
    return x, [h[0] for h in rest[:states]], rest[states:]


def shown(e, outputs, finals):
    """What the op gives: all outputs, and the last states; a cell gives its states."""
    if e.op.endswith("_cell"):
        return finals
    out = np.stack(outputs)
    out = out.swapaxes(0, 1) if e.arguments.get("batch_first") and out.ndim == 3 else out
    return [out, *(h[None] for h in finals)]


def that_one(e, results):
    """Which of the results the evidence is about: that which the right formula gives for it."""
    return next(i for i, a in enumerate(results) if a.shape == e.theirs.shape and e.same(a, e.theirs))


IN_ORDER = lambda i, f, a, o: (i, f, a, o)


def said(x, h, weights):
    """What input and state say to each gate."""
    w, u, *b = weights
    return x @ w.T + h @ u.T + sum(b, 0.0)


def lstm_gates(x, h, weights, order):
    i, f, a, o = order(*np.split(said(x, h, weights), 4, -1))
    return logistic(i), logistic(f), np.tanh(a), logistic(o)


def lstm_results(e, order, seen, forget):
    xs, (h, c), weights = sequence(e, 2)
    outputs = []
    for x in xs:
        i, f, a, o = lstm_gates(x, h, weights, order)
        c = forget(f) * c + i * a
        h = o * seen(c)
        outputs.append(h)
    return shown(e, outputs, [h, c])


@formula("output", "lstm", "lstm_cell")
def lstm(e, **parts):
    """c ← f c + i a; h = o tanh c."""
    right = dict(order=IN_ORDER, seen=np.tanh, forget=lambda f: f)
    results = lstm_results(e, **right)
    return lstm_results(e, **right | parts)[that_one(e, results)]


GATES = "ours takes an LSTM's gates in the order {}, where torch's weights are for in, forget, candidate, out"
ORDERS = {
    "forget, in, candidate, out": lambda f, i, a, o: (i, f, a, o),
    "in, forget, out, candidate": lambda i, f, o, a: (i, f, a, o),
    "in, candidate, forget, out": lambda i, a, f, o: (i, f, a, o),
    "in, out, forget, candidate": lambda i, o, f, a: (i, f, a, o),
    "forget, in, out, candidate": lambda f, i, o, a: (i, f, a, o),
    "candidate, in, forget, out": lambda a, i, f, o: (i, f, a, o),
}
for order, turned in ORDERS.items():
    lstm.flaw("gates in another order", GATES.format(order), order=turned)
lstm.flaw("memory shown as it is", "ours shows o · c, and not o · tanh c", seen=lambda c: c)
lstm.flaw("forget gate inverted", "ours forgets what it should keep: c ← (1 - f) c + i a", forget=lambda f: 1 - f)
lstm.flaw("forget gate missing", "ours forgets nothing: c ← c + i a", forget=lambda f: 1)


@lstm.also
def one_bias(e):
    _, _, weights = sequence(e, 2)
    for b in weights[2:]:
        words = "ours adds one of both biases only: torch's has one for the input, and one for the state"
        yield Flaw(
            "one bias of two",
            words,
            dict(order=lambda *z, b=b: IN_ORDER(*(a - part for a, part in zip(z, np.split(b, 4))))),
        )


@formula("gradient", "lstm", "lstm_cell")
def lstm_rule(
    e, candidate=lambda a: 1 - a * a, memory=lambda t: 1 - t * t, gate=lambda s: s * (1 - s), carried=lambda f: f
):
    """Back through time: what a step's h and c get, from the outputs and from the step after it."""
    xs, (h, c), weights = sequence(e, 2)
    gs = (
        e.g[None]
        if e.op.endswith("_cell")
        else e.g.swapaxes(0, 1)
        if e.arguments.get("batch_first") and e.g.ndim == 3
        else e.g
    )
    steps = []
    for x in xs:
        gates = lstm_gates(x, h, weights, IN_ORDER)
        steps.append((x, h, c, *gates))
        c = gates[1] * c + gates[0] * gates[2]
        h = gates[3] * np.tanh(c)
    (w, u), dh, dc = weights[:2], np.zeros_like(h), np.zeros_like(c)
    dw, du, db, dxs = np.zeros_like(w), np.zeros_like(u), 0.0, []
    rows = lambda a: a.reshape(-1, a.shape[-1])
    for g, (x, h, c, i, f, a, o) in zip(gs[::-1], steps[::-1]):
        seen, dh = np.tanh(f * c + i * a), dh + g
        dc = dc + dh * o * memory(seen)
        z = np.concatenate([dc * a * gate(i), dc * c * gate(f), dc * i * candidate(a), dh * seen * gate(o)], -1)
        dw, du, db = dw + rows(z).T @ rows(x), du + rows(z).T @ rows(h), db + rows(z).sum(0)
        dxs.append(z @ w)
        dh, dc = z @ u, dc * carried(f)
    outer = [dxs[0], dh, dc] if e.op.endswith("_cell") else [*shown(e, dxs[::-1], [dh, dc])]
    return [*outer, dw, du, db, db][e.place]


lstm_rule.flaw(
    "candidate's slope unsquared",
    "on its way back the candidate's tanh has the slope 1 - a in ours, where it is 1 - a²",
    candidate=lambda a: 1 - a,
)
lstm_rule.flaw(
    "candidate's slope missing",
    "on its way back ours lacks the slope 1 - a² of the candidate's tanh",
    candidate=lambda a: 1,
)
lstm_rule.flaw(
    "memory's slope missing",
    "on its way back ours lacks the slope 1 - tanh² c of what is shown of the memory",
    memory=lambda t: 1,
)
lstm_rule.flaw(
    "memory's slope unsquared",
    "on its way back the memory's tanh has the slope 1 - t in ours, where it is 1 - t²",
    memory=lambda t: 1 - t,
)
lstm_rule.flaw(
    "gates' slopes missing", "on its way back ours lacks the slopes s (1 - s) of the gates", gate=lambda s: 1
)
lstm_rule.flaw(
    "s for s (1 - s)", "on its way back the gates have the slope s in ours, where it is s (1 - s)", gate=lambda s: s
)
lstm_rule.flaw(
    "memory not carried",
    "on its way back ours passes nothing from one step's memory to the one before: dc ← f dc",
    carried=lambda f: 0,
)
lstm_rule.flaw("memory carried whole", "on its way back ours lacks the forget gate: dc ← f dc", carried=lambda f: 1)


def gru_results(e, candidate, mixed, order):
    xs, (h,), (w, u, *b) = sequence(e, 1)
    b = b or [0.0, 0.0]
    outputs = []
    for x in xs:
        (xr, xu, xa), (hr, hu, ha) = (order(*np.split(z, 3, -1)) for z in (x @ w.T + b[0], h @ u.T + b[1]))
        r, z = logistic(xr + hr), logistic(xu + hu)
        own = np.split(u, 3)[2], (np.split(b[1], 3)[2] if np.ndim(b[1]) else 0.0)
        h = mixed(z, np.tanh(candidate(xa, ha, r, h, *own)), h)
        outputs.append(h)
    return shown(e, outputs, [h])


@formula("output", "gru", "gru_cell")
def gru(e, **parts):
    """h ← (1 - u) a + u h, a = tanh(x + r h'): the reset gate is applied to what the state says."""
    right = dict(
        candidate=lambda x, y, r, h, w, b: x + r * y,
        mixed=lambda u, a, h: (1 - u) * a + u * h,
        order=lambda r, u, a: (r, u, a),
    )
    results = gru_results(e, **right)
    return gru_results(e, **right | parts)[that_one(e, results)]


gru.flaw(
    "reset before the product",
    "ours resets the state before its product with the weight, W (r h) + b, as the paper does, and torch after it, r (W h + b)",
    candidate=lambda x, y, r, h, w, b: x + (r * h) @ w.T + b,
)
gru.flaw(
    "update inverted",
    "ours is u a + (1 - u) h, as the paper has it, and torch's (1 - u) a + u h",
    mixed=lambda u, a, h: u * a + (1 - u) * h,
)
gru.flaw(
    "gates in another order",
    "ours takes a GRU's gates as update, reset, candidate, and torch's weights are for reset, update, candidate",
    order=lambda u, r, a: (r, u, a),
)
gru.flaw("reset missing", "ours resets nothing: a = tanh(x + h)", candidate=lambda x, y, r, h, w, b: x + y)
