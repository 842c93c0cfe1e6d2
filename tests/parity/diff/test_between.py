"""parity.diff.between: memory that two share, what clipping was given, and whose schedule it is."""

import numpy as np
import pytest

import tinygrad_edu as tg
from parity.diff.between import clipping, schedule, shared


def two(**options):
    """An optimizer of two parameters, each with a gradient."""
    ps = [tg.ones(2, requires_grad=True) for _ in range(2)]
    for p in ps:
        p.grad = tg.ones(2)
    return ps, tg.optim.SGD(ps, lr=0.1, **options)


def test_each_has_memory_of_its_own():
    _, optimizer = two(momentum=0.9)
    optimizer.step()
    assert shared(optimizer, id) == ([], [])


def test_gradients_that_share_memory():
    (p, q), optimizer = two()
    q.grad = tg.from_numpy(p.grad.numpy())
    (words,), names = shared(optimizer, lambda tensor: "p" if tensor is p else "q")
    assert words.startswith("the gradient of p and the gradient of q are one memory")
    assert names == ["shared gradient"]


def test_a_buffer_that_is_the_gradient():
    (_, q), optimizer = two(momentum=0.9)
    optimizer.step()
    q.grad = tg.from_numpy(optimizer.state[q]["momentum_buffer"].numpy())
    assert shared(optimizer, lambda _: "it")[1] == ["borrowed buffer"]


@pytest.mark.parametrize(("kind", "total"), [(2.0, 13.0), (1, 19.0), (float("inf"), 12.0)])
def test_gradients_are_clipped_by_how_long_they_are_together(kind, total):
    left = [np.array([[3.0], [4.0]]), np.array([-12.0])]
    found = clipping({"max_norm": 1.0, "norm_type": kind, "parameters": None}, left)
    assert found == {"max_norm": 1.0, "norm_type": kind, "total_norm": pytest.approx(total)}


def test_the_schedule_is_the_optimizers_only_one():
    _, optimizer = two()
    assert schedule(tg, optimizer) is None
    falls = tg.optim.lr_scheduler.StepLR(optimizer, 2)
    others = tg.optim.lr_scheduler.StepLR(two()[1], 3)
    assert schedule(tg, optimizer) is falls
    also = tg.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    assert schedule(tg, optimizer) is None, "which of both it was is not known"
    assert others.optimizer is not also.optimizer
