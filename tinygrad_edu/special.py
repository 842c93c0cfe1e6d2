"""Special functions, named as in torch.special."""

from .names import namespaces

globals().update(namespaces["special"])
__all__ = sorted(namespaces["special"])
