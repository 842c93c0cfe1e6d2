"""The judge's rules: each lets pass what it says, and nothing else."""

import numpy as np
import pytest

from tinygrad_edu.testing.judge import Absolute, Bits, Scaled, Spread, kappas, ulps


def agrees(rule, ours, theirs, **sigma):
    return rule.used(np.array(ours), np.array(theirs), **sigma) <= 1


def test_bits_tells_zeros_apart():
    assert agrees(Bits(), [0.0, 1.0], [0.0, 1.0])
    assert not agrees(Bits(), [0.0, 1.0], [-0.0, 1.0])
    assert not agrees(Bits(), [1.0], [1.0 + 2**-52])


def test_scaled_measures_by_the_largest_magnitude_so_far():
    rule = Scaled(1e-12)
    assert not agrees(rule, [1.001e-9], [1e-9])
    assert agrees(rule, [1.0], [1.0])
    assert agrees(rule, [1.001e-9], [1.0000000001e-9 + 1e-12])
    assert agrees(Scaled(1e-12), [2.0, 1 + 1.9e-12], [2.0, 1.0])
    assert not agrees(Scaled(1e-12), [2.0, 1 + 2.1e-12], [2.0, 1.0])


def test_scaled_wants_zero_where_the_reference_has_only_zeros():
    assert agrees(Scaled(1e-12), [0.0], [0.0])
    assert not agrees(Scaled(1e-12), [5e-324], [0.0])


def test_absolute():
    assert agrees(Absolute(1e-6), [1e-6], [0.0])
    assert not agrees(Absolute(1e-6), [1.1e-6], [0.0])


def test_spread_measures_every_entry_by_its_own_sigma():
    sigma = np.array([1e-6, 1e-3])
    assert agrees(Spread(16), [1.0, 1.015], [1.0, 1.0], sigma=sigma)
    assert not agrees(Spread(16), [1.0, 1.017], [1.0, 1.0], sigma=sigma)
    assert not agrees(Spread(16), [1.00002, 1.0], [1.0, 1.0], sigma=sigma)


@pytest.mark.parametrize(
    ("ours", "theirs", "sigma", "kappa"),
    [
        (1.0, 1.0, 0.0, 0),
        (1.0, 2.0, 0.5, 2),
        (1.0, 2.0, 0.0, np.inf),
        (1.0, 2.0, np.nan, np.inf),
        (np.nan, np.nan, 1.0, 0),
        (np.nan, 1.0, 1.0, np.inf),
        (np.inf, np.inf, np.nan, 0),
        (np.inf, -np.inf, 1.0, np.inf),
    ],
)
def test_kappa_says_nothing_is_the_same_unless_it_is(ours, theirs, sigma, kappa):
    assert kappas(np.array([ours]), np.array([theirs]), np.array([sigma])).tolist() == [kappa]


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
