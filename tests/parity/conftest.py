"""What parity's tests share: PyTorch on a machine where its random bits are promised."""

import pytest

from parity import environment


@pytest.fixture
def promised(torch):
    """PyTorch; the test is skipped where parity itself would not compare random bits."""
    if reasons := environment.departures(torch):
        pytest.skip("; ".join(reasons))
    return torch
