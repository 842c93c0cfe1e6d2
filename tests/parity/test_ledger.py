"""The ledger: it compares what can be compared, by the judge's rules, and keeps the worst."""

import numpy as np
import pytest

from parity.ledger import Ledger
from tinygrad_edu.testing.judge import Absolute, Bits, Scaled, Spread


def ledger(rule, *pairs):
    """A ledger after comparing (ours, theirs) step by step."""
    book = Ledger("book", lambda quantity: rule)
    for step, (ours, theirs) in enumerate(pairs, 1):
        book.compare(step, {("gradient", "w"): np.array(ours)}, {("gradient", "w"): np.array(theirs)})
    return book


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rule", [Bits(), Scaled(1.0), Absolute(1.0)], ids=lambda rule: type(rule).__name__)
def test_nan_and_infinity_disagree_even_with_themselves(bad, rule):
    assert ledger(rule, ([bad], [1.0])).broken
    assert ledger(rule, ([1.0], [bad])).broken
    assert f"ours has {bad}" in ledger(rule, ([bad], [bad])).first_failure.failure


def test_shapes_and_dtypes_must_be_equal():
    assert "shape (2,)" in ledger(Absolute(1.0), ([1.0, 1.0], [[1.0], [1.0]])).first_failure.failure
    assert "float32" in ledger(Absolute(1.0), (np.float32([1.0]), [1.0])).first_failure.failure


@pytest.mark.parametrize(("ours", "theirs", "who"), [({}, {"w": 1.0}, "reference"), ({"w": 1.0}, {}, "our engine")])
def test_what_one_engine_lacks_disagrees(ours, theirs, who):
    book = Ledger("book", lambda quantity: Absolute(1.0))
    book.compare(1, *({("gradient", name): np.array(a) for name, a in snapshot.items()} for snapshot in (ours, theirs)))
    assert who in book.first_failure.failure


def test_a_row_keeps_the_worst_and_where():
    row = ledger(Absolute(1e-3), ([1.0], [1.0]), ([1e-4], [0.0]), ([3.0], [3.0 + 2**-51]))
    (row,) = row.rows.values()
    assert (row.delta.value, row.delta.step, row.ulp.step) == (1e-4, 2, 2)
    assert row.used == pytest.approx(0.1)
    assert row.failure is None


def test_a_row_keeps_the_worst_kappa():
    book, key = Ledger("book", lambda quantity: Spread(16)), ("gradient", "w")
    for step, (delta, sigma) in enumerate([(1e-3, 1e-3), (2e-3, 1e-4), (1e-3, 2.5e-5)], 1):
        book.compare(step, {key: np.array([1.0, delta])}, {key: np.array([1.0, 0.0])}, {key: np.array([1e-9, sigma])})
    row = book.rows[key]
    assert (row.kappa.value, row.kappa.step) == (pytest.approx(40), 3)
    assert (row.failed_step, row.used) == (2, pytest.approx(2.5))
    assert "κ = 20" in row.failure


def test_the_first_failure_is_the_earliest_step():
    book = Ledger("book", lambda quantity: Absolute(1e-3))
    for step, (a, b) in enumerate([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)], 1):
        snapshot = lambda a, b: {("loss", "a"): np.array(a), ("loss", "b"): np.array(b)}
        book.compare(step, snapshot(a, b), snapshot(0.0, 0.0))
    assert (book.first_failure.tensor, book.first_failure.failed_step) == ("b", 2)
