"""From a finding to what the guesser of causes asks for."""

import inspect

from .calls import resolve

TORCHS = {"x": "input", "y": "other", "w": "weight", "b": "bias"}


def accuse(finding, engine, call, ours, theirs, *, what, upstream=None, before=None, arguments=None, wrt=None):
    """Ask the guesser which of the usual mistakes explains these numbers, and note what it says."""
