"""What torch's own samples of windows leave out: special values, borders, sizes that do not divide, and errors."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

INF, NAN = float("inf"), float("nan")


def counted(torch, *shape):
    """Small whole numbers, no two neighbours alike."""
    return (torch.arange(int(np.prod(shape))) * 7 % 11 - 5).to(torch.float64).reshape(shape)


def slopes(torch, function, *inputs):
    """The result of a function, its gradients, and the gradients of their squares: by all inputs."""
    inputs = [x.detach().requires_grad_() for x in inputs]
    out = function(*inputs)
    first = torch.autograd.grad((out * counted(torch, *out.shape)).sum(), inputs, create_graph=True)
    squares = sum((g * g).sum() for g in first)
    again = torch.autograd.grad(squares, inputs, allow_unused=True) if squares.requires_grad else ()
    return [out, *first, *(0 if g is None else g for g in again)]


def convolved(x, w, transposed=False, **how):
    def program(torch):
        name = f"conv{'_transpose' * transposed}{len(w) - 2}d"
        function = getattr(torch.nn.functional, name)
        return slopes(torch, lambda *a: function(*a, **how), counted(torch, *x), counted(torch, *w))

    return program


CONVOLUTIONS = [
    convolved((1, 2, 5, 6), (3, 2, 2, 4), padding="same", dilation=(1, 2)),
    convolved((2, 5), (2, 1, 2), groups=2, padding="valid"),
    convolved((1, 4, 5), (6, 2, 2), groups=2),  # three outputs a group
    convolved((0, 2, 5), (3, 2, 2)),
    convolved((1, 2, 7, 8), (2, 2, 2, 3), stride=3),  # the last rows and columns are seen by no window
    convolved((1, 2, 4, 5), (2, 3, 2, 2), transposed=True, dilation=(2, 3), output_padding=(1, 2)),
    convolved((2, 3, 4, 5), (2, 3, 2, 2, 2), transposed=True, stride=2, padding=1, output_padding=1),
    convolved((1, 4, 3), (4, 3, 2), transposed=True, groups=2),
    convolved((2, 3, 4), (2, 2, 3), padding=-1),
    convolved((2, 3, 4), (2, 3, 5)),
    convolved((2, 4, 4), (3, 2, 3)),
    convolved((2, 4, 5, 5), (4, 2, 3, 3), groups=3),
    convolved((1, 1, 3, 3), (1, 1, 2, 2), transposed=True, padding=3),
]


def pooled(name, image, *args, **how):
    def program(torch):
        x = torch.tensor(image, dtype=torch.float64, requires_grad=True)
        out = getattr(torch.nn.functional, name)(x, *args, **how)
        values, *places = out if isinstance(out, tuple) else (out,)
        (g,) = torch.autograd.grad(values, x, counted(torch, *values.shape))
        return [values, *places, g]

    return program


SQUARE = [[[1, 3, 3, 0], [3, 1, 0, 2], [2, 2, -INF, -INF], [2, 2, -INF, -INF]]]
HOLES = [[[NAN, 3, 3, INF], [3, 1, NAN, 2], [-INF, 2, 1, NAN], [2, 2, NAN, 1]]]
POOLS = [
    pooled(name, image, *args, **how)
    for image in (SQUARE, HOLES)
    for name, *args, how in [
        ("max_pool2d", 2, {"return_indices": True}),
        ("max_pool2d", 3, {"stride": 2, "padding": 1, "ceil_mode": True, "return_indices": True}),
        ("max_pool2d", (2, 1), {"dilation": 2, "stride": (), "return_indices": True}),
        ("max_pool1d", 2, {"stride": 1, "padding": 1}),
        ("avg_pool2d", 2, {"ceil_mode": True, "stride": 3, "padding": 1, "count_include_pad": False}),
        ("avg_pool2d", (3, 2), {"divisor_override": -2}),
        ("adaptive_max_pool2d", 3, {"return_indices": True}),
        ("adaptive_avg_pool2d", (3, None), {}),
        ("adaptive_avg_pool2d", 1, {}),
        ("max_pool2d", 2, {"padding": 2}),
        ("avg_pool2d", 2, {"stride": 0}),
        ("max_pool2d", 5, {}),
    ]
]


def resized(values, how, dtype="float64"):
    def program(torch):
        x = torch.tensor(values, dtype=getattr(torch, dtype)).reshape(1, 1, *np.shape(values))
        out = torch.nn.functional.interpolate(x, **how)
        return [str(out.dtype), out]

    return program


LINE, IMAGE = [1.0, INF, 2.0, 3.0, NAN, -1.0, 4.0], [[1.0, INF, 3.0], [2.0, -3.0, NAN], [0.0, 1.0, -1.0]]
SIZES = [
    *(
        resized(LINE, how | {"mode": mode})
        for mode in ("nearest", "nearest-exact")
        for how in ({"size": 5}, {"scale_factor": 1.3})
    ),
    *(
        resized(LINE, how | {"mode": "linear"})
        for how in ({"size": 7}, {"size": 10, "align_corners": True}, {"scale_factor": 0.4})
    ),
    *(resized(IMAGE, how | {"mode": "bilinear"}) for how in ({"size": (3, 5)}, {"scale_factor": (1.2, 2.0)})),
    *(resized(IMAGE, how | {"mode": "bicubic"}) for how in ({"size": (3, 4)}, {"scale_factor": 1.3})),
    resized(IMAGE, {"scale_factor": 1.7, "mode": "area"}),
    resized(LINE, {"scale_factor": 1.7, "mode": "linear", "recompute_scale_factor": True}),
    resized([1, 2, 3], {"size": 5}, "uint8"),
    resized([1, 2, 3], {"size": 5}, "int64"),
    resized(LINE, {"size": 0}),
    resized(LINE, {"size": 3, "scale_factor": 2}),
    resized(LINE, {"size": 3, "mode": "bilinear"}),
    resized(LINE, {"size": 3, "align_corners": True}),
]


def padded(shape, pad, mode="constant", value=None):
    def program(torch):
        return slopes(torch, lambda x: torch.nn.functional.pad(x, pad, mode, value) ** 2, counted(torch, *shape))

    return program


PADDINGS = [
    padded((2, 3), (-1, 2, 0, -1), value=1.5),
    padded((), ()),
    padded((3,), (-2, -2)),
    padded((2, 3), (1,)),
    padded((2, 3), (1, 1, 1, 1, 1, 1)),
    padded((1, 2, 4), (3, -1), "reflect"),
    padded((1, 2, 4), (4, 0), "reflect"),
    padded((2, 3, 4), (-2, 5, 1, -3), "replicate"),
    padded((1, 3, 4, 5), (-1, 1, -2, 1), "circular"),
    padded((1, 2, 3), (4, 0), "circular"),
    padded((1, 2, 3, 4), (1, 1), "reflect"),
    padded((1, 2, 3), (1, 1), "mirror"),
    padded((1, 2, 3), (1, 1), "reflect", 2.0),
]


def folded(name, shape, *args, **how):
    def program(torch):
        return slopes(torch, lambda x: getattr(torch.nn.functional, name)(x, *args, **how) ** 2, counted(torch, *shape))

    return program


FOLDS = [
    folded("unfold", (2, 5, 6), (2, 3), dilation=2, padding=1),
    folded("unfold", (2, 5, 6), (2,)),
    folded("unfold", (1, 2, 3, 3), 4),
    folded("fold", (8, 6), (4, 3), 2),
    folded("fold", (1, 8, 4), (4, 3), 2),
    folded("fold", (1, 6, 6), (4, 3), 2),
    folded("pixel_shuffle", (2, 8, 2, 3), 2),
    folded("pixel_shuffle", (6, 2, 3), 2),
    folded("pixel_unshuffle", (2, 4, 6), 2),
    folded("channel_shuffle", (1, 6, 2), 3),
    folded("local_response_norm", (2, 5, 3), 4, alpha=0.1),
    folded("lp_pool2d", (2, 4, 5), 3.0, 2, ceil_mode=True),
]


@pytest.mark.parametrize("program", [*CONVOLUTIONS, *POOLS, *SIZES, *PADDINGS, *FOLDS])
def test_results_gradients_and_errors_are_torchs(program, torch):
    ours, theirs = outcome(program, tg), outcome(program, torch)
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs)
        assert isinstance(ours, (RuntimeError, ValueError)), "an error of this test's own"
        return
    if isinstance(ours, Exception):
        raise ours
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(b, str):
            assert a == b
        else:
            np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-9, atol=1e-12)


def test_interpolation_has_the_gradient_of_what_it_computes():
    """torch's nearest, for a factor that keeps the size, reads shifted places but sends gradients straight back."""
    x = tg.arange(3.0, dtype=tg.float64).reshape(1, 1, 3).requires_grad_()
    out = tg.nn.functional.interpolate(x, scale_factor=1.3)
    out.backward(tg.tensor([[[1.0, 10.0, 100.0]]], dtype=tg.float64))
    assert out.tolist() == [[[0, 0, 1]]]
    assert x.grad.tolist() == [[[11, 100, 0]]]


def test_a_window_of_padding_has_no_maximum():
    """torch calls it -inf, at a place that does not exist."""
    with pytest.raises(RuntimeError, match="nothing but padding"):
        tg.nn.functional.max_pool1d(tg.ones(1, 1, 2), 2, padding=1, dilation=3)


def test_a_large_batch_is_convolved_in_portions(monkeypatch, rng):
    x, w = tg.tensor(rng.standard_normal((5, 2, 6, 6))), tg.tensor(rng.standard_normal((4, 2, 3, 3)))
    results = []
    for cache in (1, 200, 1 << 17):
        monkeypatch.setattr("tinygrad_edu.ops.conv.CACHE", cache)
        results.append([t.tolist() for t in slopes(tg, tg.conv2d, x, w)])
    for result in results:
        for a, b in zip(result, results[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
