"""Layers: what torch's own samples leave out. Beside torch."""

import itertools

import pytest

import tinygrad_edu as tg

from .agree import agree, slopes, values

NAN = float("nan")


def running(t, layer, *shape, **options):
    """A layer's output and gradients, and what it made of its running statistics."""
    mean, var = values(t, shape[1]), values(t, shape[1]) ** 2 + 0.5
    parameters = values(t, shape[1]) + 1, values(t, shape[1]) - 1
    of = lambda x, w, b: getattr(t.nn.functional, layer)(x, mean, var, w, b, **options)
    return [*slopes(t, of, values(t, *shape), *parameters), mean, var]


def read(t, options, index=(1, 2, 1, 5)):
    """Rows of a table, its gradient, and what became of it."""
    w = (values(t, 6, 4) * 3).requires_grad_()
    out = t.nn.functional.embedding(t.tensor(index), w, **options)
    (out * values(t, *out.shape)).sum().backward()
    return [out, w.grad, w]


PROGRAMS = {
    **{
        f"batch_norm {shape} {options}": lambda t, shape=shape, options=options: running(
            t, "batch_norm", *shape, **options
        )
        for shape, options in itertools.product(
            [(4, 3), (2, 3, 4), (2, 3, 2, 2), (1, 3), (0, 3)],
            [dict(training=True), dict(training=True, momentum=0.3, eps=0.1), dict(training=False), dict(eps=-1.0)],
        )
    },
    **{
        f"instance_norm {shape} {own}": lambda t, shape=shape, own=own: running(
            t, "instance_norm", *shape, use_input_stats=own
        )
        for shape, own in itertools.product([(2, 3, 4), (2, 3, 2, 2), (2, 3, 1)], [True, False])
    },
    "only one running statistic": lambda t: t.nn.functional.batch_norm(
        values(t, 4, 3), t.zeros(3), None, training=True
    ),
    "no running statistics": lambda t: t.nn.functional.batch_norm(values(t, 4, 3), None, None),
    "running statistics do not learn": lambda t: t.nn.functional.batch_norm(
        t.ones(4, 3), t.ones(3, requires_grad=True), t.ones(3)
    ),
    "layer_norm of other lengths": lambda t: t.nn.functional.layer_norm(values(t, 2, 3), (2,)),
    "layer_norm without ε of equal numbers": lambda t: t.nn.functional.layer_norm(t.ones(2, 3), (3,), eps=0.0),
    "layer_norm with a wrong weight": lambda t: t.nn.functional.layer_norm(values(t, 2, 3), (3,), values(t, 2)),
    "group_norm that does not divide": lambda t: t.nn.functional.group_norm(values(t, 2, 6, 3), 4),
    "group_norm of one number": lambda t: t.nn.functional.group_norm(values(t, 1, 2), 2),
    **{
        f"embedding {options}": lambda t, options=options: read(t, options)
        for options in [
            {},
            dict(padding_idx=1),
            dict(padding_idx=-5),
            dict(padding_idx=6),
            dict(scale_grad_by_freq=True),
            dict(scale_grad_by_freq=True, padding_idx=2),
            dict(max_norm=1.0),
            dict(max_norm=1.0, norm_type=1.0, padding_idx=1),
        ]
    },
    "a row that is not there": lambda t: read(t, {}, (6,)),
    "a negative row": lambda t: read(t, {}, (-1,)),
    "half a row": lambda t: read(t, {}, (0.5,)),
    **{
        f"one_hot {numbers} {classes}": lambda t, numbers=numbers, classes=classes: t.nn.functional.one_hot(
            t.tensor(numbers, dtype=t.int64), classes
        )
        for numbers, classes in itertools.product([2, [[0, 1], [1, 2]], [], [-1]], [-1, 0, 2, 4])
    },
    "one_hot of floats": lambda t: t.nn.functional.one_hot(t.ones(2)),
    **{
        f"embedding_bag {mode} {options}": lambda t, mode=mode, options=options: slopes(
            t,
            lambda w: t.nn.functional.embedding_bag(
                t.tensor([0, 1, 1, 5]), w, t.tensor([0, 2, 2, 4]), mode=mode, **options
            ),
            values(t, 6, 3),
        )
        for mode, options in itertools.product(
            ["sum", "mean", "max"], [{}, dict(padding_idx=1), dict(include_last_offset=True)]
        )
    },
    "a cosine with nothing": lambda t: slopes(t, t.cosine_similarity, t.zeros(2, 3), values(t, 2, 3).float()),
    "a cosine below ε": lambda t: slopes(
        t, lambda x, y: t.cosine_similarity(x, y, eps=2.0), values(t, 2, 3), values(t, 2, 3) + 1
    ),
    "distances of equal vectors": lambda t: [
        slopes(t, lambda x, p=p: t.cdist(x, x, p), values(t, 4, 3)) for p in (0.5, 1, 2, 3, float("inf"))
    ],
    "normalize nothing": lambda t: slopes(t, t.nn.functional.normalize, t.zeros(2, 3)),
    "normalize over two dims": lambda t: t.nn.functional.normalize(values(t, 4, 3, 2), dim=(0, 2)),
    "bilinear of other sizes": lambda t: t.nn.functional.bilinear(values(t, 4, 2), values(t, 4, 3), values(t, 5, 3, 2)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_in_torch(name, torch):
    agree(PROGRAMS[name], tg, torch)


def test_what_is_read_cannot_be_changed_before_backward():
    """The numbers of the rows are kept as they were."""
    w, index = tg.ones(3, 2, requires_grad=True), tg.tensor([0, 1])
    out = tg.nn.functional.embedding(index, w)
    index.fill_(2)
    out.sum().backward()
    assert w.grad.tolist() == [[1, 1], [1, 1], [0, 0]]


def test_sparse_gradients_are_refused():
    with pytest.raises(NotImplementedError, match="no sparse gradients"):
        tg.nn.functional.embedding(tg.tensor([0]), tg.ones(2, 2), sparse=True)


ROWS = {
    "layer_norm": lambda t, x: t.nn.functional.layer_norm(x, x.shape[-1:]),
    "rms_norm": lambda t, x: t.nn.functional.rms_norm(x, x.shape[-1:]),
    "group_norm": lambda t, x: t.nn.functional.group_norm(x, 1),
    "batch_norm": lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True),
    "batch_norm in use": lambda t, x: t.nn.functional.batch_norm(x, t.zeros(x.shape[1]), t.ones(x.shape[1])),
    "softmax": lambda t, x: x.softmax(1),
    "log_softmax": lambda t, x: x.log_softmax(-1),
    "logsigmoid": lambda t, x: t.nn.functional.logsigmoid(x),
    "rrelu": lambda t, x: t.nn.functional.rrelu(x),
    "cumsum": lambda t, x: x.cumsum(1),
    "linear": lambda t, x: t.nn.functional.linear(x, t.ones(2, x.shape[-1])),
}
AXES = [
    ((4, 3), (1, 0)),
    ((2, 3, 4), (0, 2, 1)),
    ((3, 2, 1), (1, 0, 2)),
    ((2, 3, 4, 5), (0, 2, 3, 1)),
    ((2, 4, 5, 3), (0, 3, 1, 2)),
]


@pytest.mark.parametrize(("shape", "axes"), AXES, ids=str)
@pytest.mark.parametrize("name", ROWS)
def test_what_comes_out_lies_as_torchs_does(name, shape, axes, torch):
    """A dropout after it draws its mask in the order of memory: trainings found these."""
    lies = lambda t: ROWS[name](t, t.ones(shape).permute(axes)).stride()
    assert tuple(lies(tg)) == lies(torch)
