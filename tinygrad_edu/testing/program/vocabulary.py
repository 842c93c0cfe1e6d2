"""What a program may say: every operation, as torch writes it, in the order in which a failing example tries them."""

import numpy as np

from . import choices as of
from . import orders, places
from .ir import Operation

CHAPTERS: dict[str, list[Operation]] = {}
OPERATIONS: dict[str, Operation] = {}


def chapter(name, **options):
    """A function that adds an operation to this chapter: (name, text, draw, kinks)."""
    CHAPTERS[name] = []

    def add(operation, text, draw, kinks=None):
        OPERATIONS[operation] = Operation(operation, text, draw, kinks=kinks, **options)
        CHAPTERS[name].append(OPERATIONS[operation])

    return add


# ------------------------------------------------------------------ where operations have kinks


def zero(x):
    return x


def difference(x, y, **parameters):
    return x - y


def bounds(x, min, max):
    return np.stack([x - min, x - max])


def over(x, dim=None, **parameters):
    """Two numbers along the axis are equal, and exchange their places if one of them moves."""
    x = np.sort(x.reshape(-1) if dim is None else x, 0 if dim is None else dim)
    return np.diff(x, axis=0 if dim is None else dim)


def size_of_difference(x, y, **parameters):
    d = np.abs(x - y)
    return np.stack([d, d - 1])


def unit_interval(x, y, **parameters):
    return np.stack([x, x - 1, y, y - 1])


def turns(x):
    """Where a last bit is a good part of a turn, rounding alone decides what sine makes of it."""
    return np.where(np.spacing(np.abs(x)) > 1e-3, 0, np.inf)


def threshold(x, number=0):
    return x


# ------------------------------------------------------------------ values

add = chapter("arithmetic")
add("add", "{0} + {1}", of.two)
add("mul", "{0} * {1}", of.two)
add("sub", "{0} - {1}", of.two)
add("add number", "{0} + {number}", of.one_and_number)
add("mul number", "{0} * {number}", of.one_and_number)
add("number sub", "{number} - {0}", of.one_and_number)
add("neg", "-{0}", of.one)
add("pow", "{0} ** {power}", of.one_and_power)
add("div", "{0} / ({1} * {1} + 1)", of.two)
add("number div", "{number} / ({0} * {0} + 1)", of.one_and_number)
add("maximum", "torch.maximum({0}, {1})", of.two, difference)
add("minimum", "torch.minimum({0}, {1})", of.two, difference)
add("where", "torch.where({0} > {1}, {0}, 2 * {1})", of.two, difference)
add("addcmul", "torch.addcmul({0}, {0}, {1}, value=2)", of.two)

add = chapter("functions")
add("relu", "{0}.relu()", of.one, zero)
add("exp", "{0}.exp()", of.one)
add("tanh", "{0}.tanh()", of.one)
add("sigmoid", "{0}.sigmoid()", of.one)
add("square", "{0}.square()", of.one)
add("abs", "{0}.abs()", of.one, zero)
add("sin", "{0}.sin()", of.one, turns)
add("cos", "{0}.cos()", of.one, turns)
add("log", "({0} * {0} + 1).log()", of.one)
add("sqrt", "({0} * {0} + 1).sqrt()", of.one)
add("rsqrt", "({0} * {0} + 1).rsqrt()", of.one)
add("reciprocal", "({0} * {0} + 1).reciprocal()", of.one)
add("log1p", "({0} * {0}).log1p()", of.one)
add("expm1", "{0}.expm1()", of.one)
add("atan", "{0}.atan()", of.one)
add("clamp", "{0}.clamp({min}, {max})", of.one_and_bounds, bounds)
add("masked_fill", "{0}.masked_fill({0} > 0, {number})", of.one_and_number, threshold)
add("softplus", "F.softplus({0})", of.one)
add("gelu", "F.gelu({0})", of.one)
add("silu", "F.silu({0})", of.one)
add("elu", "F.elu({0})", of.one, zero)
add("leaky_relu", "F.leaky_relu({0})", of.one, zero)
add("logsigmoid", "F.logsigmoid({0})", of.one)

add = chapter("reductions")
add("sum", "{0}.sum({kwargs})", of.total)
add("mean", "{0}.mean({kwargs})", of.extreme)
add("amax", "{0}.amax({kwargs})", of.extreme, over)
add("amin", "{0}.amin({kwargs})", of.extreme, over)
add("max", "{0}.max({kwargs}).values", of.largest_along, over)
add("prod", "{0}.prod({kwargs})", of.total)
add("var", "{0}.var({kwargs})", of.variance)
add("logsumexp", "{0}.logsumexp({kwargs})", of.largest_along)
add("cumsum", "{0}.cumsum({kwargs})", of.along)
add("cumprod", "{0}.cumprod({kwargs})", of.along)
add("softmax", "{0}.softmax({kwargs})", of.along)
add("log_softmax", "{0}.log_softmax({kwargs})", of.along)
add("sort", "{0}.sort({kwargs}).values", of.along, over)

