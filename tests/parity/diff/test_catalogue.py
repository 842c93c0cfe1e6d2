"""The catalogue's mutants, each as the formula that it makes of the right one: the guesser must name it.

Ours and the reference's are written down here once more, so that no suspect is judged by its own formula."""

import numpy as np
import pytest

from parity.diff.causes import Evidence, causes
from parity.mutants.catalogue import catalogue

CASES = []
rng = np.random.default_rng(0)
n = lambda *shape: rng.normal(size=shape)
u = lambda *shape: rng.uniform(0.2, 0.8, shape)
logistic = lambda z: 1 / (1 + np.exp(-z))


def sharp(a, b):
    return np.allclose(a, b, rtol=1e-11, atol=1e-13)


def mutant(name, cause, ours, theirs, what, op, /, upstream=None, wrt=None, before=None, arguments=None, **inputs):
    seen = dict(what=what, op=op, inputs=inputs, arguments=arguments or {}, before=before or {}, wrt=wrt)
    CASES.append((name, cause, np.asarray(ours), np.asarray(theirs), seen | dict(upstream=upstream)))


# ------------------------------------------------------------------ rules

g, x, y = n(3, 4), n(3, 4), n(3, 4)
s = logistic(x)
wide, narrow = n(6, 3), n(6, 2)
mutant(
    "linear.dw",
    "times a constant",
    1.0001 * narrow.T @ wide,
    narrow.T @ wide,
    "gradient",
    "linear",
    upstream=narrow,
    wrt="weight",
    input=wide,
    weight=n(2, 3),
)
mutant(
    "linear.dx",
    "times a constant",
    1.0001 * g @ x.T @ x,
    g @ x.T @ x,
    "gradient",
    "linear",
    upstream=g @ x.T,
    wrt="input",
    input=n(3, 4),
    weight=x,
)
for name, slope in (("sigmoid", s * (1 - s)), ("tanh", 1 - np.tanh(x) ** 2), ("relu", x > 0)):
    mutant(f"{name}.dx", "times a constant", 1.0001 * g * slope, g * slope, "gradient", name, upstream=g, input=x)
