"""Pooling, padding, other shapes and distances as modules, beside torch's."""

import itertools

import pytest

import tinygrad_edu as tg
from tests.functional.agree import agree, values

from .shells import shown

SIZES = {1: (2, 3, 8), 2: (2, 3, 8, 7), 3: (1, 2, 5, 6, 7)}

MADE = [
    *((f"MaxPool{d}d", (2,), {}, SIZES[d]) for d in SIZES),
    *((f"MaxPool{d}d", (3, 2, 1), dict(ceil_mode=True, return_indices=True), SIZES[d]) for d in SIZES),
    ("MaxPool2d", ((3, 2),), dict(stride=(2, 1), dilation=(1, 2)), SIZES[2]),
    ("MaxPool2d", ([2, 2],), {}, SIZES[2]),
    *((f"AvgPool{d}d", (2,), {}, SIZES[d]) for d in SIZES),
    *((f"AvgPool{d}d", (3, 2), dict(padding=1, ceil_mode=True, count_include_pad=False), SIZES[d]) for d in SIZES),
    ("AvgPool1d", ([3],), dict(stride=(2,)), SIZES[1]),
    ("AvgPool2d", ((2, 3),), dict(divisor_override=5), SIZES[2]),
    ("AvgPool3d", (2,), dict(divisor_override=3), SIZES[3]),
    *((f"LPPool{d}d", (2, 2), {}, SIZES[d]) for d in SIZES),
    ("LPPool2d", (3.0, (2, 3)), dict(stride=2, ceil_mode=True), SIZES[2]),
    *((f"Adaptive{kind}Pool{d}d", (3,), {}, SIZES[d]) for kind, d in itertools.product(("Max", "Avg"), SIZES)),
    ("AdaptiveAvgPool2d", ((None, 3),), {}, SIZES[2]),
    ("AdaptiveMaxPool2d", ((2, None),), dict(return_indices=True), SIZES[2]),
    *(
        (f"{kind}Pad{d}d", (1,), {}, SIZES[d])
        for kind in ("Reflection", "Replication", "Circular", "Zero")
        for d in SIZES
    ),
    *((f"ConstantPad{d}d", (2, 0.5), {}, SIZES[d]) for d in SIZES),
    ("ReflectionPad1d", ((2, 1),), {}, (3, 8)),
    ("ReplicationPad2d", ([3, 0, 1, 2],), {}, SIZES[2]),
    ("CircularPad2d", ((1, 2, 3, 0),), {}, (3, 8, 7)),
    ("ConstantPad2d", ((1, -2, 0, 1),), dict(value=-3), SIZES[2]),
    ("ZeroPad3d", ((1, 2, 3, 0, 1, 1),), {}, SIZES[3]),
    ("Flatten", (), {}, SIZES[2]),
    ("Flatten", (0, 1), {}, SIZES[2]),
    ("Unflatten", (1, (3, -1)), {}, (2, 6)),
    ("Unflatten", (-1, [2, 4]), {}, SIZES[1]),
    ("Unfold", (2,), {}, SIZES[2]),
    ("Unfold", ((3, 2),), dict(dilation=2, padding=(1, 0), stride=2), SIZES[2]),
    ("Fold", ((4, 5), (2, 2)), {}, (2, 8, 12)),
    ("Fold", (5, 2), dict(padding=1, stride=2), (2, 8, 9)),
    ("PixelShuffle", (2,), {}, (2, 8, 2, 3)),
    ("PixelUnshuffle", (2,), {}, (2, 3, 4, 6)),
    ("ChannelShuffle", (2,), {}, (2, 4, 3, 3)),
    ("Upsample", (), dict(scale_factor=2), SIZES[1]),
    ("Upsample", (), dict(scale_factor=(2, 1.5), mode="bilinear"), SIZES[2]),
    ("Upsample", ((5, 9),), dict(mode="bicubic", align_corners=True), SIZES[2]),
    ("Upsample", (), dict(scale_factor=1.6, mode="linear", recompute_scale_factor=True), SIZES[1]),
    ("UpsamplingNearest2d", (12,), {}, SIZES[2]),
    ("UpsamplingNearest2d", (), dict(scale_factor=(2, 3)), SIZES[2]),
    ("UpsamplingBilinear2d", ((4, 9),), {}, SIZES[2]),
    ("UpsamplingBilinear2d", (), dict(scale_factor=2), SIZES[2]),
]


@pytest.mark.parametrize(("name", "args", "named", "size"), MADE, ids=str)
def test_a_module_is_torchs(name, args, named, size, torch):
    agree(lambda t: shown(t, getattr(t.nn, name)(*args, **named), values(t, *size)), tg, torch)


@pytest.mark.parametrize(
    ("name", "args", "named"),
    [
        ("PairwiseDistance", (), {}),
        ("PairwiseDistance", (1,), dict(eps=0.1, keepdim=True)),
        ("CosineSimilarity", (), {}),
        ("CosineSimilarity", (0, 0.5), {}),
    ],
    ids=str,
)
def test_a_distance_is_torchs(name, args, named, torch):
    inputs = lambda t: [values(t, 4, 3), values(t, 4, 3) ** 2]
    agree(lambda t: shown(t, getattr(t.nn, name)(*args, **named), *inputs(t)), tg, torch)


REFUSED = {
    "nothing to pool": lambda t: t.nn.MaxPool2d(0)(t.ones(1, 4, 4)),
    "more padding than window": lambda t: t.nn.AvgPool1d(2, padding=2)(t.ones(1, 4)),
    "divided by nothing": lambda t: t.nn.AvgPool2d(2, divisor_override=0)(t.ones(1, 4, 4)),
    "circular of too few dims": lambda t: t.nn.CircularPad2d(1)(t.ones(4, 4)),
    "circular of too many dims": lambda t: t.nn.CircularPad1d(1)(t.ones(1, 1, 4, 4)),
    "a mirror beyond the end": lambda t: t.nn.ReflectionPad1d(4)(t.ones(1, 3)),
    "no value": lambda t: t.nn.ConstantPad1d(1),
    "one size": lambda t: t.nn.Unflatten(0, 3),
    "half a size": lambda t: t.nn.Unflatten(0, (2, 1.5)),
    "sizes that do not fit": lambda t: t.nn.Unflatten(0, (2, 2))(t.ones(5)),
    "neither size nor factor": lambda t: t.nn.Upsample()(t.ones(1, 1, 3)),
    "size and factor": lambda t: t.nn.Upsample(3, 2)(t.ones(1, 1, 3)),
    "three groups of four channels": lambda t: t.nn.ChannelShuffle(3)(t.ones(1, 4, 2)),
    "channels that make no pixels": lambda t: t.nn.PixelShuffle(2)(t.ones(1, 3, 2, 2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever torch raises)
        REFUSED[name](torch)
    with pytest.raises(theirs.type):
        REFUSED[name](tg)


def test_without_torch_a_size_is_kept_as_torch_keeps_it():
    assert tg.nn.AvgPool1d(2).kernel_size == (2,)
    assert tg.nn.AvgPool2d(2).kernel_size == 2
    assert tg.nn.ReflectionPad2d(1).padding == (1, 1, 1, 1)
    assert repr(tg.nn.ZeroPad2d(1)) == "ZeroPad2d((1, 1, 1, 1))"
    assert tg.nn.Flatten()(tg.ones(2, 3, 4)).shape == (2, 12)
