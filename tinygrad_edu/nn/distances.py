"""Distances as modules."""

from dataclasses import InitVar

from ..tensor import Tensor
from . import functional as F
from .shell import Shell, options


@options
class PairwiseDistance(Shell):
    """‖x₁ - x₂ + ε‖ over the last dim: the norm whose power is p.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html"""

    p: InitVar[float] = 2.0
    eps: float = 1e-6
    keepdim: bool = False

    def __post_init__(self, p: float) -> None:
        super().__post_init__()
        self.norm = p

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)

    def extra_repr(self) -> str:
        return ""


@options
class CosineSimilarity(Shell):
    """x₁ · x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε)) along `dim`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html"""

    dim: int = 1
    eps: float = 1e-8

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)

    def extra_repr(self) -> str:
        return ""