mutant(
    "mean.dx",
    "times a constant",
    1.0001 * np.outer(x[:, 0], np.ones(5)) / 5,
    np.outer(x[:, 0], np.ones(5)) / 5,
    "gradient",
    "mean",
    upstream=x[:, 0],
    arguments={"dim": 1},
    input=n(3, 5),
)
z = np.where(x > 0.5, 0, x)
mutant("relu at zero", "relu at zero", g * (z >= 0), g * (z > 0), "gradient", "relu", upstream=g, input=z)
two = np.where(g > 0, x, y)
mutant(
    "ties of maximum",
    "ties of maximum",
    g * (two >= y),
    g * np.where(two == y, 0.5, two > y),
    "gradient",
    "maximum",
    upstream=g,
    wrt="input",
    input=two,
    other=y,
)
top = np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 2.0]])
mutant(
    "ties of amax",
    "ties of amax",
    g[:2, :1] * (top == top.max(1, keepdims=True)),
    g[:2, :1] * (top == top.max(1, keepdims=True)) / 2,
    "gradient",
    "amax",
    upstream=g[:2, 0],
    arguments={"dim": 1},
    input=top,
)
bound = np.clip(x, -0.5, 0.5)
mutant(
    "clamp at its bounds",
    "clamp at its bounds",
    g * (abs(bound) < 0.5),
    g,
    "gradient",
    "clamp",
    upstream=g,
    arguments={"min": -0.5, "max": 0.5},
    input=bound,
)
a, b, c = n(4, 4), n(4, 4), n(4, 4)
mutant(
    "not transposed", "not transposed", c @ b, c @ b.T, "gradient", "matmul", upstream=c, wrt="input", input=a, other=b
)
cube = n(3, 3, 3)
mutant(
    "permuted again",
    "permuted again",
    cube.transpose(2, 0, 1),
    cube.transpose(1, 2, 0),
    "gradient",
    "permute",
    upstream=cube,
    arguments={"dims": (2, 0, 1)},
    input=n(3, 3, 3),
)
mutant(
    "axis not put back",
    "axis not put back",
    np.tile(a[0], (4, 1)),
    np.tile(a[0][:, None], 4),
    "gradient",
    "sum",
    upstream=a[0],
    arguments={"dim": 1},
    input=b,
)
mutant("wrong count", "wrong count", x.sum(1) / 3, x.sum(1) / 4, "output", "mean", arguments={"dim": 1}, input=x)
mutant(
    "wrong count",
    "wrong count",
    np.full((3, 4), 0.7 / 3),
    np.full((3, 4), 0.7 / 12),
    "gradient",
    "mean",
    upstream=np.array(0.7),
    input=x,
)
mutant(
    "repeated index",
    "repeated index",
    np.stack([g[2], g[1], 0 * g[0]]),
    np.stack([g[0] + g[2], g[1], 0 * g[0]]),
    "gradient",
    "index_select",
    upstream=g,
    arguments={"dim": 0},
    input=n(3, 4),
    index=np.array([0, 1, 0]),
)
p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
mutant(
    "diagonal of softmax",
    "diagonal of softmax",
    g * p * (1 - p),
    p * g - p * (p * g).sum(1, keepdims=True),
    "gradient",
    "softmax",
    upstream=g,
    arguments={"dim": 1},
    input=x,
)
mutant(
    "softmax overflows",
    "softmax overflows",
    [np.nan, np.nan, 0.0],
    [1.0, np.exp(-2.0), 0.0] / (1 + np.exp(-2.0)),
    "output",
    "softmax",
    arguments={"dim": 0},
    input=np.array([1000.0, 998.0, 0.0]),
)
mutant("precedence", "precedence", g / 2 * np.sqrt(p), g / (2 * np.sqrt(p)), "gradient", "sqrt", upstream=g, input=p)
mutant(
    "div.dy", "square missing", -g * x / p, -g * x / p**2, "gradient", "div", upstream=g, wrt="other", input=x, other=p
)
mutant(
    "cumsum not turned round",
    "cumsum not turned round",
    g.cumsum(1),
    g.sum(1, keepdims=True) - g.cumsum(1) + g,
    "gradient",
    "cumsum",
    upstream=g,
    arguments={"dim": 1},
    input=x,
)
mutant(
    "read twice, heard once",
    "repeated index",
    [[g[0, 2], g[0, 1], 0, g[0, 3]]],
    [[g[0, 0] + g[0, 2], g[0, 1], 0, g[0, 3]]],
    "gradient",
    "gather",
    upstream=g[:1],
    arguments={"dim": 1},
    input=x[:1],
    index=np.array([[0, 1, 0, 3]]),
)
mutant(
    "logarithms for probabilities",
    "logarithms for probabilities",
    g - np.log(p) * g.sum(1, keepdims=True),
    g - p * g.sum(1, keepdims=True),
    "gradient",
    "log_softmax",
    upstream=g,
    arguments={"dim": 1},
    input=x,
)
mutant(
    "divided by zero",
    "divided by zero",
    [np.nan, 0.0, 0.0],
    [6.0, 0.0, 0.0],
    "gradient",
    "prod",
    upstream=np.array(1.0),
    input=np.array([0.0, 2.0, 3.0]),
)

# ------------------------------------------------------------------ losses

