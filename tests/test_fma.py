"""The fused multiply-add rounds once."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.fma import fma


def assert_rounded_once(a, b, c):
    exact = [Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)) for x, y, z in zip(a, b, c)]
    rounded = fma(a, b, c)
    assert rounded.dtype == a.dtype
    for value, truth in zip(rounded, exact):
        error = abs(Fraction(float(value)) - truth)
        for neighbour in (np.nextafter(value, a.dtype.type(np.inf)), np.nextafter(value, a.dtype.type(-np.inf))):
            assert error <= abs(Fraction(float(neighbour)) - truth)


@given(
    st.lists(st.tuples(*[st.floats(-(2.0**60), 2.0**60, width=32)] * 3), min_size=1, max_size=20),
    st.sampled_from([np.float32, np.float64]),
)
def test_fma_rounds_once(triples, dtype):
    assert_rounded_once(*np.array(triples, dtype).T)


@given(st.integers(2, 2**11 - 1), st.integers(2, 2**11 - 1), st.sampled_from([1e-30, -1e-30, 1e-44, 0.0]))
def test_fma_in_float32_of_a_product_halfway_between_two(a, b, c):
    """(2¹² + a)(2¹³ + b) has 26 bits: where the last two are 10, what is added decides, be it ever so small."""
    assert_rounded_once(*(np.array([x], np.float32) for x in (2**12 + a, 2**13 + b, c)))
