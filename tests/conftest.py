"""What every test shares: Hypothesis's profiles, and torch where it is installed."""

import os
import sys

import numpy as np
import pytest
from hypothesis import settings

import tinygrad_edu as tg
from parity import environment

from .browser import browser  # noqa: F401

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=30)
settings.register_profile("sweep", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def seeded():
    """Each test draws the same numbers, whatever ran before it."""
    tg.manual_seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture
def torch():
    """The real PyTorch; the test is skipped where it is not installed."""
    return pytest.importorskip("torch")


@pytest.fixture(scope="session")
def promised():
    """The real PyTorch; the test is skipped where it is not installed, or draws other bits than those that we promise."""
    torch = pytest.importorskip("torch")
    if reasons := environment.departures(torch):
        pytest.skip("; ".join(reasons))
    return torch


@pytest.fixture
def rng():
    return np.random.default_rng(0)