q, t = u(3, 4), (n(3, 4) > 0) * 1.0
slope = (q - t) / (q * (1 - q))
one = np.array(1.7)
mutant(
    "binary_cross_entropy.dx",
    "times a constant",
    1.0001 * slope / 12,
    slope / 12,
    "gradient",
    "binary_cross_entropy",
    upstream=np.array(1.0),
    wrt="input",
    input=q,
    target=t,
)
mutant(
    "sum for mean",
    "sum for mean",
    one * slope,
    one * slope / 12,
    "gradient",
    "binary_cross_entropy",
    upstream=one,
    wrt="input",
    input=q,
    target=t,
)
mutant(
    "sum for mean",
    "sum for mean",
    one * 2 * (x - y),
    one * (x - y) / 6,
    "gradient",
    "mse_loss",
    upstream=one,
    wrt="input",
    input=x,
    target=y,
)
mutant(
    "mean over rows",
    "mean over rows",
    ((x - y) ** 2).sum() / 3,
    ((x - y) ** 2).mean(),
    "output",
    "mse_loss",
    input=x,
    target=y,
)
losses = -(t * np.log(q) + (1 - t) * np.log(1 - q))
mutant(
    "mean over rows",
    "mean over rows",
    losses.sum() / 3,
    losses.mean(),
    "loss",
    "binary_cross_entropy",
    input=q,
    target=t,
)
mutant(
    "log of zero",
    "log of zero",
    [np.inf, np.log(2)],
    [100.0, np.log(2)],
    "output",
    "binary_cross_entropy",
    arguments={"reduction": "none"},
    input=np.array([0.0, 0.5]),
    target=np.ones(2),
)
tiny, near = float(np.float32(1e-12)), np.array([0.0, 0.5])
mutant(
    "another tiny",
    "another tiny",
    [-1 / 1e-12, -2.0],
    [-1 / tiny, -2.0],
    "gradient",
    "binary_cross_entropy",
    upstream=np.ones(2),
    arguments={"reduction": "none"},
    wrt="input",
    input=near,
    target=np.ones(2),
)
mutant(
    "logits overflow",
    "logits overflow",
    [np.inf, np.log(2)],
    [1000.0, np.log(2)],
    "output",
    "binary_cross_entropy_with_logits",
    arguments={"reduction": "none"},
    input=np.array([-1000.0, 0.0]),
    target=np.ones(2),
)
w, of = np.array([0.2, 0.5, 0.9, 1.4]), np.array([3, 0, 0])
own = -np.log(p)[[0, 1, 2], of]
mutant(
    "weights not counted",
    "weights not counted",
    (own * w[of]).sum() / 3,
    (own * w[of]).sum() / w[of].sum(),
    "output",
    "cross_entropy",
    input=x,
    target=of,
    weight=w,
)
mutant(
    "ignored class heard",
    "ignored class heard",
    own.mean(),
    own[0],
    "output",
    "cross_entropy",
    arguments={"ignore_index": 0},
    input=x,
    target=of,
)
mutant(
    "ignored class heard",
    "ignored class heard",
    own.mean(),
    own[0],
    "output",
    "cross_entropy",
    input=x,
    target=np.where(of == 0, -100, of),  # which is no class: ours reads class 0's score for it
)
d = p - np.eye(4)[of]
mutant(
    "ignored class heard",
    "ignored class heard",
    d / 3,
    d * [[1], [0], [0]],
    "gradient",
    "cross_entropy",
    upstream=np.array(1.0),
    arguments={"ignore_index": 0},
    wrt="input",
    input=x,
    target=of,
)

# ------------------------------------------------------------------ layers

