"""Evidence to plant flaws in: for each op, and each optimizer, what an engine that is right makes of some numbers."""

import numpy as np

import tinygrad_edu as tg
from parity.diff.causes import Evidence
from tinygrad_edu import optim
from tinygrad_edu.nn import functional as F

rng = np.random.default_rng(0)
normal = lambda *shape: rng.normal(size=shape)
positive = lambda *shape: rng.uniform(0.3, 2.0, shape)
chance = lambda *shape: rng.uniform(0.1, 0.9, shape)
whole = lambda high, *shape: rng.integers(0, high, shape)


def close(a, b):
    return np.allclose(a, b, rtol=1e-5, atol=1e-9)


CALLS = []  # (op, call, inputs by name, arguments)


def call(op, made=None, /, arguments=None, **inputs):
    CALLS.append((op, made or getattr(tg, op, None) or getattr(F, op), inputs, arguments or {}))


# ------------------------------------------------------------------ one number

zeros = np.array([[-1.5, 0.0, 2.0], [0.0, 0.5, -0.3]])
for op in ("sigmoid", "tanh", "exp", "sin", "cos", "tan", "square", "expm1"):
    call(op, input=normal(3, 4))
for op in ("relu", "abs"):
    call(op, input=zeros)
for op in ("silu", "logsigmoid", "softplus"):
    call(op, getattr(F, op), input=normal(3, 4))
for op in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"):
    call(op, input=positive(3, 4))
call("leaky_relu", F.leaky_relu, {"negative_slope": 0.1}, input=zeros)
call("elu", F.elu, {"alpha": 0.7}, input=normal(3, 4))
call("softplus", F.softplus, {"beta": 3.0}, input=normal(3, 4))
call("relu6", F.relu6, input=np.array([[-1.0, 0.0, 2.0], [6.0, 7.0, 3.0]]))
call("hardtanh", F.hardtanh, input=np.array([[-1.0, 0.2, 1.0], [-3.0, 7.0, 0.5]]))
call("clamp", arguments={"min": -1.0, "max": 1.0}, input=np.array([[-1.0, 0.2, 1.0], [-3.0, 7.0, 0.5]]))
call("gelu", F.gelu, {"approximate": "tanh"}, input=normal(3, 4))
call("gelu", F.gelu, input=normal(3, 4))

# ------------------------------------------------------------------ several

for op in ("mul", "div", "pow", "atan2"):
    call(op, input=positive(3, 4), **{"exponent" if op == "pow" else "other": positive(4)})
call("pow", arguments={"exponent": 3}, input=positive(3, 4))
call("sub", input=normal(3, 4), other=normal(4))
ties = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 0.0]])
call("maximum", input=ties, other=ties[::-1] + [[1, 0, 0]] * 2)
call("minimum", input=ties, other=ties[::-1] + [[1, 0, 0]] * 2)
call("matmul", input=normal(3, 3), other=normal(3, 3))
call("linear", F.linear, input=normal(5, 3), weight=normal(3, 3), bias=normal(3))
for op in ("sum", "mean", "prod", "var", "std", "logsumexp"):
    call(op, arguments={"dim": 1}, input=positive(3, 3))
call("var", arguments={"dim": 1, "correction": 0}, input=normal(3, 5))
call("mean", arguments={"dim": 1}, input=normal(4, 6))
call("prod", arguments={"dim": 1}, input=np.array([[1.0, 0.0, 3.0], [2.0, 1.5, 0.5]]))
call("amax", arguments={"dim": 1}, input=np.array([[3.0, 1.0, 3.0], [1.0, 2.0, 0.5]]))
call("amin", arguments={"dim": 0}, input=np.array([[3.0, 1.0, 3.0], [1.0, 1.0, 3.0]]))
for op in ("softmax", "log_softmax"):
    call(op, arguments={"dim": 1}, input=normal(4, 4))
    call(op, arguments={"dim": 0}, input=normal(3, 4))
call("softmax", arguments={"dim": -1}, input=np.array([[1000.0, 999.0, 1.0]]))
for op in ("cumsum", "cumprod"):
    call(op, arguments={"dim": 1}, input=positive(4, 4))
call("permute", arguments={"dims": (2, 0, 1)}, input=normal(3, 3, 3))
call("index_select", arguments={"dim": 1}, input=normal(3, 4), index=np.array([1, 3, 1]))
call(
    "gather",
    lambda input, index, dim: input.gather(dim, index),
    {"dim": 1},
    input=normal(2, 4),
    index=np.array([[0, 2, 0], [3, 3, 1]]),
)
call("getitem", lambda input, index: input[index], input=normal(4, 3), index=np.array([0, 2, 0]))
words = np.array([[1, 2, 1], [0, 3, 3]])
for arguments in ({"padding_idx": 1}, {"scale_grad_by_freq": True}, {}):
    call(
        "embedding",
        lambda input, weight, **k: F.embedding(input, weight, **k),
        arguments,
        input=words,
        weight=normal(5, 3),
    )

