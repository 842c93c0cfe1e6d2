"""Each op by itself on a million numbers: forward beside NumPy, and, entry by entry ones, forward and backward beside torch."""

import ctypes
from functools import partial
from importlib.util import find_spec

import numpy as np

from tinygrad_edu.op import registry

from .race import MODULES, module, race

N = 1_000_000
FORWARD, BOTH = 2.0, 1.0  # times NumPy's expression; times torch's step
CHAPTERS = ("elementwise", "piecewise", "steps", "activations", "special")


def squashed(x):
    return 1 / (1 + np.exp(-x))


def softened(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# What a person would write in NumPy, where it is not NumPy's function of the same name.
EXPRESSIONS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "neg": lambda x: -x,
    "abs": np.abs,
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "acosh": np.arccosh,
    "asinh": np.arcsinh,
    "atanh": np.arctanh,
    "atan2": np.arctan2,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "round": np.round,
    "frac": lambda x: x - np.trunc(x),
    "sgn": np.sign,
    "sigmoid": squashed,
    "logsigmoid": lambda x: -np.log1p(np.exp(-x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "relu": lambda x: np.maximum(x, 0),
    "hardtanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hardsigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hardshrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "softshrink": lambda x: np.where(x > 0.5, x - 0.5, np.where(x < -0.5, x + 0.5, 0)),
    "nan_to_num": np.nan_to_num,
    "xlog1py": lambda x, y: x * np.log1p(y),
    "entr": lambda x: -x * np.log(x),
    "logit": lambda x: np.log(x / (1 - x)),
    "sinc": np.sinc,
    "square": np.square,
    "remainder": np.remainder,
    "fmod": np.fmod,
    "floor_divide": np.floor_divide,
    "xlogy": lambda x, y: x * np.log(y),
    "where": np.where,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}

if find_spec("scipy"):
    from scipy import special

    KNOWN = "erf erfc erfcx erfinv ndtri log_ndtr digamma i0 i0e i1 i1e"
    EXPRESSIONS |= {name: getattr(special, name, None) for name in KNOWN.split()}
    EXPRESSIONS |= {"lgamma": special.gammaln, "digamma": special.psi}

# Compositions, and ops that need numbers: (ours and torch's, NumPy's).
COMPOSED = {
    "addcmul": (lambda t, x, y, z: t.addcmul(x, y, z), lambda x, y, z: x + y * z),
    "addcdiv": (lambda t, x, y, z: t.addcdiv(x, y, z), lambda x, y, z: x + y / z),
    "lerp": (lambda t, x, y: t.lerp(x, y, 0.3), lambda x, y: x + 0.3 * (y - x)),
    "clamp": (lambda t, x: x.clamp(-1, 1), lambda x: np.clip(x, -1, 1)),
    "relu6": (lambda t, x: t.nn.functional.relu6(x), lambda x: np.clip(x, 0, 6)),
    "threshold": (lambda t, x: t.threshold(x, 0.1, 20.0), lambda x: np.where(x > 0.1, x, 20.0)),
    "elu": (lambda t, x: t.nn.functional.elu(x), lambda x: np.where(x > 0, x, np.expm1(x))),
    "celu": (lambda t, x: t.celu(x), lambda x: np.where(x > 0, x, np.expm1(x))),
    "selu": (lambda t, x: t.selu(x), lambda x: 1.0507 * np.where(x > 0, x, 1.6733 * np.expm1(x))),
    "prelu": (lambda t, x: t.prelu(x, t.tensor([0.25])), lambda x: np.where(x > 0, x, 0.25 * x)),
    "glu": (lambda t, x: t.nn.functional.glu(x), lambda x: x[: N // 2] * squashed(x[N // 2 :])),
    "softsign": (lambda t, x: t.nn.functional.softsign(x), lambda x: x / (1 + np.abs(x))),
    "tanhshrink": (lambda t, x: t.nn.functional.tanhshrink(x), lambda x: x - np.tanh(x)),
    "gelu, tanh": (
        lambda t, x: t.nn.functional.gelu(x, approximate="tanh"),
        lambda x: 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))),
    ),
}
if find_spec("scipy"):
    COMPOSED["gelu, erf"] = (
        lambda t, x: t.nn.functional.gelu(x),
        lambda x: 0.5 * x * (1 + special.erf(0.70710678 * x)),
    )

rows, columns = (1000, 1000), (1000, 1000)
AT = np.random.default_rng(1).integers(0, 1000, 1000)
GRID = np.random.default_rng(2).integers(0, 1000, rows)
# name: (ours and torch's, NumPy's), of one 1000 x 1000 matrix
OVER = {
    "sum": (lambda t, x: x.sum(1), lambda x: x.sum(1)),
    "sum of columns": (lambda t, x: x.sum(0), lambda x: x.sum(0)),
    "mean": (lambda t, x: x.mean(), lambda x: x.mean()),
    "var": (lambda t, x: x.var(1), lambda x: x.var(1, ddof=1)),
    "std": (lambda t, x: x.std(1), lambda x: x.std(1, ddof=1)),
    "prod": (lambda t, x: x.prod(1), lambda x: x.prod(1)),
    "amax": (lambda t, x: x.amax(1), lambda x: x.max(1)),
    "max": (lambda t, x: x.max(1)[0], lambda x: (x.max(1), x.argmax(1))),
    "argmax": (lambda t, x: x.argmax(1), lambda x: x.argmax(1)),
    "norm": (lambda t, x: x.norm(dim=1), lambda x: np.linalg.norm(x, axis=1)),
    "logsumexp": (lambda t, x: x.logsumexp(1), lambda x: np.log(np.exp(x - x.max(1, keepdims=True)).sum(1)) + x.max(1)),
    "softmax": (lambda t, x: x.softmax(1), softened),
    "log_softmax": (lambda t, x: x.log_softmax(1), lambda x: np.log(softened(x))),
    "layer_norm": (
        lambda t, x: t.nn.functional.layer_norm(x, (1000,)),
        lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5),
    ),
    "cumsum": (lambda t, x: x.cumsum(1), lambda x: x.cumsum(1)),
    "cumprod": (lambda t, x: x.cumprod(1), lambda x: x.cumprod(1)),
    "sort": (lambda t, x: x.sort(1)[0], lambda x: (np.sort(x, 1), np.argsort(x, 1))),
    "median": (lambda t, x: x.median(1)[0], lambda x: np.median(x, 1)),
    "topk": (lambda t, x: x.topk(10, 1)[0], lambda x: np.argpartition(-x, 10, 1)),
    "cat": (lambda t, x: t.cat([x, x]), lambda x: np.concatenate([x, x])),
    "stack": (lambda t, x: t.stack([x, x]), lambda x: np.stack([x, x])),
    "repeat": (lambda t, x: x.repeat(2, 1), lambda x: np.tile(x, (2, 1))),
    "flip": (lambda t, x: x.flip(1), lambda x: np.flip(x, 1).copy()),
    "roll": (lambda t, x: x.roll(5, 1), lambda x: np.roll(x, 5, 1)),
    "tril": (lambda t, x: x.tril(), np.tril),
    "pad": (lambda t, x: t.nn.functional.pad(x, (1, 1)), lambda x: np.pad(x, ((0, 0), (1, 1)))),
    "x[i]": (lambda t, x: x[t.from_numpy(AT)], lambda x: x[AT]),
    "gather": (lambda t, x: x.gather(1, t.from_numpy(GRID)), lambda x: np.take_along_axis(x, GRID, 1)),
    "masked_fill": (lambda t, x: x.masked_fill(x > 0, 0.0), lambda x: np.where(x > 0, 0.0, x)),
    "matmul": (lambda t, x: x @ x, lambda x: x @ x),
}


