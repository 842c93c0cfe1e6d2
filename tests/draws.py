"""Every way to draw random numbers, each a function of the engine that runs in torch and here, and its bits.

What a draw gives is compared bit by bit, and so is the stream's state after it.
"""

import numpy as np


def bits(value):
    """A value as bytes: equal if and only if dtype, shape and every bit are."""
    if isinstance(value, list):
        return [bits(v) for v in value]
    if hasattr(value, "detach"):
        value = np.ascontiguousarray(value.detach().numpy())
        return str(value.dtype), value.shape, value.tobytes()
    return value


def empty(t, d, *size):
    return t.empty(*size, dtype=d)


def weights(t, d, *size):
    return t.arange(int(np.prod(size)), dtype=d).reshape(*size) + 1


def lopsided(t, d):
    """A weight beside which float32 does not see the others, one after the other."""
    heavy = t.full((2000,), 3.0, dtype=d)
    heavy[0] = 1e8
    return heavy


def masks(dropout, t, d, *size):
    """A dropout's values and gradients."""
    x = (weights(t, d, *size) / 8 - 3).requires_grad_()
    y = dropout(x)
    y.sum().backward()
    return [y, x.grad]


def epochs(t, n, **options):
    """What a loader gives in two epochs."""
    loader = t.utils.data.DataLoader(range(n), batch_size=7, collate_fn=tuple, **options)
    return [tuple(loader) for _ in range(2)]


def order(sampler):
    return [list(sampler), list(sampler)]


def parts(t, n, lengths):
    return [list(part) for part in t.utils.data.random_split(range(n), lengths)]


# ------------------------------------------------------------------ in either floating-point type

