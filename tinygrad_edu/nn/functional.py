"""The layers and losses as functions."""

from ..names import namespaces

globals().update(namespaces["nn.functional"])
__all__ = sorted(namespaces["nn.functional"])
