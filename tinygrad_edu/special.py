"""Special functions, named as in torch.special."""

from .names import missing_from, namespaces

globals().update(namespaces["special"])
__all__ = sorted(namespaces["special"])

__getattr__ = missing_from(__name__)