row, kernel, gx = n(1, 1, 6), n(1, 1, 3), n(1, 1, 4)
back = np.array([sum(gx[0, 0, i - k] * kernel[0, 0, k] for k in range(3) if 0 <= i - k < 4) for i in range(6)])[
    None, None
]
turned = np.array([sum(gx[0, 0, i - k] * kernel[0, 0, 2 - k] for k in range(3) if 0 <= i - k < 4) for i in range(6)])[
    None, None
]
mutant(
    "kernel upside down",
    "kernel flipped",
    turned,
    back,
    "gradient",
    "conv1d",
    upstream=gx,
    wrt="input",
    input=row,
    weight=kernel,
)
points, dots = n(2, 4, 5), n(6, 2, 1)
group = lambda order: np.concatenate(
    [np.einsum("ncl,oc->nol", points[:, 2 * k : 2 * k + 2], dots[order[k], :, 0]) for k in (0, 1)], 1
)
mutant(
    "groups interleaved",
    "groups interleaved",
    group([[0, 2, 4], [1, 3, 5]]),
    group([[0, 1, 2], [3, 4, 5]]),
    "output",
    "conv1d",
    arguments={"groups": 2},
    input=points,
    weight=dots,
)
pair = n(1, 1, 2)
slide = lambda r: (r[:-1] * pair[0, 0, 0] + r[1:] * pair[0, 0, 1])[None, None]
mutant(
    "the odd one in front",
    "odd one in front",
    slide(np.append(0, row)),
    slide(np.append(row, 0)),
    "output",
    "conv1d",
    arguments={"padding": "same"},
    input=row,
    weight=pair,
)
mutant(
    "the last of equal maxima",
    "the last of equal maxima",
    [[[0.0, 0.7, 0.0, 0.3]]],
    [[[0.7, 0.0, 0.0, 0.3]]],
    "gradient",
    "max_pool1d",
    upstream=np.array([[[0.7, 0.3]]]),
    arguments={"kernel_size": 2},
    input=np.array([[[2.0, 2.0, 1.0, 5.0]]]),
)
layer = {"normalized_shape": (4,), "eps": 0.1}
mid = x - x.mean(1, keepdims=True)
v = (mid**2).mean(1, keepdims=True)
hat = mid / np.sqrt(v + 0.1)
mutant(
    "variance over n - 1", "ddof", mid / np.sqrt(v * 4 / 3 + 0.1), hat, "output", "layer_norm", arguments=layer, input=x
)
less = g - g.mean(1, keepdims=True)
mutant(
    "only shifted",
    "only shifted",
    less / np.sqrt(v + 0.1),
    (less - hat * (g * hat).mean(1, keepdims=True)) / np.sqrt(v + 0.1),
    "gradient",
    "layer_norm",
    upstream=g,
    arguments=layer,
    wrt="input",
    input=x,
)
kept = {"running_mean": n(4), "running_var": u(4)}
mutant(
    "running variance over n",
    "ddof",
    0.9 * kept["running_var"] + 0.1 * x.var(0),
    0.9 * kept["running_var"] + 0.1 * x.var(0, ddof=1),
    "update",
    "batch_norm",
    wrt="running_var",
    before=kept,
    arguments={"momentum": 0.1},
    input=x,
)
mutant(
    "momentum for its rest",
    "momentum for its rest",
    0.1 * kept["running_mean"] + 0.9 * x.mean(0),
    0.9 * kept["running_mean"] + 0.1 * x.mean(0),
    "update",
    "batch_norm",
    wrt="running_mean",
    before=kept,
    arguments={"momentum": 0.1},
    input=x,
)
mutant(
    "eps outside the root",
    "eps outside the root",
    mid / (np.sqrt(v) + 0.1),
    hat,
    "output",
    "layer_norm",
    arguments=layer,
    input=x,
)
rows = lambda e: np.exp(e) / np.exp(e).sum(-1, keepdims=True)
heads = dict(query=a, key=b, value=c)
mutant(
    "attention unscaled",
    "attention unscaled",
    rows(a @ b.T) @ c,
    rows(a @ b.T / 2) @ c,
    "output",
    "scaled_dot_product_attention",
    **heads,
)
hidden = lambda k: np.where(np.tri(4, 4, k), 0, -np.inf)
mutant(
    "one into the future",
    "one into the future",
    rows(a @ b.T / 2 + hidden(1)) @ c,
    rows(a @ b.T / 2 + hidden(0)) @ c,
    "output",
    "scaled_dot_product_attention",
    arguments={"is_causal": True},
    **heads,
)
mutant(
    "padding heard",
    "padding heard",
    np.stack([g[0], g[1], g[2]]),
    np.stack([g[0], 0 * g[1], g[2]]),
    "gradient",
    "embedding",
    upstream=g,
    arguments={"padding_idx": 1},
    wrt="weight",
    input=np.arange(3),
    weight=x,
)
bent = lambda k: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + k * x**3))) / 2
mutant(
    "gelu's constant",
    "gelu's constant",
    bent(0.0447),
    bent(0.044715),
    "output",
    "gelu",
    arguments={"approximate": "tanh"},
    input=x,
)
tan = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
gelu = lambda k: g * (1 + tan + x * (1 - tan**2) * np.sqrt(2 / np.pi) * (1 + k * 0.044715 * x**2)) / 2
mutant(
    "gelu's slope of a square",
    "gelu's slope of a square",
    gelu(2),
    gelu(3),
    "gradient",
    "gelu",
    upstream=g,
    arguments={"approximate": "tanh"},
    input=x,
)
cell = dict(input=n(5, 3), hx=n(5, 2), cx=n(5, 2), w_ih=n(8, 3), w_hh=n(8, 2), b_ih=n(8), b_hh=n(8))
i, f, k, o = np.split(cell["input"] @ cell["w_ih"].T + cell["hx"] @ cell["w_hh"].T + cell["b_ih"] + cell["b_hh"], 4, 1)
i, f, k, o = logistic(i), logistic(f), np.tanh(k), logistic(o)
memory, other = f * cell["cx"] + i * k, i * cell["cx"] + f * k
mutant(
    "gates in another order",
    "gates in another order",
    o * np.tanh(other),
    o * np.tanh(memory),
    "output",
    "lstm_cell",
    **cell,
)
mutant("memory shown as it is", "memory shown as it is", o * memory, o * np.tanh(memory), "output", "lstm_cell", **cell)
up = n(5, 2)
dc = up * o * (1 - np.tanh(memory) ** 2)
gates = lambda candidate: np.concatenate(
    [dc * k * i * (1 - i), dc * cell["cx"] * f * (1 - f), dc * i * candidate, up * np.tanh(memory) * o * (1 - o)], 1
)
mutant(
    "candidate's slope unsquared",
    "candidate's slope unsquared",
    gates(1 - k) @ cell["w_ih"],
    gates(1 - k * k) @ cell["w_ih"],
    "gradient",
    "lstm_cell",
    upstream=up,
    wrt="input",
    **cell,
)
chance, full = rng.uniform(size=(9, 9)), n(9, 9)
mutant(
    "kept and dropped exchanged",
    "kept and dropped exchanged",
    np.where(chance < 0.25, full / 0.75, 0),
    np.where(chance < 0.75, full / 0.75, 0),
    "output",
    "dropout",
    arguments={"p": 0.25},
    input=full,
)

