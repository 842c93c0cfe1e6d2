"""Linear algebra, named as in torch.linalg."""

from .names import missing_from, namespaces

globals().update(namespaces["linalg"])
__all__ = sorted(namespaces["linalg"])

__getattr__ = missing_from(__name__)
