"""Batches of numbers: each a list of its own."""

import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize(
    ("drop_last", "batches"), [(False, [[0, 1, 2], [3, 4, 5], [6]]), (True, [[0, 1, 2], [3, 4, 5]])]
)
def test_batches_are_lists_that_can_be_kept(drop_last, batches):
    sampler = tg.utils.data.BatchSampler(tg.utils.data.SequentialSampler(range(7)), 3, drop_last)
    assert list(sampler) == batches
    assert len(sampler) == len(batches)