# ------------------------------------------------------------------ optimizers, from a state as it is after four steps

par, grad, m, sq = n(3, 4), n(3, 4), n(3, 4), u(3, 4)
state = {"parameter": par, "grad": grad, "exp_avg": m, "exp_avg_sq": sq, "step": np.array(4.0)}
group = dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False)


def adam(t=5, d=grad, root=lambda v, c: np.sqrt(v / c) + 1e-8, c1=None, c2=None, p=par):
    m1, v1 = 0.9 * m + 0.1 * d, 0.999 * sq + 0.001 * d**2
    return p - 0.01 * m1 / (c1 or 1 - 0.9**t) / root(v1, c2 or 1 - 0.999**t)


def of_adam(name, cause, ours, theirs=None, op="Adam", wrt="parameter", **options):
    mutant(
        name,
        cause,
        ours,
        adam() if theirs is None else theirs,
        "update",
        op,
        wrt=wrt,
        before=state,
        arguments=group | options,
    )


coarse = lambda v, c: np.sqrt(v / c) + 1e-3
of_adam(
    "eps inside the root",
    "eps inside the root",
    adam(root=lambda v, c: np.sqrt(v / c + 1e-3)),
    adam(root=coarse),
    eps=1e-3,
)
of_adam(
    "eps before the hat",
    "eps before the hat",
    adam(root=lambda v, c: (np.sqrt(v) + 1e-3) / np.sqrt(c)),
    adam(root=coarse),
    eps=1e-3,
)
of_adam("no hat on m", "no bias correction of m", adam(c1=1))
of_adam("no hat on v", "no bias correction of v", adam(c2=1))
of_adam("one step ahead", "one step ahead", adam(t=6))
of_adam("a stale moment", "not remembered", m, 0.9 * m + 0.1 * grad, wrt="exp_avg")
of_adam(
    "one beta for two", "one beta for two", 0.9 * sq + 0.1 * grad**2, 0.999 * sq + 0.001 * grad**2, wrt="exp_avg_sq"
)
decay = dict(weight_decay=0.1, op="AdamW")
of_adam("coupled decay", "coupled for decoupled decay", adam(d=grad + 0.1 * par), adam(p=par * 0.999), **decay)
of_adam("decay without lr", "decay without lr", adam(p=par * 0.9), adam(p=par * 0.999), **decay)
of_adam("growth for decay", "growth for decay", adam(d=grad - 0.1 * par), adam(d=grad + 0.1 * par), weight_decay=0.1)
state["max_exp_avg_sq"] = sq / 2
of_adam("amsgrad forgets", "not remembered", sq / 2, 0.999 * sq + 0.001 * grad**2, wrt="max_exp_avg_sq", amsgrad=True)
plain = {"parameter": par, "grad": grad}
sgd = dict(lr=0.1, momentum=0.9, dampening=0.3, nesterov=False, weight_decay=0.0, maximize=False)
mutant(
    "dampened start",
    "dampened start",
    par - 0.1 * 0.7 * grad,
    par - 0.1 * grad,
    "update",
    "SGD",
    wrt="parameter",
    before=plain,
    arguments=sgd,
)
second = plain | {"momentum_buffer": m}
mutant(
    "borrowed buffer",
    "borrowed buffer",
    0.9 * m + 0.7 * grad,
    grad,
    "update",
    "SGD",
    wrt="grad",
    before=second,
    arguments=sgd,
)
nest = sgd | dict(nesterov=True, dampening=0.0)
ball = 0.9 * m + grad
mutant(
    "half of Nesterov",
    "half of Nesterov",
    par - 0.1 * (grad + ball),
    par - 0.1 * (grad + 0.9 * ball),
    "update",
    "SGD",
    wrt="parameter",
    before=second,
    arguments=nest,
)
mutant(
    "zero_grad does nothing", "stale gradient", grad + m, grad, "accumulated gradient", "backward", before={"grad": m}
)
norm = np.linalg.norm(grad)
mutant(
    "clipped to a length",
    "clipped to a length",
    grad * 50 / (norm + 1e-6),
    grad,
    "accumulated gradient",
    "clip_grad_norm_",
    before={"grad": grad},
    arguments={"max_norm": 50.0},
)
mutant(
    "a step too soon",
    "a step too soon",
    0.01,
    0.1,
    "update",
    "StepLR",
    wrt="lr",
    arguments=dict(initial_lr=0.1, gamma=0.1, step_size=3, last_epoch=2),
)

