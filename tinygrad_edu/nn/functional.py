"""The layers and losses as functions."""

from ..names import namespaces
from . import dropout  # noqa: F401 (which publishes its functions)

globals().update(namespaces["nn.functional"])
__all__ = sorted(namespaces["nn.functional"])
