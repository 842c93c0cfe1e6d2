"""Layers that fit: for each kind of input, strategies of those that take it, and the shape that they make of it.

A layer's numbers are drawn so that it fits, rather than drawn and refused; and its first choice is always the plainest,
for that is what Hypothesis shrinks towards.
"""

from importlib.util import find_spec
from math import prod
from typing import NamedTuple

from hypothesis import strategies as st

CLASSES = 5  # what tokens are counted up to


class Flow(NamedTuple):
    """What flows from layer to layer. Kinds: vectors (N, C), sequence (N, L, C), signal (N, C, L), image (N, C, H, W),
    and tokens (N, L), which are whole numbers."""

    kind: str
    shape: tuple[int, ...]


class Layer(NamedTuple):
    """How a layer is made, what a model does with it (`{layer}`) and `x`, what comes out, and whether it can learn."""

    made: str
    call: str
    out: Flow
    learns: bool = True


def applied(made, out, learns=True, call="x = {layer}(x)"):
    return Layer(f"nn.{made}", call, out, learns)


def width(most=4):
    return st.integers(1, most)


def choice(*among):
    return st.sampled_from(among)


def options(draw, **choices):
    """ ", name=value" for each option that is not left at its default, which is drawn as often as all else."""
    drawn = {name: draw(st.none() | st.sampled_from(values)) for name, values in choices.items() if values}
    return "".join(f", {name}={value!r}" for name, value in drawn.items() if value is not None)


def divisors(*numbers):
    return st.sampled_from([d for d in range(1, min(numbers) + 1) if not any(n % d for n in numbers)])


def last(flow, size):
    return Flow(flow.kind, (*flow.shape[:-1], size))


# ------------------------------------------------------------------ of any numbers


@st.composite
def linear(draw, flow):
    size = draw(width())
    return applied(f"Linear({flow.shape[-1]}, {size}{options(draw, bias=[False])})", last(flow, size))


# (CELU with an alpha that float32 has: torch takes its derivative with 1/alpha in float32, even of float64.)
PLAIN = """Tanh() Sigmoid() ReLU() GELU() GELU(approximate='tanh') SiLU() ELU() LeakyReLU() Softplus() Softplus(beta=2.0)
    Hardtanh() ReLU6() Hardswish() Hardsigmoid() Mish() SELU() CELU(alpha=0.5) Softsign() LogSigmoid() Tanhshrink()
    Softmax(dim=-1) LogSoftmax(dim=1) PReLU() Identity()""".replace("\n", " ").split()
EXACT = find_spec("scipy") is not None  # gelu's erf is SciPy's
PLAIN = [made for made in PLAIN if EXACT or made != "GELU()"]


def activation(flow):
    return st.sampled_from(PLAIN).map(lambda made: applied(made, flow, made == "PReLU()"))


def dropout(flow):
    made = choice("Dropout(0.5)", "Dropout(0.2)", "AlphaDropout(0.3)")
    return st.builds(applied, made, st.just(flow), st.just(False))


@st.composite
def over_last(draw, flow):
    """Normalized over the last axis, or over the last two. One number by itself would come out as 0, but for rounding."""
    shape = flow.shape[-draw(st.integers(1, min(2, len(flow.shape) - 1))) :]
    made = draw(choice("LayerNorm", "RMSNorm")) if prod(shape) > 1 else "RMSNorm"
    affine = options(draw, elementwise_affine=[False])
    return applied(f"{made}({list(shape)}{options(draw, eps=[0.1])}{affine})", flow, not affine)


SAME = (linear, activation, dropout, over_last)  # what keeps all but the last axis as it is


@st.composite
def block(draw, flow):
    """x + f(x) with an f of a few layers; or f(f(x)), which uses its weights twice; or a list of such blocks."""
    inner, now = [], flow
    for _ in range(draw(st.integers(0, 2))):
        inner.append(draw(st.sampled_from(SAME).flatmap(lambda layer, now=now: layer(now))))
        now = inner[-1].out
    inner.append(applied(f"Linear({now.shape[-1]}, {flow.shape[-1]})", flow))
    f = inner[0].made if len(inner) == 1 else f"nn.Sequential({', '.join(layer.made for layer in inner)})"
    made, call = draw(
        choice(
            (f, "x = x + {layer}(x)"),
            (f, "x = {layer}({layer}(x))"),
            (f"nn.ModuleList([{f}, {f}])", "for f in {layer}:\n    x = x + f(x)"),
        )
    )
    return Layer(made, call, flow)


