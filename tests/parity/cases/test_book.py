"""The book's loop: its data, its stop rule, its figures."""

import numpy as np
import pytest

import parity
import tinygrad_edu as tg
from parity.cases import Book, Options
from parity.cases.book import ToyData


def test_the_points_are_those_that_the_book_draws():
    np.random.seed(1337)

    def batch(n):
        points, targets = [], []
        for _ in range(n):
            left = np.random.random() > 0.5
            points.append(np.random.normal(loc=(3, 3) if left else (3, -2)))
            targets.append(0 if left else 1)
        return np.array(points), np.array(targets, float)

    data = ToyData(1337, 100)
    for ours, books in [(data.sample, batch(1000)), (data.batch(0), batch(100)), (data.batch(1), batch(100))]:
        for a, b in zip(ours, books):
            assert a.tobytes() == b.tobytes()


def test_initial_weights():
    case = Book(tg, Options(dtype="float64"))
    assert case.model.fc1.weight.tolist() == [pytest.approx([-0.59634966, -0.00619887], abs=1e-8)]
    assert case.model.fc1.bias.tolist() == pytest.approx([0.17408705], abs=1e-8)


@pytest.mark.parametrize(
    ("losses", "settled"),
    [
        ([0.2005, 0.2], True),
        ([0.2, 0.2005], True),
        ([0.202, 0.2], False),
        ([0.3015, 0.301], False),
    ],
)
def test_the_stop_rule(losses, settled):
    case = Book(tg, Options())
    case.losses = losses
    assert case.settled(12) is settled
    assert case.settled(11) is False


def test_the_book_example(promised):
    report = parity.run(Options())
    assert report.first_failure is None
    for run in report.runs:
        for twin in (run.ours, run.reference):
            assert len(twin.case.losses) == 590 == 5 * 118
            assert twin.case.losses[0] == pytest.approx(0.98767126, abs=1e-6)
            assert twin.case.losses[-1] == pytest.approx(0.28560853, abs=1e-6)


def test_the_notebooks_learning_rate(promised):
    report = parity.run(Options(lr=0.01))
    assert report.first_failure is None
    for run in report.runs:
        for twin in (run.ours, run.reference):
            assert len(twin.case.losses) == 80 == 5 * 16
            assert twin.case.losses[-1] == pytest.approx(0.2098246, abs=2e-7)