# ------------------------------------------------------------------ losses

for reduction in ("mean", "sum"):
    for op in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        call(op, getattr(F, op), {"reduction": reduction}, input=2 * normal(3, 4), target=normal(3, 4))
call("huber_loss", F.huber_loss, {"delta": 0.5, "reduction": "none"}, input=normal(3, 4), target=normal(3, 4))
BCE, LOGITS = F.binary_cross_entropy, F.binary_cross_entropy_with_logits
edges = np.array([0.0, 1.0, 0.3, 0.8, 1.0])
call(
    "binary_cross_entropy",
    BCE,
    {"reduction": "mean"},
    input=chance(3, 4),
    target=whole(2, 3, 4) * 1.0,
    weight=positive(4),
)
call("binary_cross_entropy", BCE, {"reduction": "sum"}, input=chance(3, 4), target=chance(3, 4))
call("binary_cross_entropy", BCE, {"reduction": "none"}, input=edges, target=np.array([1.0, 0.0, 1.0, 0.0, 1.0]))
call(
    "binary_cross_entropy_with_logits",
    LOGITS,
    {"reduction": "mean"},
    input=normal(3, 4),
    target=whole(2, 3, 4) * 1.0,
    weight=positive(4),
)
call(
    "binary_cross_entropy_with_logits",
    LOGITS,
    {"reduction": "sum"},
    input=normal(3, 4),
    target=whole(2, 3, 4) * 1.0,
    pos_weight=positive(4),
)
call("binary_cross_entropy_with_logits", LOGITS, {"reduction": "mean"}, input=chance(6), target=whole(2, 6) * 1.0)
call(
    "binary_cross_entropy_with_logits",
    LOGITS,
    {"reduction": "none"},
    input=np.array([-1000.0, 3.0, 50.0]),
    target=np.array([1.0, 0.0, 1.0]),
)
some = np.array([2, 0, 1, 1, 0])
for op in ("cross_entropy", "nll_loss"):
    scores = (lambda *s: normal(*s)) if op == "cross_entropy" else (lambda *s: np.log(chance(*s)))
    f = getattr(F, op)
    call(op, f, {"reduction": "mean"}, input=scores(5, 3), target=some)
    call(op, f, {"reduction": "sum"}, input=scores(5, 3), target=some)
    call(op, f, {"reduction": "mean"}, input=scores(5, 3), target=some, weight=positive(3))
    call(op, f, {"reduction": "mean", "ignore_index": 1}, input=scores(5, 3), target=some, weight=positive(3))
    call(op, f, {"reduction": "mean", "ignore_index": 1}, input=scores(5, 3), target=some)
    call(op, f, {"reduction": "mean"}, input=scores(5, 3, 2), target=whole(3, 5, 2), weight=positive(3))
call("cross_entropy", F.cross_entropy, {"label_smoothing": 0.1}, input=normal(5, 3), target=some)
call("cross_entropy", F.cross_entropy, input=normal(5, 3), target=chance(5, 3))
call("cross_entropy", F.cross_entropy, input=np.array([[1000.0, 0.0], [1.0, 2.0]]), target=np.array([1, 0]))
call("kl_div", F.kl_div, {"reduction": "mean"}, input=np.log(chance(3, 4)), target=chance(3, 4))
call("kl_div", F.kl_div, {"reduction": "batchmean"}, input=np.log(chance(3, 4)), target=chance(3, 4))
call(
    "kl_div",
    F.kl_div,
    {"reduction": "batchmean", "log_target": True},
    input=np.log(chance(3, 4)),
    target=np.log(chance(3, 4)),
)

# ------------------------------------------------------------------ layers

call(
    "layer_norm",
    F.layer_norm,
    {"normalized_shape": (4,), "eps": 0.1},
    input=normal(3, 4) + 1,
    weight=positive(4),
    bias=normal(4),
)
call("layer_norm", F.layer_norm, {"normalized_shape": (3, 4), "eps": 0.1}, input=normal(2, 3, 4), weight=positive(3, 4))
call(
    "group_norm", F.group_norm, {"num_groups": 2, "eps": 0.1}, input=normal(3, 4, 5), weight=positive(4), bias=normal(4)
)
call("instance_norm", F.instance_norm, {"eps": 0.1}, input=normal(3, 4, 5), weight=positive(4))
kept = dict(running_mean=normal(4), running_var=positive(4))
batch_norm = lambda input, running_mean, running_var, weight, bias, **k: F.batch_norm(
    input, running_mean, running_var, weight, bias, **k
)
for training in (True, False):
    call(
        "batch_norm",
        batch_norm,
        {"training": training, "eps": 0.1},
        input=normal(3, 4, 2),
        **kept,
        weight=positive(4),
        bias=normal(4),
    )
