"""What the tests derive from an op's declaration: arrays to call it with, and its name in torch."""

from importlib.util import find_spec

import numpy as np

import tinygrad_edu.nn.functional  # noqa: F401 (what only networks need is declared too)
from tinygrad_edu.op import registry
from tinygrad_edu.tensor import made


def cases():
    """(op, input shapes, parameters) for every op: the declared ones, or those of an elementwise function."""
    for op in (op for op in registry.values() if op.needs is None or find_spec(op.needs)):
        if op.cases is not None:
            yield from ((op, shapes, params) for shapes, params in op.cases)
        elif len(op.inputs) == 1:
            yield from ((op, [shape], {}) for shape in ((2, 3), ()))
        elif op.broadcasts:
            yield from ((op, shapes, {}) for shapes in ([(2, 3), (2, 3)], [(2, 1), (3,)], [(), (4,)]))


def name_of(case):
    op, shapes, params = case
    return " ".join([op.name, *map(str, shapes), *(f"{k}={getattr(v, '__name__', v)}" for k, v in params.items())])


def draw(op, shapes, rng, dtype=np.float64):
    """An array (or None) for each input, from the op's own samplers."""
    names = op.inputs * len(shapes) if op.variadic else op.inputs
    arrays = []
    for name, shape in zip(names, shapes, strict=True):
        sampler = op.sample.get(name) if isinstance(op.sample, dict) else op.sample
        array = None if shape is None else np.asarray((sampler or normal)(rng, shape))
        arrays.append(array.astype(dtype) if array is not None and array.dtype.kind == "f" else array)
    return arrays


def normal(rng, shape):
    return rng.standard_normal(shape)


def tensors(op, arrays):
    """The arrays as tensors, those that have a rule requiring grad."""
    ruled = op.ruled * len(arrays) if op.variadic else op.ruled
    ts = [None if a is None else made(a.copy(), None) for a in arrays]
    for t, has_rule in zip(ts, ruled):
        if t is not None and has_rule and t.is_floating_point():
            t.requires_grad = True
    return ts


def positional(function):
    """torch calls some parameters by other names than we do."""
    return lambda x, **params: function(x, *params.values())


def plain_ctc(torch, x, targets, input_lengths, target_lengths):
    """torch's loss without the slope that it adds, which log_softmax takes away again."""
    loss = torch.nn.functional.ctc_loss(x, targets, input_lengths, target_lengths, reduction="none")
    steps = (x.exp() * (torch.arange(len(x))[:, None, None] < input_lengths[:, None])).sum((0, 2))
    return loss - steps + steps.detach()