FLOATS = {
    # uniform
    "rand(1000)": lambda t, d: t.rand(1000, dtype=d),
    "rand of nothing": lambda t, d: t.rand(0, 3, dtype=d),
    "rand, size by name": lambda t, d: t.rand(size=(3, 2), dtype=d),
    "rand, 0-d": lambda t, d: t.rand((), dtype=d),
    "rand_like, transposed": lambda t, d: t.rand_like(empty(t, d, 3, 5).t()),
    "uniform_": lambda t, d: empty(t, d, 257).uniform_(-0.3, 1.7),
    "uniform_, odd bounds": lambda t, d: empty(t, d, 257).uniform_(-1 / 3, 1e-5),
    "uniform_, a point": lambda t, d: empty(t, d, 3).uniform_(0.1, 0.1),
    "uniform_, every other": lambda t, d: t.zeros(9, 4, dtype=d)[::2, 1:].uniform_(1, 3),
    "uniform_, permuted": lambda t, d: empty(t, d, 2, 3, 4).permute(1, 2, 0).uniform_(),
    # normal
    "randn(1)": lambda t, d: t.randn(1, dtype=d),
    "randn(7)": lambda t, d: t.randn(7, dtype=d),
    "randn(15)": lambda t, d: t.randn(15, dtype=d),
    "randn(16)": lambda t, d: t.randn(16, dtype=d),
    "randn(17)": lambda t, d: t.randn(17, dtype=d),
    "randn(100)": lambda t, d: t.randn(10, 10, dtype=d),
    "randn(1003)": lambda t, d: t.randn(1003, dtype=d),
    "randn, size by name": lambda t, d: t.randn(size=(5,), dtype=d),
    "randn of nothing": lambda t, d: t.randn(0, dtype=d),
    "randn_like, transposed": lambda t, d: t.randn_like(empty(t, d, 5, 9).t()),
    "normal_": lambda t, d: empty(t, d, 40).normal_(0.3, 1.7),
    "normal_, few": lambda t, d: empty(t, d, 5).normal_(-2, 1 / 3),
    "normal_, std 0": lambda t, d: empty(t, d, 40).normal_(0, 0),
    "normal_, every other": lambda t, d: t.zeros(9, 9, dtype=d)[::2, ::2].normal_(1, 3),
    "normal, numbers": lambda t, d: t.normal(0.5, 2, (17,), dtype=d),
    "normal, tensors": lambda t, d: t.normal(weights(t, d, 4, 1), weights(t, d, 5)),
    "normal, mean tensor": lambda t, d: t.normal(weights(t, d, 20), 0.1),
    "normal, std tensor": lambda t, d: t.normal(0.1, weights(t, d, 3)),
    "log_normal_": lambda t, d: empty(t, d, 33).log_normal_(0.2, 0.7),
    "randint(-5, 12), floats": lambda t, d: t.randint(-5, 12, (5, 10), dtype=d),
    "randint_like": lambda t, d: t.randint_like(empty(t, d, 3, 4).t(), 2, 90),
    "random_": lambda t, d: empty(t, d, 9).random_(),
    "random_(9)": lambda t, d: empty(t, d, 9).random_(9),
    "randperm, floats": lambda t, d: t.randperm(10, dtype=d),
    # events
    "bernoulli_": lambda t, d: empty(t, d, 50).bernoulli_(0.3),
    "bernoulli_, tensor": lambda t, d: empty(t, d, 4, 9).t().bernoulli_(t.linspace(0, 1, 4, dtype=d)),
    "bernoulli": lambda t, d: t.bernoulli(t.linspace(0, 1, 40, dtype=d).reshape(4, 10).t()),
    "multinomial": lambda t, d: t.multinomial(weights(t, d, 30), 9),
    "multinomial, one": lambda t, d: t.multinomial(weights(t, d, 2, 30), 1),
    "multinomial, 2-d": lambda t, d: t.multinomial(weights(t, d, 30, 3).t(), 20),
    "multinomial, replacement": lambda t, d: t.multinomial(weights(t, d, 30), 90, replacement=True),
    "multinomial, replacement, one heavy": lambda t, d: t.multinomial(lopsided(t, d), 1000, True),
    "multinomial, replacement, 2-d": lambda t, d: weights(t, d, 30, 3).t().multinomial(20, True),
    "geometric_": lambda t, d: empty(t, d, 50).geometric_(0.1),
    # other continuous distributions
    "exponential_": lambda t, d: empty(t, d, 50).exponential_(1.7),
    "exponential_, rate infinite": lambda t, d: empty(t, d, 3).exponential_(float("inf")),
    "exponential_, rate a tensor": lambda t, d: empty(t, d, 3).exponential_(t.tensor(0.3)),
    "cauchy_": lambda t, d: empty(t, d, 50).cauchy_(0.3, 1.7),
    # layers and initialisers
    "Linear(3, 4)": lambda t, d: list(t.nn.Linear(3, 4, dtype=d).parameters()),
    "Linear(30, 16)": lambda t, d: list(t.nn.Linear(30, 16, dtype=d).parameters()),
    "init.uniform_": lambda t, d: t.nn.init.uniform_(empty(t, d, 9, 4), -1, 0.3),
    "init.normal_": lambda t, d: t.nn.init.normal_(empty(t, d, 9, 4), 1, 0.3),
    "trunc_normal_": lambda t, d: t.nn.init.trunc_normal_(empty(t, d, 9, 40), 0.1, 1.2, -1, 1.5),
    "xavier_uniform_": lambda t, d: t.nn.init.xavier_uniform_(empty(t, d, 3, 5), 1.5),
    "xavier_normal_": lambda t, d: t.nn.init.xavier_normal_(empty(t, d, 3, 5, 2, 2)),
    "kaiming_uniform_": lambda t, d: t.nn.init.kaiming_uniform_(empty(t, d, 3, 5), a=0.2),
    "kaiming_uniform_, fan_out": lambda t, d: t.nn.init.kaiming_uniform_(empty(t, d, 3, 5), 0, "fan_out", "relu"),
    "kaiming_normal_": lambda t, d: t.nn.init.kaiming_normal_(empty(t, d, 3, 5, 3), nonlinearity="tanh"),
    "sparse_": lambda t, d: t.nn.init.sparse_(empty(t, d, 7, 4), 0.3),
    # dropout
    "dropout": lambda t, d: masks(lambda x: t.nn.functional.dropout(x, 0.45), t, d, 10, 10),
    "dropout, transposed": lambda t, d: masks(lambda x: t.nn.Dropout()(x.t()), t, d, 3, 5),
    "dropout1d": lambda t, d: masks(t.nn.Dropout1d(0.15), t, d, 8, 4),
    "dropout2d": lambda t, d: masks(t.nn.Dropout2d(0.4), t, d, 3, 4, 2, 2),
    "dropout3d": lambda t, d: masks(t.nn.Dropout3d(0.4), t, d, 5, 2, 1, 2),
    "alpha_dropout": lambda t, d: masks(t.nn.AlphaDropout(0.3), t, d, 10, 10),
    "feature_alpha_dropout": lambda t, d: masks(t.nn.FeatureAlphaDropout(0.3), t, d, 9, 4, 2),
}

