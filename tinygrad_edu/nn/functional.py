"""The layers and losses as functions."""

from ..op import registry
from .cross_entropy import cross_entropy

# The ops: each declaration says whether torch has it here.
globals().update({op.name: op.call for op in registry.values() if "nn.functional" in op.places})

__all__ = ["cross_entropy", *(op.name for op in registry.values() if "nn.functional" in op.places)]
