"""Losses: their old arguments, their warnings, their corners, and what they refuse. Beside torch."""

import itertools
import warnings

import pytest

import tinygrad_edu as tg

from .agree import agree, slopes, values

INF, NAN = float("inf"), float("nan")

# What each loss is called with, as far as torch's own tests would not: two inputs, three, or scores and classes.
PAIRS = ["mse_loss", "l1_loss", "smooth_l1_loss", "kl_div", "soft_margin_loss", "hinge_embedding_loss"]
PAIRS += ["binary_cross_entropy", "binary_cross_entropy_with_logits", "multilabel_soft_margin_loss", "poisson_nll_loss"]
CLASSES = ["nll_loss", "cross_entropy", "multi_margin_loss"]


def called(t, name, **options):
    loss = getattr(t.nn.functional, name)
    if name in CLASSES:
        return loss(values(t, 3, 4), t.tensor([1, 0, 3]), **options)
    return loss(values(t, 3, 4) / 3 + 0.5, values(t, 3, 4) / 4 + 0.5, **options)


def heard(program, engine):
    """What the program warned of, by its beginning, and where."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(engine)
    return [(str(w.message)[:60], w.filename) for w in caught]


@pytest.mark.parametrize("name", PAIRS + CLASSES)
def test_the_old_words_for_a_reduction(name, torch):
    for size_average, reduce in itertools.product([None, True, False], repeat=2):
        program = lambda t: called(t, name, size_average=size_average, reduce=reduce)  # noqa: B023
        agree(program, tg, torch)
        ours, theirs = heard(program, tg), heard(program, torch)
        assert [message for message, _ in ours] == [message for message, _ in theirs]
        assert all(filename == __file__ for _, filename in ours)


@pytest.mark.parametrize("name", ["l1_loss", "kl_div", "nll_loss", "cross_entropy", "huber_loss", "multi_margin_loss"])
@pytest.mark.parametrize("reduction", ["mean", "elementwise_mean", "average"])
def test_reductions_by_name(name, reduction, torch):
    agree(lambda t: called(t, name, reduction=reduction), tg, torch)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_a_target_that_stretches_is_warned_of(name, torch):
    program = lambda t: getattr(t.nn.functional, name)(values(t, 3, 4), values(t, 4))
    agree(program, tg, torch)
    assert heard(program, tg)[0][0] == heard(program, torch)[0][0]


def at_corners(t, name, **options):
    """Value, slope and second derivative where the pieces of a loss meet, and at the ends of the line."""
    x = t.tensor([-INF, -2, -1, -0.5, 0, 0.5, 1, 2, INF], dtype=t.float64, requires_grad=True)
    loss = getattr(t.nn.functional, name)(x, t.zeros_like(x), reduction="none", **options)
    (g,) = t.autograd.grad(loss.sum(), x, create_graph=True)
    return [loss, g, t.autograd.grad(g.sum(), x, allow_unused=True, materialize_grads=True)[0]]


PROGRAMS = {
    **{
        f"corners of {name} {options}": lambda t, name=name, options=options: at_corners(t, name, **options)
        for name, options in [
            ("huber_loss", {}),
            ("huber_loss", dict(delta=0.5)),
            ("smooth_l1_loss", dict(beta=2.0)),
            ("mse_loss", {}),
        ]
    },
    **{
        f"{name} of two dtypes": lambda t, name=name: slopes(
            t, getattr(t.nn.functional, name), values(t, 3).float() / 3 + 0.5, values(t, 3) / 3 + 0.5
        )
        for name in ["mse_loss", "l1_loss", "kl_div", "binary_cross_entropy"]
    },
    **{
        f"{name} with weights of shape {shape}": lambda t, name=name, shape=shape: called(
            t, name, weight=values(t, *shape) + 2
        )
        for name, shape in itertools.product(
            ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"],
            [(3, 4), (4,), (3,), (2, 3, 4)],
        )
    },
    "pos_weight that does not stretch": lambda t: called(t, "binary_cross_entropy_with_logits", pos_weight=t.ones(3)),
    "huber with no width": lambda t: called(t, "huber_loss", delta=0),
    "smooth_l1 with less": lambda t: called(t, "smooth_l1_loss", beta=-1.0),
    "batchmean": lambda t: called(t, "kl_div", reduction="batchmean"),
    "a probability of 0": lambda t: slopes(
        t, t.nn.functional.kl_div, values(t, 3), t.tensor([0.0, 0.5, 1.0], dtype=t.float64)
    ),
    "log probabilities as targets": lambda t: slopes(
        t, lambda x, y: t.nn.functional.kl_div(x, y, log_target=True), values(t, 2, 3), values(t, 2, 3) - 1
    ),
    "classes of several dims": lambda t: slopes(
        t,
        lambda x: t.nn.functional.nll_loss(x, t.ones(2, 2, 1, 2, dtype=t.int64), values(t, 3) + 1),
        values(t, 2, 3, 2, 1, 2),
    ),
    "no items": lambda t: t.nn.functional.cross_entropy(t.zeros(0, 3), t.zeros(0, dtype=t.int64)),
    "no score": lambda t: t.nn.functional.nll_loss(t.tensor(1.0), t.tensor(0)),
    "a class too many": lambda t: t.nn.functional.nll_loss(t.zeros(1, 3), t.tensor([3])),
    "classes of another batch": lambda t: t.nn.functional.nll_loss(t.zeros(2, 3), t.tensor([0])),
    "classes of another shape": lambda t: t.nn.functional.nll_loss(t.zeros(2, 3, 4), t.zeros(2, 2, dtype=t.int64)),
    "classes of one more dim": lambda t: t.nn.functional.nll_loss(t.zeros(2, 3), t.zeros(2, 1, dtype=t.int64)),
    "integer scores": lambda t: t.nn.functional.nll_loss(t.zeros(1, 3, dtype=t.int64), t.tensor([0])),
    "weights of another dtype": lambda t: t.nn.functional.nll_loss(t.zeros(1, 3), t.tensor([0]), t.ones(3).double()),
    "probabilities of a class to ignore": lambda t: t.nn.functional.cross_entropy(
        t.zeros(1, 3), t.zeros(1, 3), ignore_index=0
    ),
    "weights that sum to 0": lambda t: slopes(
        t, lambda x: t.nn.functional.nll_loss(x, t.tensor([1, -100]), t.zeros(3).double()), values(t, 2, 3)
    ),
    "scores NaN and infinite": lambda t: [
        t.nn.functional.cross_entropy(t.tensor([[x, 0.0]]), t.tensor([1])) for x in (INF, -INF, NAN)
    ],
    "labels that end at -1": lambda t: slopes(
        t,
        lambda x: t.nn.functional.multilabel_margin_loss(x, t.tensor([[2, 0, -1, 1], [-1, 3, 3, 3]])),
        values(t, 2, 4),
    ),
    "a variance of one number a row": lambda t: slopes(
        t, t.nn.functional.gaussian_nll_loss, values(t, 2, 3), values(t, 2, 3) - 1, values(t, 2) + 1
    ),
    "a variance below ε": lambda t: slopes(
        t, lambda v: t.nn.functional.gaussian_nll_loss(values(t, 3), t.zeros(3), v, full=True), t.zeros(3).double()
    ),
    "a negative variance": lambda t: t.nn.functional.gaussian_nll_loss(t.zeros(3), t.zeros(3), -t.ones(3)),
    "cosines of single vectors": lambda t: t.nn.functional.cosine_embedding_loss(
        values(t, 3), values(t, 3) + 1, t.tensor(-1)
    ),
    "cosines of rows by rows": lambda t: t.nn.functional.cosine_embedding_loss(
        values(t, 2, 3), values(t, 2, 3), t.ones(2, 3)
    ),
    "swapped triplets": lambda t: slopes(
        t,
        lambda a, p, n: t.nn.functional.triplet_margin_loss(a, p, n, swap=True, p=3),
        values(t, 2, 3),
        values(t, 2, 3) + 1,
        values(t, 2, 3) * 2,
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_in_torch(name, torch):
    agree(PROGRAMS[name], tg, torch)
