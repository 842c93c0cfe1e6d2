"""Sums over any axes: NumPy's, with an error that does not grow with the number of terms."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.graph import unbroadcast
from tinygrad_edu.sums import sum_of_rows, total

LAYOUTS = {
    "rows": ((20_000, 3), (0,)),
    "few rows": ((200, 30), (0,)),
    "an axis in the middle": ((3, 5_000, 4), (1,)),
    "two axes": ((50, 70, 3), (0, 1)),
    "outer and inner": ((999, 2, 8), (0, 2)),
    "columns": ((3, 7_777), (1,)),
    "everything": ((70, 80), (0, 1)),
    "nothing": ((70, 80), ()),
    "no numbers": ((0, 5_000), (0,)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("memory", ["C", "F", "every second"])
def test_it_is_the_sum_to_rounding(layout, memory, rng):
    shape, over = LAYOUTS[layout]
    x = rng.random(shape, np.float32)
    x = x.repeat(2, 0)[::2] if memory == "every second" else np.asarray(x, order=memory)
    for keepdims in (False, True):
        exact = x.astype(np.float64).sum(over, keepdims=keepdims)
        found = total(x, over, None, keepdims)
        assert found.dtype == np.float32
        assert found.shape == exact.shape
        assert np.allclose(found, exact, rtol=1e-6, atol=0)
        assert np.allclose(total(x, over, np.float64, keepdims), exact, rtol=1e-14, atol=0)


def test_integers_are_exact(rng):
    x = rng.integers(-(10**12), 10**12, (9_999, 2))
    assert np.array_equal(total(x, (0,)), x.sum(0))


def test_every_way_to_sum_many_rows_is_accurate(rng):
    """One after another, a million float32 rows are 1e-5 off; torch is not."""
    x = rng.random((1_000_000, 2), np.float32)
    exact = x.astype(np.float64).sum(0)
    t = tg.from_numpy(x)
    for found in (t.sum(0).numpy(), t.mean(0).numpy() * len(x), sum_of_rows(x), unbroadcast(x, (2,))):
        assert np.allclose(found, exact, rtol=5e-7, atol=0)
    assert np.allclose(t.var(0).numpy(), x.astype(np.float64).var(0, ddof=1), rtol=5e-7, atol=0)
    assert np.allclose(unbroadcast(x[:, None], (1, 2)), exact, rtol=5e-7, atol=0)