call("rms_norm", F.rms_norm, {"normalized_shape": (4,), "eps": 0.1}, input=normal(3, 4) + 1, weight=positive(4))
attend = lambda **k: F.scaled_dot_product_attention(**k)
heads = lambda: dict(query=normal(2, 4, 6), key=normal(2, 4, 6), value=normal(2, 4, 3))
call("scaled_dot_product_attention", attend, **heads())
call("scaled_dot_product_attention", attend, {"is_causal": True}, **heads())
call("scaled_dot_product_attention", attend, **heads(), attn_mask=np.tri(4, dtype=bool) ^ np.eye(4, k=2, dtype=bool))
two = dict(stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)
call("conv2d", F.conv2d, two, input=normal(2, 4, 6, 7), weight=normal(4, 2, 3, 3), bias=normal(4))
call("conv1d", F.conv1d, {"padding": "same"}, input=normal(2, 3, 7), weight=normal(2, 3, 4))
call("conv1d", F.conv1d, input=normal(2, 3, 7), weight=normal(2, 3, 3), bias=normal(2))
call("conv3d", F.conv3d, {"groups": 1}, input=normal(1, 2, 4, 4, 4), weight=normal(2, 2, 2, 2, 2))
pool = np.array([[[[1.0, 1.0, 3.0, 3.0], [0.0, 1.0, 2.0, 3.0]]]])
call("max_pool2d", F.max_pool2d, {"kernel_size": 2}, input=pool)
call("max_pool1d", F.max_pool1d, {"kernel_size": 3, "stride": 2, "padding": 1}, input=pool[0] + 1)
call("avg_pool2d", F.avg_pool2d, {"kernel_size": 3, "stride": 2, "padding": 1}, input=normal(2, 3, 6, 6))
weights = lambda k, n=3, h=2: dict(w_ih=normal(k * h, n), w_hh=normal(k * h, h), b_ih=normal(k * h), b_hh=normal(k * h))
cell = lambda f: lambda input, hx, cx=None, **w: f(input, hx if cx is None else (hx, cx), *w.values())
call(
    "lstm_cell",
    lambda *a, **k: cell(tg.lstm_cell)(*a, **k)[0],
    input=normal(5, 3),
    hx=normal(5, 2),
    cx=normal(5, 2),
    **weights(4),
)
call("gru_cell", cell(tg.gru_cell), input=normal(5, 3), hx=normal(5, 2), **weights(3))
layer = lambda f: (
    lambda input, hx, cx=None, batch_first=False, **w: f(
        input, hx if cx is None else (hx, cx), [*w.values()], True, 1, 0.0, True, False, batch_first
    )[0]
)
for first in (True, False):
    call(
        "lstm",
        layer(tg.lstm),
        {"batch_first": first},
        input=normal(3, 3, 3),
        hx=normal(1, 3, 2),
        cx=normal(1, 3, 2),
        **weights(4),
    )
    call("gru", layer(tg.gru), {"batch_first": first}, input=normal(3, 3, 3), hx=normal(1, 3, 2), **weights(3))

NOT_DIFFERENTIATED = ("running_mean", "running_var", "attn_mask", "index")


def evidences():
    """For each call: of its output, and of the gradient of each input."""
    for op, f, inputs, arguments in CALLS:
        tensors = {k: tg.tensor(a) for k, a in inputs.items()}
        slopes = [k for k, t in tensors.items() if t.is_floating_point() and k not in NOT_DIFFERENTIATED]
        if op in ("cross_entropy", "nll_loss", "kl_div") or op.startswith("binary"):
            slopes = ["input"]
        for k in slopes:
            tensors[k].requires_grad_(True)
        first, *others = tensors.items()
        y = (
            f(first[1], **dict(others), **arguments)
            if first[0] == "input" and op != "embedding"
            else f(**tensors, **arguments)
        )
        seen = dict(op=op, close=close, inputs=inputs, arguments=arguments)
        yield Evidence(what="output", ours=y.detach().numpy(), theirs=y.detach().numpy(), **seen)
        if not y.requires_grad:
            continue
        g = rng.normal(size=tuple(y.shape))
        y.backward(tg.tensor(g))
        for k in slopes:
            if tensors[k].grad is not None:
                d = tensors[k].grad.numpy()
                yield Evidence(what="gradient", wrt=k, upstream=g, ours=d, theirs=d, **seen)


