"""Linear algebra, named as in torch.linalg."""

from .names import namespaces

globals().update(namespaces["linalg"])
__all__ = sorted(namespaces["linalg"])
