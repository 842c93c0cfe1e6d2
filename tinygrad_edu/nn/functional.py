"""The layers and losses as functions."""

from ..op import registry
from .cross_entropy import cross_entropy
from .dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout

# The ops: each declaration says whether torch has it here.
globals().update({op.name: op.call for op in registry.values() if "nn.functional" in op.places})

__all__ = [
    "alpha_dropout",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    *(op.name for op in registry.values() if "nn.functional" in op.places),
]