def in_torch(op, torch):
    """torch's function of that name."""
    F = torch.nn.functional
    holders = dict(zip(("torch", "Tensor", "linalg", "special"), (torch, torch.Tensor, torch.linalg, torch.special)))
    for place, holder in {"nn.functional": F, **holders}.items():
        if place in op.places:
            function = getattr(holder, op.name)
            return positional(function) if op.spread else function
    return {
        "floor_quotient": lambda x, y: torch.div(x, y, rounding_mode="floor"),
        "trunc_divide": lambda x, y: torch.div(x, y, rounding_mode="trunc"),
        "rectified": torch.ops.aten._prelu_kernel,
        "exponential_unit": lambda x, **scales: torch.ops.aten.elu(x, *scales.values()),
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "gelu_erf": F.gelu,
        "getitem": lambda x, index: x[tuple(torch.as_tensor(i) if isinstance(i, np.ndarray) else i for i in index)],
        "vector_norm": torch.linalg.vector_norm,
        "svdvals": torch.linalg.svdvals,
        "reverse_cumsum": lambda x, dim: x.flip(dim).cumsum(dim).flip(dim),
        "entry": lambda x, find: x.max(),
        "known": lambda x: x.nan_to_num(0),
        "cast": lambda x, dtype: x.to(torch.float64),
        "stacked": lambda *ts, dim: torch.stack(ts, dim),
        "concatenate": lambda *ts, dim, lengths: torch.cat(ts, dim),
        "copied_over": lambda x, y: x.clone().copy_(y),
        "gather": lambda x, index, dim: x.gather(dim, index),
        "picked": lambda x, index, dim, keepdim=True: unkept(x.gather(dim, index), dim, keepdim),
        "scatter_add": lambda x, index, src, dim: x.scatter_add(dim, index, src),
        "put_back": lambda x, index, n: torch.zeros(len(x), n, dtype=x.dtype).scatter(1, torch.as_tensor(index), x),
        "ctc": lambda x, targets, input_lengths, target_lengths: plain_ctc(
            torch, x, *map(torch.as_tensor, (targets, input_lengths, target_lengths))
        ),
        "scatter_amax": lambda x, index, src, dim: x.scatter_reduce(dim, index, src, "amax"),
        "scatter_amin": lambda x, index, src, dim: x.scatter_reduce(dim, index, src, "amin"),
        "scatter_prod": lambda x, index, src, dim: x.scatter_reduce(dim, index, src, "prod"),
        "binary_cross_entropy": F.binary_cross_entropy,
        "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
        "mse_loss": F.mse_loss,
        "nll_loss": F.nll_loss,
        "inv": torch.linalg.inv,
        "det": torch.linalg.det,
        "log_abs_det": lambda x: torch.linalg.slogdet(x).logabsdet,
        "sign_of_det": lambda x: torch.linalg.slogdet(x).sign,
        "solve": torch.linalg.solve,
        "cholesky": torch.linalg.cholesky,
        "huber": lambda x, target, delta: F.huber_loss(x, target, "none", delta),
        "xlogx": lambda x: torch.xlogy(x, x),
        "standardize": lambda x, dim, eps: (
            (x - x.mean(dim, True)) / (x.var(dim, correction=0, keepdim=True) + eps) ** 0.5
        ),
        "strided": lambda x, size, stride, start: torch.as_strided(x, size, stride, start),
        "on_diagonal": lambda x, size, **where: torch.diagonal_scatter(torch.zeros(size, dtype=x.dtype), x, **where),
        "folded": lambda x, into, **windows: torch.ops.aten.unfold_backward(x, into, *windows.values()),
        "windows": lambda x, out, kernel, stride, padding, dilation: F.unfold(
            x, kernel, dilation, padding, stride
        ).reshape(*x.shape[:2], -1, *out),
        "overlap_add": lambda x, size, kernel, stride, padding, dilation: F.fold(
            x.flatten(3).flatten(1, 2), size, kernel, dilation, padding, stride
        ),
        "conv": lambda x, w, bias, out, stride, padding, dilation, groups: torch.convolution(
            x, w, bias, stride, padding, dilation, False, (0,) * len(out), groups
        ),
        "rnn_states": lambda x, h, w, nonlinearity, **order: in_steps(
            torch, lambda x, h: [getattr(torch, f"rnn_{nonlinearity}_cell")(x, h, eye(torch, w), w)], x, [h], **order
        )[0],
        "lstm_states": lambda x, h, c, w, **order: in_steps(
            torch, lambda x, *states: torch.lstm_cell(x, states, eye(torch, w), w), x, [h, c], **order
        ),
        "gru_states": lambda x, h, w, bias, **order: in_steps(
            torch,
            lambda x, h: [torch.gru_cell(x, h, eye(torch, w), w, None if bias is None else 0 * bias, bias)],
            x,
            [h],
            **order,
        )[0],
        "conv_input": lambda y, w, size, **how: slopes(
            torch, y, y.new_zeros(len(y), how["groups"] * w.shape[1], *size), w, **how
        )[0],
        "conv_weight": lambda y, x, kernel, **how: slopes(
            torch, y, x, y.new_zeros(y.shape[1], x.shape[1] // how["groups"], *kernel), **how
        )[1],
        "resample": lambda x, size, dim, to, source, weight: x.new_zeros(
            *x.shape[:dim], size, *x.shape[dim + 1 :]
        ).index_add(dim, torch.tensor(to), x.index_select(dim, torch.tensor(source)) * column(torch, weight, x, dim)),
    }[op.name]


def slopes(torch, y, x, w, stride, padding, dilation, groups):
    """The slopes of Σ y · conv(x, w) by x and by w."""
    how = stride, padding, dilation, False, (0,) * len(stride), groups
    return torch.ops.aten.convolution_backward(y, x, w, None, *how, (True, True, False))


def eye(torch, w):
    """The weight that hands an input on as it is."""
    return torch.eye(len(w), dtype=w.dtype)


def in_steps(torch, step, x, states, sizes, reverse):
    """The states of each step, of packed sequences."""
    rows, found = x.split(sizes), {}
    for t in sorted(range(len(sizes)), reverse=reverse):
        new = step(rows[t], *(state[: sizes[t]] for state in states))
        found[t] = torch.stack(tuple(new))
        states = [torch.cat([a, state[sizes[t] :]]) for a, state in zip(new, states)]
    return torch.cat([found[t] for t in sorted(found)], 1)


def column(torch, weight, x, dim):
    """A weight for each place along a dim."""
    return 1 if weight is None else torch.tensor(weight, dtype=x.dtype).reshape(-1, *[1] * (x.ndim - 1 - dim))


OURS_ALONE = {
    "put",
    "additem",
    "setitem",
    "scatter",
    "overwritten",
    "lookup",
    "svd",
}  # steps of indexing and writing, which torch does not show by themselves


def unkept(x, dim, keepdim):
    return x if keepdim else x.squeeze(dim)
