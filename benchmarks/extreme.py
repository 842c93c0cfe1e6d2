"""The workloads by hand in NumPy with nothing left to save: buffers made once, steps fused, every result in place."""

from itertools import pairwise

import numpy as np


def flat(weights):
    """The weights in one array, and views of it in their shapes."""
    whole = np.concatenate([w.ravel() for w in weights])
    ends = np.cumsum([w.size for w in weights])
    return whole, [part.reshape(w.shape) for part, w in zip(np.split(whole, ends[:-1]), weights)]


def adam(p, g, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A function that updates p by the gradient it finds in g."""
    m, v, buffer = np.zeros_like(p), np.zeros_like(p), np.empty_like(p)
    keep1, keep2, new1, new2 = (np.array(c, p.dtype) for c in (beta1, beta2, 1 - beta1, 1 - beta2))
    t = 0

    def update():
        nonlocal t
        t += 1
        unbias = (1 - beta2**t) ** 0.5
        np.multiply(m, keep1, out=m)
        np.multiply(g, new1, out=buffer)
        np.add(m, buffer, out=m)
        np.multiply(v, keep2, out=v)
        np.multiply(g, g, out=buffer)
        np.multiply(buffer, new2, out=buffer)
        np.add(v, buffer, out=v)
        np.sqrt(v, out=buffer)
        np.add(buffer, eps * unbias, out=buffer)
        np.divide(m, buffer, out=buffer)
        np.multiply(buffer, lr * unbias / (1 - beta1**t), out=buffer)
        np.subtract(p, buffer, out=p)

    return update


def paired(parameters, gradients):
    return lambda: [a for pair in zip(parameters, gradients) for a in pair]


def perceptron(x, y, weights):
    """The bias is the weight of a column of ones. With d = p - y, a class of 0 or 1 has the loss -log(1 - |d|)."""
    x = np.column_stack([x, np.ones_like(y)])
    p, views = flat(weights)
    g, slopes = flat([np.empty_like(w) for w in weights])
    update = adam(p, g)
    d, one, share = np.empty_like(y), np.ones((), y.dtype), np.full_like(y, 1 / len(y))

    def step():
        x.dot(p, out=d)
        np.negative(d, out=d)
        np.exp(d, out=d)
        np.add(d, one, out=d)
        np.divide(one, d, out=d)
        np.subtract(d, y, out=d)
        np.multiply(d, share, out=d)
        d.dot(x, out=g)
        np.abs(d, out=d)
        np.divide(d, share, out=d)
        np.subtract(one, d, out=d)
        np.log(d, out=d)
        update()
        return -d.dot(share)

    return step, paired(views, slopes)


def mlp(x, y, weights):
    p, views = flat(weights)
    g, slopes = flat([np.empty_like(w) for w in weights])
    update = adam(p, g)
    n = len(y)
    h1, h2, z = (np.empty((n, w.shape[0]), np.float32) for w in views[::2])
    d1, d2, open1, open2 = np.empty_like(h1), np.empty_like(h2), np.empty(h1.shape, bool), np.empty(h2.shape, bool)
    zero, share = np.array(0, p.dtype), np.array(1 / n, p.dtype)
    ones, column = np.ones(n, p.dtype), np.empty((n, 1), p.dtype)
    hits = np.arange(n) * z.shape[1] + y
    (w1, b1, w2, b2, w3, b3), (dw1, db1, dw2, db2, dw3, db3) = views, slopes

    def layer(x, w, b, out):
        np.dot(x, w.T, out=out)
        np.add(out, b, out=out)

    def back(d, w, opened, out):
        np.dot(d, w, out=out)
        np.multiply(out, opened, out=out)

    def step():
        layer(x, w1, b1, h1)
        np.maximum(h1, zero, out=h1)
        layer(h1, w2, b2, h2)
        np.maximum(h2, zero, out=h2)
        layer(h2, w3, b3, z)
        np.maximum.reduce(z, 1, keepdims=True, out=column)
        np.subtract(z, column, out=z)
        np.exp(z, out=z)
        np.add.reduce(z, 1, keepdims=True, out=column)
        np.divide(z, column, out=z)
        loss = -np.log(z.take(hits)).dot(ones) * share
        z.ravel()[hits] -= 1
        np.multiply(z, share, out=z)
        np.dot(z.T, h2, out=dw3)
        ones.dot(z, out=db3)
        back(z, w3, np.greater(h2, zero, out=open2), d2)
        np.dot(d2.T, h1, out=dw2)
        ones.dot(d2, out=db2)
        back(d2, w2, np.greater(h1, zero, out=open1), d1)
        np.dot(d1.T, x, out=dw1)
        ones.dot(d1, out=db1)
        update()
        return loss

    return step, paired(views, slopes)


def chain(n, leaves):
    start, w, b, c = leaves
    states, outputs, slopes = (np.empty((n // 5, *start.shape), start.dtype) for _ in range(3))
    h, g = np.empty_like(start), np.empty_like(start)
    gradients = [g, *(np.empty_like(start) for _ in range(3))]
    rows, back = list(zip(states, outputs)), list(zip(slopes, outputs))[::-1]

    def step():
        np.copyto(h, start)
        for state, out in rows:
            np.copyto(state, h)
            np.multiply(state, w, out=out)
            np.add(out, b, out=out)
            np.subtract(out, c, out=out)
            np.tanh(out, out=out)
            np.negative(out, out=h)
        np.multiply(outputs, outputs, out=slopes)
        np.subtract(slopes, 1, out=slopes)
        g.fill(1)
        for d, _ in back:
            np.multiply(d, g, out=d)
            np.multiply(d, w, out=g)
        np.add.reduce(slopes, 0, out=gradients[2])
        np.negative(gradients[2], out=gradients[3])
        np.multiply(slopes, states, out=states)
        np.add.reduce(states, 0, out=gradients[1])
        return h.sum()

    return step, paired(leaves, gradients)


def broadcast(leaves, rows=25):
    """A few rows at a time: what is between the ops then stays in the processor's cache."""
    x, row, col = leaves
    gradients = dx, drow, dcol = [np.empty_like(leaf) for leaf in leaves]
    h, s, u, d = (np.empty((rows, len(row)), row.dtype) for _ in range(4))
    along, down, one = np.ones_like(row), np.ones(rows, row.dtype), np.ones((), row.dtype)

    def step():
        loss = 0.0
        drow.fill(0)
        for at in (slice(i, i + rows) for i in range(0, len(x), rows)):
            a, c, g = x[at], col[at], dx[at]
            np.multiply(a, row, out=h)
            np.add(h, c, out=h)
            np.tanh(h, out=h)
            np.multiply(h, row, out=s)
            np.negative(s, out=s)
            np.exp(s, out=s)
            np.add(s, one, out=s)
            np.divide(one, s, out=s)
            np.subtract(s, c, out=u)
            loss += u.ravel().dot(a.ravel()) + h.ravel().dot(h.ravel())
            np.multiply(s, s, out=d)
            np.subtract(s, d, out=s)
            np.multiply(s, a, out=s)
            np.multiply(s, row, out=d)
            np.add(d, h, out=d)
            np.add(d, h, out=d)
            np.multiply(s, h, out=s)
            np.multiply(h, h, out=h)
            np.subtract(one, h, out=h)
            np.multiply(d, h, out=d)
            np.multiply(d, row, out=g)
            np.add(g, u, out=g)
            np.subtract(d, a, out=h)
            np.dot(h, along, out=dcol[at, 0])
            np.multiply(d, a, out=d)
            np.add(s, d, out=s)
            np.add(drow, down.dot(s), out=drow)
        return loss

    return step, paired(leaves, gradients)


def rnn(x, y, weights):
    """What does not wait for the previous state is done for all steps at once."""
    p, views = flat(weights)
    g, slopes = flat([np.empty_like(w) for w in weights])
    update = adam(p, g)
    (wx, wh, b), (dwx, dwh, db) = views, slopes
    steps, batch, hidden = len(x), *y.shape
    rows, ones = x.reshape(steps * batch, -1), np.ones(steps * batch, p.dtype)
    states, product = np.zeros((steps + 1, batch, hidden), p.dtype), np.empty_like(y)
    d = np.empty_like(states[1:])
    after, before, d_rows = states[1:].reshape(-1, hidden), states[:-1].reshape(-1, hidden), d.reshape(-1, hidden)
    forward, backward, one = list(pairwise(states)), list(d)[::-1], np.ones((), p.dtype)

    def step():
        np.dot(rows, wx, out=after)
        np.add(after, b, out=after)
        for last, h in forward:
            np.dot(last, wh, out=product)
            np.add(h, product, out=h)
            np.tanh(h, out=h)
        error = states[-1] - y
        np.multiply(after, after, out=d_rows)
        np.subtract(one, d_rows, out=d_rows)
        np.multiply(error, 2 / error.size, out=product)
        for slope in backward:
            np.multiply(slope, product, out=slope)
            np.dot(slope, wh.T, out=product)
        np.dot(rows.T, d_rows, out=dwx)
        np.dot(before.T, d_rows, out=dwh)
        ones.dot(d_rows, out=db)
        update()
        return np.square(error).mean()

    return step, paired(views, slopes)
