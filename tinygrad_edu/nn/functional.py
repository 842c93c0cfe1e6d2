"""The layers and losses as functions."""

from ..functional import cross_entropy
from ..ops.elementwise import logsigmoid, relu, sigmoid, softplus, tanh
from ..ops.linalg import linear
from ..ops.loss import binary_cross_entropy, binary_cross_entropy_with_logits, mse_loss, nll_loss
from ..ops.reduce import log_softmax, softmax

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]
