"""The judge: each rule lets rounding pass and nothing else, and the ledger keeps the worst."""

import numpy as np
import pytest

from parity.judge import Absolute, Bits, Ledger, Scaled, ulps


def ledger(rule, *pairs):
    """A ledger after comparing (ours, theirs) step by step."""
    book = Ledger("book", lambda quantity: rule)
    for step, (ours, theirs) in enumerate(pairs, 1):
        book.compare(step, {"gradient": {"w": np.array(ours)}}, {"gradient": {"w": np.array(theirs)}})
    return book


def test_bits_tells_zeros_apart():
    assert ledger(Bits(), ([0.0, 1.0], [0.0, 1.0])).first_failure is None
    assert ledger(Bits(), ([0.0, 1.0], [-0.0, 1.0])).first_failure
    assert ledger(Bits(), ([1.0], [1.0 + 2**-52])).first_failure


def test_scaled_measures_by_the_largest_magnitude_so_far():
    late = ([1.001e-9], [1e-9])
    assert ledger(Scaled(1e-12), ([1.0], [1.0]), late).first_failure is None
    assert ledger(Scaled(1e-12), late, ([1.0], [1.0])).first_failure.failed_step == 1
    assert ledger(Scaled(1e-12), ([2.0, 1 + 1.9e-12], [2.0, 1.0])).first_failure is None
    assert ledger(Scaled(1e-12), ([2.0, 1 + 2.1e-12], [2.0, 1.0])).first_failure


def test_scaled_wants_zero_where_the_reference_has_only_zeros():
    assert ledger(Scaled(1e-12), ([0.0], [0.0])).first_failure is None
    assert ledger(Scaled(1e-12), ([5e-324], [0.0])).first_failure


def test_absolute():
    assert ledger(Absolute(1e-6), ([1e-6], [0.0])).first_failure is None
    assert ledger(Absolute(1e-6), ([1.1e-6], [0.0])).first_failure


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rule", [Bits(), Scaled(1.0), Absolute(1.0)], ids=lambda rule: type(rule).__name__)
def test_nan_and_infinity_disagree_even_with_themselves(bad, rule):
    assert ledger(rule, ([bad], [1.0])).broken
    assert ledger(rule, ([1.0], [bad])).broken
    assert f"ours has {bad}" in ledger(rule, ([bad], [bad])).first_failure.failure


def test_shapes_and_dtypes_must_be_equal():
    assert "shape (2,)" in ledger(Absolute(1.0), ([1.0, 1.0], [[1.0], [1.0]])).first_failure.failure
    assert "float32" in ledger(Absolute(1.0), (np.float32([1.0]), [1.0])).first_failure.failure


@pytest.mark.parametrize(
    ("ours", "theirs", "who"), [({}, {"w": np.ones(1)}, "reference"), ({"w": np.ones(1)}, {}, "our engine")]
)
def test_what_one_engine_lacks_disagrees(ours, theirs, who):
    for snapshots in [
        ({"gradient": ours}, {"gradient": theirs}),
        (ours and {"gradient": ours}, theirs and {"gradient": theirs}),
    ]:
        book = Ledger("book", lambda quantity: Absolute(1.0))
        book.compare(1, *snapshots)
        assert who in book.first_failure.failure


def test_a_row_keeps_the_worst_and_where():
    row = ledger(Absolute(1e-3), ([1.0], [1.0]), ([1e-4], [0.0]), ([3.0], [3.0 + 2**-51]))
    (row,) = row.rows.values()
    assert (row.delta, row.delta_step, row.ulp_step) == (1e-4, 2, 2)
    assert row.used == pytest.approx(0.1)
    assert row.failure is None


def test_the_first_failure_is_the_earliest_step():
    book = Ledger("book", lambda quantity: Absolute(1e-3))
    for step, (a, b) in enumerate([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)], 1):
        book.compare(
            step, {"loss": {"a": np.array(a), "b": np.array(b)}}, {"loss": {"a": np.array(0.0), "b": np.array(0.0)}}
        )
    assert (book.first_failure.tensor, book.first_failure.failed_step) == ("b", 2)


@pytest.mark.parametrize("d", [np.float32, np.float64])
def test_ulps_counts_the_numbers_between(d):
    tiny, top = np.finfo(d).smallest_subnormal, np.finfo(d).max
    bits = 8 * np.dtype(d).itemsize
    of_max = int(np.array(top).view(f"i{bits // 8}"))
    for a, b, distance in [
        (1, 1, 0),
        (1, np.nextafter(d(1), d(2)), 1),
        (0.0, -0.0, 0),
        (tiny, -tiny, 2),
        (top, -top, 2 * of_max),
    ]:
        assert ulps(np.array(a, d), np.array(b, d)) == ulps(np.array([b], d), np.array([a], d)) == distance