# ------------------------------------------------------------------ optimizers

SETTINGS = [
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.2)),
    ("SGD", dict(lr=0.1, momentum=0.8, nesterov=True, maximize=True)),
    ("Adam", dict(lr=0.1, eps=0.05, weight_decay=0.2, betas=(0.8, 0.95))),
    ("Adam", dict(lr=0.1, eps=0.05, amsgrad=True, maximize=True, betas=(0.8, 0.5))),
    ("AdamW", dict(lr=0.1, eps=0.05, weight_decay=0.2)),
    ("Adamax", dict(lr=0.1, eps=0.05, weight_decay=0.2, maximize=True)),
    ("RMSprop", dict(lr=0.1, eps=0.05, weight_decay=0.2, momentum=0.9, centered=True, maximize=True)),
    ("Adagrad", dict(lr=0.1, eps=0.05, weight_decay=0.2, lr_decay=0.3, maximize=True)),
    ("Adadelta", dict(lr=0.5, eps=0.05, weight_decay=0.2, maximize=True)),
    ("NAdam", dict(lr=0.1, eps=0.05, weight_decay=0.2, maximize=True, momentum_decay=2.0)),
    ("NAdam", dict(lr=0.1, eps=0.05, weight_decay=0.2, decoupled_weight_decay=True)),
    ("RAdam", dict(lr=0.1, eps=0.05, weight_decay=0.2, maximize=True)),
    ("RAdam", dict(lr=0.1, eps=0.05, weight_decay=0.2, decoupled_weight_decay=True, betas=(0.9, 0.99))),
]


def quantities(optimizer, p):
    """The parameter, its gradient, and what the optimizer remembers of it, as copies."""
    kept = {name: t.numpy() for name, t in optimizer.state.get(p, {}).items() if t is not None}
    return {name: a.copy() for name, a in {"parameter": p.detach().numpy(), "grad": p.grad.numpy(), **kept}.items()}


def updates():
    """For each optimizer: of the parameter and of each state, in the first step and in later ones."""
    for name, options in SETTINGS:
        p = tg.tensor(normal(3, 4), requires_grad=True)
        optimizer = getattr(optim, name)([p], **options)
        for t in range(8):
            p.grad = tg.tensor(normal(3, 4))
            before = quantities(optimizer, p)
            optimizer.step()
            group = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
            for wrt, a in quantities(optimizer, p).items() if t in (0, 1, 4, 7) else ():
                seen = dict(op=name, close=close, arguments=group, before=before, wrt=wrt)
                yield Evidence(what="update", ours=a, theirs=a, **seen)


def around():
    """What else is updated: running statistics, clipped gradients, learning rates."""
    x, was = normal(4, 3, 2), {"running_mean": normal(3), "running_var": positive(3)}
    new = {k: tg.tensor(a) for k, a in was.items()}
    F.batch_norm(tg.tensor(x), *new.values(), training=True, momentum=0.1)
    for k, a in new.items():
        yield Evidence(
            what="update",
            op="batch_norm",
            wrt=k,
            before=was,
            inputs={"input": x},
            arguments={"momentum": 0.1},
            close=close,
            ours=a.numpy(),
            theirs=a.numpy(),
        )
    for limit in (1.0, 1000.0):
        p = tg.tensor(normal(3, 4), requires_grad=True)
        p.grad = tg.tensor(normal(3, 4))
        before = {"grad": p.grad.numpy().copy()}
        tg.nn.utils.clip_grad_norm_([p], limit)
        yield Evidence(
            what="accumulated gradient",
            op="clip_grad_norm_",
            before=before,
            arguments={"max_norm": limit},
            close=close,
            ours=p.grad.numpy(),
            theirs=p.grad.numpy(),
        )
    optimizer = optim.SGD([tg.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 3)
    for _ in range(6):
        optimizer.step()
        scheduler.step()
        lr = np.array(scheduler.get_last_lr()[0])
        arguments = dict(initial_lr=0.1, gamma=0.1, step_size=3, last_epoch=scheduler.last_epoch)
        yield Evidence(what="update", op="StepLR", wrt="lr", arguments=arguments, close=close, ours=lr, theirs=lr)
    x = tg.tensor(normal(6, 7))
    y = F.dropout(x, 0.3)
    yield Evidence(
        what="output",
        op="dropout",
        inputs={"input": x.numpy()},
        arguments={"p": 0.3},
        close=close,
        ours=y.numpy(),
        theirs=y.numpy(),
    )