def declared():
    """(name, function of the engine and the inputs, NumPy's function, inputs) for each op that has one."""
    rng = np.random.default_rng(0)
    for op in list(registry.values()):
        by_hand = EXPRESSIONS.get(op.name, getattr(np, op.name, None))
        chapter = op.call.__module__.rpartition(".")[2]
        of_numbers = chapter in CHAPTERS or (chapter == "logic" and "bitwise" not in op.name)
        if by_hand is None or op.optional or op.variadic or not of_numbers:
            continue
        samplers = op.sample if isinstance(op.sample, dict) else dict.fromkeys(op.inputs, op.sample)
        arrays = [np.asarray((samplers.get(x) or standard)(rng, (N,))) for x in op.inputs]
        place = next(p for p in ("torch", "nn.functional", "special") if p in op.places)
        yield (
            op.name,
            partial(called, place, op.name),
            by_hand,
            [a if a.dtype == bool else a.astype("f4") for a in arrays],
        )
    for name, (ours, by_hand) in COMPOSED.items():
        count = by_hand.__code__.co_argcount
        yield (
            name,
            ours,
            by_hand,
            [rng.uniform(0.5, 1.5, N).astype("f4") if i else rng.standard_normal(N).astype("f4") for i in range(count)],
        )
    x = rng.standard_normal(rows).astype("f4")
    for name, (ours, by_hand) in OVER.items():
        yield name, ours, by_hand, [x]


def standard(rng, shape):
    return rng.standard_normal(shape)


def called(place, name, torch, *inputs):
    for part in ("" if place == "torch" else place).split("."):
        torch = getattr(torch, part) if part else torch
    return getattr(torch, name)(*inputs)


def step(engine, function, arrays):
    """Forward and backward, as one function of nothing; None if no gradient comes of it."""
    torch = module(engine)
    leaves = [torch.tensor(a, requires_grad=a.dtype != bool) for a in arrays]
    out = function(torch, *leaves)
    if not out.requires_grad or out.grad_fn.name().endswith("NotImplemented"):  # as torch's of floor_divide
        return None
    g = torch.ones_like(out.detach())

    def forward_and_backward():
        for leaf in leaves:
            leaf.grad = None
        function(torch, *leaves).backward(g)

    return forward_and_backward


def ratios(rounds):
    """(name, forward / NumPy's, forward and backward / torch's) for each op; the medians of the rounds, None if not timed."""
    keep_memory()
    with np.errstate(all="ignore"):
        for name, function, by_hand, arrays in declared():
            ours = module("ours")
            inputs = [ours.from_numpy(a) for a in arrays]
            turns = {"ours": partial(function, ours, *inputs), "numpy": partial(by_hand, *arrays)}
            forward = ratio(turns, "numpy", rounds)
            steps = {engine: step(engine, function, arrays) for engine in MODULES}
            both = ratio(steps, "torch", rounds) if "torch" in steps and all(steps.values()) else None
            yield name, forward, both


def keep_memory():
    """Let malloc keep what is freed, for all engines: else we time how fast the system clears pages, at its whim."""
    if hasattr(libc := ctypes.CDLL(None), "mallopt"):
        trim_threshold, mmap_threshold = -1, -3
        libc.mallopt(mmap_threshold, 1 << 25)
        libc.mallopt(trim_threshold, 1 << 30)


def ratio(turns, reference, rounds):
    times = race({engine: lambda turn=turn: (turn, None) for engine, turn in turns.items()}, rounds, seconds=0.01)
    return float(np.median(np.divide(times["ours"], times[reference])))