NO_SUSPECT = {"a step unseen"}  # all numbers are right: a version is not counted
CHAPTERS = ("rules", "losses", "layers", "optimizers")


def test_every_mutant_of_a_formula_is_here():
    about = {mutant.name for mutant in catalogue() if mutant.chapter in CHAPTERS}
    assert about == {name for name, *_ in CASES} | NO_SUSPECT


@pytest.mark.parametrize(("name", "cause", "ours", "theirs", "seen"), CASES, ids=[name for name, *_ in CASES])
def test_the_guesser_names_it(name, cause, ours, theirs, seen):
    found = causes(Evidence(ours=ours, theirs=theirs, close=sharp, **seen))
    assert found, name
    assert found[0].name == cause


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_in_either_precision(dtype):
    """With a bound that is as wide as float32 needs it, or as narrow as float64 allows, whatever shows at all is named."""
    narrow = lambda a: a.astype(dtype) if a is not None and a.dtype.kind == "f" else a
    rtol = 1e-5 if dtype == np.float32 else 1e-11
    close = lambda a, b: np.allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max(initial=0, where=np.isfinite(b)))
    for _, cause, ours, theirs, seen in CASES:
        arrays = {k: {n: narrow(a) for n, a in seen[k].items()} for k in ("inputs", "before")}
        known = seen | arrays | dict(upstream=narrow(seen["upstream"]), ours=narrow(ours), theirs=narrow(theirs))
        if not close(known["ours"], known["theirs"]):
            assert cause in [found.name for found in causes(Evidence(close=close, **known))]
