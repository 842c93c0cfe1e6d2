"""The layers and losses as functions."""

from ..functional import cross_entropy
from ..op import registry

# The ops: each declaration says whether torch has it here.
globals().update({op.name: op.call for op in registry.values() if "nn.functional" in op.places})

__all__ = ["cross_entropy", *(op.name for op in registry.values() if "nn.functional" in op.places)]
