"""The layers and losses as functions."""

from ..functional import (  # noqa: F401 (each publishes what it has)
    alignment,
    attention,
    bags,
    convolution,
    distances,
    dropout,
    embeddings,
    grids,
    layers,
    losses,
    margins,
    multihead,
    normalization,
    padding,
    pooling,
    recurrent,
    regression,
    resampling,
    softmax,
    unpooling,
)
from ..names import missing_from, namespaces

globals().update(namespaces["nn.functional"])
__all__ = sorted(namespaces["nn.functional"])

__getattr__ = missing_from(__name__)
