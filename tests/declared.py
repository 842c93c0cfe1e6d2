"""What the tests derive from an op's declaration: arrays to call it with, and its name in torch."""

import numpy as np

from tinygrad_edu.op import registry
from tinygrad_edu.tensor import made


def cases():
    """(op, input shapes, parameters) for every op: the declared ones, or those of an elementwise function."""
    for op in registry.values():
        if op.cases is not None:
            yield from ((op, shapes, params) for shapes, params in op.cases)
        elif len(op.inputs) == 1:
            yield from ((op, [shape], {}) for shape in ((2, 3), ()))
        elif op.broadcasts:
            yield from ((op, shapes, {}) for shapes in ([(2, 3), (2, 3)], [(2, 1), (3,)], [(), (4,)]))


def name_of(case):
    op, shapes, params = case
    return " ".join([op.name, *map(str, shapes), *(f"{k}={v}" for k, v in params.items())])


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


def in_torch(op, torch):
    """torch's function of that name."""
    for place, holder in (("nn.functional", torch.nn.functional), ("torch", torch), ("Tensor", torch.Tensor)):
        if place in op.places:
            function = getattr(holder, op.name)
            return positional(function) if op.spread else function
    return {
        "getitem": lambda x, index: x[tuple(torch.as_tensor(i) if isinstance(i, np.ndarray) else i for i in index)],
        "cast": lambda x, dtype: x.to(torch.float64),
        "concatenate": lambda *ts, dim, lengths: torch.cat(ts, dim),
        "copied_over": lambda x, y: x.clone().copy_(y),
    }[op.name]


OURS_ALONE = {"put", "setitem", "overwritten"}  # steps of indexing and writing, which torch does not show by themselves