# ------------------------------------------------------------------ in no type, or one of their own

OTHERS = {
    # integers
    "randint(7)": lambda t: t.randint(7, (50,)),
    "randint below 2**28": lambda t: t.randint(0, 2**28 - 1, (50,)),
    "randint from 2**28 up": lambda t: t.randint(0, 2**28, (50,)),
    "randint over 2**40": lambda t: t.randint(-(2**39), 2**39, (50,)),
    "randint, int8": lambda t: t.randint(-128, 128, (50,), dtype=t.int8),
    "random_, bool": lambda t: empty(t, t.bool, 9).random_(),
    "random_, uint8": lambda t: empty(t, t.uint8, 9).random_(),
    "random_, int32": lambda t: empty(t, t.int32, 9).random_(),
    "random_, int64": lambda t: empty(t, t.int64, 9).random_(),
    "random_(-3, None)": lambda t: empty(t, t.int16, 9).random_(-3, None),
    "random_, all int64": lambda t: empty(t, t.int64, 9).random_(-(2**63), None),
    "randperm(0)": lambda t: t.randperm(0),
    "randperm(1)": lambda t: t.randperm(1),
    "randperm(1000)": lambda t: t.randperm(1000),
    "bernoulli_, bool": lambda t: empty(t, t.bool, 5, 5).t().bernoulli_(),
    "bernoulli(p)": lambda t: empty(t, t.int64, 9).bernoulli(0.7),
    "geometric_, int16": lambda t: empty(t, t.int16, 50).geometric_(0.02),
    # data
    "loader over 10": lambda t: epochs(t, 10, shuffle=True),
    "loader over 37": lambda t: epochs(t, 37, shuffle=True, drop_last=True),
    "loader over 1000": lambda t: epochs(t, 1000, shuffle=True),
    "loader with its own generator": lambda t: epochs(
        t, 37, shuffle=True, generator=t.Generator().manual_seed(t.initial_seed() % 1000)
    ),
    "loader in order": lambda t: epochs(t, 10),
    "RandomSampler, replacement": lambda t: order(t.utils.data.RandomSampler(range(9), True, 70)),
    "RandomSampler, num_samples": lambda t: order(t.utils.data.RandomSampler(range(9), num_samples=22)),
    "SubsetRandomSampler": lambda t: order(t.utils.data.SubsetRandomSampler([5, 3, 8, 1])),
    "WeightedRandomSampler": lambda t: order(t.utils.data.WeightedRandomSampler([0.1, 3, 2], 20)),
    "WeightedRandomSampler, once each": lambda t: order(t.utils.data.WeightedRandomSampler([1, 3, 2], 3, False)),
    "random_split": lambda t: parts(t, 20, [12, 8]),
    "random_split, fractions": lambda t: parts(t, 23, [0.5, 0.3, 0.2]),
}


def in_dtype(draw, dtype):
    return lambda t: draw(t, getattr(t, dtype))


DRAWS = {f"{n}, {d}": in_dtype(draw, d) for n, draw in FLOATS.items() for d in ("float32", "float64")} | OTHERS