add = chapter("views")
add("index", "{0}[{index}]", places.sliced)
add("T", "{0}.T", places.turned)
add("reshape", "{0}.reshape({shape})", places.reshaped)
add("view", "{0}.view({shape})", places.reshaped)
add("transpose", "{0}.transpose({dim0}, {dim1})", places.transposed)
add("unsqueeze", "{0}.unsqueeze({dim})", places.unsqueezed)
add("squeeze", "{0}.squeeze()", places.squeezed)
add("expand", "{0}.expand({shape})", places.expanded)
add("narrow", "{0}.narrow({dim}, {start}, {length})", places.narrowed)
add("select", "{0}.select({dim}, {index})", places.selected)
add("chunk", "{0}.chunk({chunks}, {dim})[{place}]", places.chunked)
add("permute", "{0}.permute({dims})", places.permuted)
add("flatten", "{0}.flatten()", places.flattened)
add("diagonal", "{0}.diagonal()", places.diagonal)

add = chapter("rearranged")
add("getitem", "{0}[{index}]", places.picked)
add("cat", "torch.cat([{0}, {1}], {dim})", places.joined)
add("stack", "torch.stack([{0}, {1}], {dim})", places.stacked)
add("flip", "{0}.flip({dims})", places.flipped)
add("roll", "{0}.roll({shifts}, {dims})", places.rolled)
add("repeat", "{0}.repeat({sizes})", places.repeated)
add("gather", "{0}.gather({dim}, torch.tensor({places}))", places.gathered)
add("index_select", "{0}.index_select({dim}, torch.tensor({places}))", places.gathered)

add = chapter("matrices")
add("matmul", "{0} @ {1}", of.product)
add("linear", "F.linear({0}, {1})", of.layer)
add("linear with bias", "F.linear({0}, {1}, {2})", of.layer_and_bias)
add("outer", "torch.outer({0}, {1})", of.outer)

add = chapter("losses")
add("mse_loss", 'F.mse_loss({0}, {1}, reduction="{reduction}")', of.loss)
add("l1_loss", 'F.l1_loss({0}, {1}, reduction="{reduction}")', of.loss, difference)
add("smooth_l1_loss", 'F.smooth_l1_loss({0}, {1}, reduction="{reduction}")', of.loss, size_of_difference)
add("huber_loss", 'F.huber_loss({0}, {1}, reduction="{reduction}")', of.loss, size_of_difference)
add(
    "binary_cross_entropy",
    'F.binary_cross_entropy({0}.clamp(0, 1), {1}.detach().clamp(0, 1), reduction="{reduction}")',
    of.loss,
    unit_interval,
)
add(
    "binary_cross_entropy_with_logits",
    'F.binary_cross_entropy_with_logits({0}, {1}.detach().sigmoid(), reduction="{reduction}")',
    of.loss,
)
add("cross_entropy", 'F.cross_entropy({0}, torch.tensor({target}), reduction="{reduction}")', of.classes)
add(
    "weighted cross_entropy",
    "F.cross_entropy({0}, torch.tensor({target}), torch.tensor({weight}, dtype=torch.{dtype})"
    ', reduction="{reduction}")',
    of.weighted_classes,
)

# ------------------------------------------------------------------ the graph

add = chapter("graph")
add("detach", "{0}.detach()", of.one)
add("clone", "{0}.clone()", of.one)
add("autograd.grad", "torch.autograd.grad({0}{of}, {1}, create_graph={create_graph})[0]", orders.differentiated)
add("grad", "{0}.grad", orders.collected)

add = chapter("orders", makes=False)
add("backward", "{0}{of}.backward({kwargs})", orders.started)
add("second backward", "torch.autograd.grad({0}{of}, {1}, create_graph=True)[0].sum().backward()", orders.twice)
add("retain_grad", "{0}.retain_grad()", orders.computed)
add("register_hook", "{0}.register_hook(lambda g: g * {number})", orders.hooked)
add(
    "fail in no_grad",
    "try:\n    with torch.no_grad():\n        {0}.view(7, 11)\nexcept RuntimeError:\n    pass",
    of.one,
)

# ------------------------------------------------------------------ writes

add = chapter("writes", makes=False)
add("add_", "{0}.add_({1})", orders.written_with)
add("mul_", "{0}.mul_({1})", orders.written_with)
add("mul_ number", "{0}.mul_({number})", orders.written_number)
add("zero_", "{0}.zero_()", orders.written)
add("setitem number", "{0}[{index}] = {number}", orders.written_part_number)
add("setitem", "{0}[{index}] = {1}", orders.written_part)
add("scale part", "{0}[{index}] *= {number}", orders.scaled_part)
add("copy_", "{0}.copy_({1})", orders.written_with)
add("sub_", "{0}.sub_({1})", orders.written_with)
add("fill_", "{0}.fill_({number})", orders.written_number)
add("pow_", "{0}.pow_({power})", orders.written_power)
add("sin_", "{0}.sin_()", orders.written_first, turns)
add("exp_", "{0}.exp_()", orders.written)
add("relu_", "{0}.relu_()", orders.written, zero)
add("masked_fill_", "{0}.masked_fill_({0} > 0, {number})", orders.written_number, threshold)

TENSOR = Operation("tensor", "torch.tensor({data}, dtype=torch.{dtype}, requires_grad={requires_grad})", lambda d: None)
OPERATIONS["tensor"] = TENSOR


def operations():
    """The names of all operations, which `programs(ops=...)` may be restricted to, and how torch says each."""
    return {name: operation.text for name, operation in OPERATIONS.items()}