# ------------------------------------------------------------------ along axes of space


def dimensions(flow):
    return len(flow.shape) - 2


def spatial(flow, channels, sizes):
    return Flow(flow.kind, (flow.shape[0], channels, *sizes))


@st.composite
def convolution(draw, flow):
    """L → ⌊(L + 2p - d (k - 1) - 1) / s⌋ + 1 along each axis."""
    channels, sizes = flow.shape[1], flow.shape[2:]
    out, p, s = draw(width()), draw(st.integers(0, 1)), draw(st.integers(1, 2))
    d = draw(st.integers(1, 2))
    k = draw(st.integers(1, min(3, (min(sizes) + 2 * p - 1) // d + 1)))
    groups = draw(divisors(channels, out))
    modes = ["circular", "replicate"] + ["reflect"] * (min(sizes) > p)
    more = "".join(
        f", {n}={v}" for n, v, usual in [("stride", s, 1), ("padding", p, 0), ("dilation", d, 1)] if v != usual
    )
    more += f", groups={groups}" * (groups > 1) + options(draw, bias=[False], padding_mode=modes)
    sizes = [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size in sizes]
    return applied(f"Conv{dimensions(flow)}d({channels}, {out}, {k}{more})", spatial(flow, out, sizes))


@st.composite
def transposed(draw, flow):
    """L → (L - 1) s + k along each axis."""
    channels, out = flow.shape[1], draw(width())
    k, s = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    more = f", stride={s}" * (s > 1) + options(draw, bias=[False])
    sizes = [(size - 1) * s + k for size in flow.shape[2:]]
    return applied(f"ConvTranspose{dimensions(flow)}d({channels}, {out}, {k}{more})", spatial(flow, out, sizes))


@st.composite
def pool(draw, flow):
    sizes, how = flow.shape[2:], draw(choice("Avg", "Max"))
    if draw(st.booleans()):
        size = draw(st.integers(1, min(sizes)))
        made, sizes = f"Adaptive{how}Pool{dimensions(flow)}d({size})", [size] * len(sizes)
    else:
        k = draw(st.integers(1, min(3, *sizes)))
        s, p = draw(st.integers(1, k)), draw(st.integers(0, k // 2))
        made = f"{how}Pool{dimensions(flow)}d({k}, stride={s}{f', padding={p}' * (p > 0)})"
        sizes = [(size + 2 * p - k) // s + 1 for size in sizes]
    return applied(made, spatial(flow, flow.shape[1], sizes), False)


@st.composite
def over_batch(draw, flow):
    """A batch norm, which needs more than one number to a channel, or else a layer norm."""
    n, channels, *sizes = flow.shape
    if n * prod(sizes) == 1:
        return draw(over_last(flow))
    said = options(draw, momentum=[0.3], eps=[0.1], affine=[False], track_running_stats=[False])
    return applied(f"BatchNorm{max(1, len(sizes))}d({channels}{said})", flow, "affine" not in said)


@st.composite
def over_groups(draw, flow):
    """A group norm, or an instance norm, which is one with as many groups as channels; each group of more than one number."""
    channels, *sizes = flow.shape[1:]
    fitting = [g for g in range(1, channels + 1) if channels % g == 0 and prod(sizes) * channels // g > 1]
    if not fitting:
        return draw(over_last(flow))
    if prod(sizes) > 1 and draw(st.booleans()):
        said = options(draw, affine=[True], track_running_stats=[True])
        return applied(f"InstanceNorm{len(sizes)}d({channels}{said})", flow, "affine" in said)
    said = options(draw, affine=[False])
    return applied(f"GroupNorm({draw(st.sampled_from(fitting))}, {channels}{said})", flow, not said)


def channel_dropout(flow):
    return st.just(applied(f"Dropout{dimensions(flow)}d(0.4)", flow, False))


# ------------------------------------------------------------------ along time


@st.composite
def embedding(draw, flow):
    size = draw(width())
    if draw(st.booleans()):
        said = options(draw, mode=["sum", "max"])
        return applied(f"EmbeddingBag({CLASSES}, {size}{said})", Flow("vectors", (flow.shape[0], size)))
    said = options(draw, padding_idx=[0, -1], max_norm=[1.0], scale_grad_by_freq=[True])
    return applied(f"Embedding({CLASSES}, {size}{said})", Flow("sequence", (*flow.shape, size)))


@st.composite
def recurrent(draw, flow):
    name, size, layers = draw(choice("GRU", "LSTM", "RNN")), draw(width(3)), draw(st.integers(1, 2))
    many = layers > 1
    said = options(draw, bias=[False], bidirectional=[True], batch_first=[True], **{"dropout": [0.3]} if many else {})
    said = f", num_layers={layers}" * many + said + (options(draw, nonlinearity=["relu"]) if name == "RNN" else "")
    out = size * (2 if "bidirectional" in said else 1)
    return applied(f"{name}({flow.shape[2]}, {size}{said})", last(flow, out), call="x = {layer}(x)[0]")


@st.composite
def attention(draw, flow):
    """To more than one place: of a single one the weight is 1, and has the slope 0, but for rounding."""
    if 1 in flow.shape[:2]:
        return draw(recurrent(flow))
    size = flow.shape[2]
    heads, first = draw(divisors(size)), options(draw, batch_first=[True])
    if size > 1 and draw(st.booleans()):
        said = options(draw, dropout=[0.3], activation=["gelu"] * EXACT, norm_first=[True], bias=[False])
        said = said if "dropout" in said else ", dropout=0.0" + said
        return applied(f"TransformerEncoderLayer({size}, {heads}, {draw(width())}{said}{first})", flow)
    said = options(draw, dropout=[0.3], bias=[False], add_bias_kv=[True], add_zero_attn=[True])
    call = draw(choice("x = {layer}(x, x, x)[0]", "x = {layer}(x, x, x, need_weights=False)[0]"))
    return applied(f"MultiheadAttention({size}, {heads}{said}{first})", flow, call=call)


# ------------------------------------------------------------------ from kind to kind


def flatten(flow):
    return st.just(applied("Flatten()", Flow("vectors", (flow.shape[0], prod(flow.shape[1:]))), False))


def turned(flow):
    """A sequence is a signal with its axes exchanged, but not in memory."""
    n, a, b = flow.shape
    out = Flow("signal" if flow.kind == "sequence" else "sequence", (n, b, a))
    return st.just(Layer("", "x = x.transpose(1, 2)", out, False))


def pooled(flow):
    """One vector for a whole sequence: its mean, or its end."""
    out = Flow("vectors", (flow.shape[0], flow.shape[2]))
    return st.sampled_from([Layer("", text, out, False) for text in ("x = x.mean(1)", "x = x[:, -1]")])


SPACE = (
    convolution,
    pool,
    over_batch,
    over_groups,
    transposed,
    channel_dropout,
    convolution,
    pool,
    activation,
    flatten,
)
TAKES = {
    "vectors": (*SAME, block, over_batch, over_groups),
    "sequence": (*SAME, recurrent, attention, block, turned, pooled, recurrent, attention, flatten),
    "signal": (*SPACE, linear, block, turned),
    "image": (*SPACE, linear, block),
    "tokens": (embedding,),
}


def fitting(flow):
    """Layers that take what flows."""
    return st.sampled_from(TAKES[flow.kind]).flatmap(lambda layer: layer(flow))


def flows(kind=None):
    """Inputs of a model: of one kind, or of any."""
    n, size = st.integers(1, 4), st.integers(1, 5)
    sizes = {"vectors": [width()], "sequence": [width(3), width()], "signal": [width(), size]}
    sizes |= {"image": [width(3), size, size], "tokens": [width(3)]}
    kinds = sizes if kind is None else [kind]
    return st.one_of(*(st.builds(Flow, st.just(kind), st.tuples(n, *sizes[kind])) for kind in kinds))
