"""Losses with a margin as modules: nothing is lost where the right answer is far enough ahead."""

from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar

from ..tensor import Tensor
from . import functional as F
from .distances import PairwiseDistance
from .losses import Loss, PlainLoss, WeightedLoss
from .shell import options

# ------------------------------------------------------------------ two items, or three


@options
class MarginLoss(Loss):
    """A loss whose first option is its margin."""

    margin: float = 0.0
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"


@options
class HingeEmbeddingLoss(MarginLoss):
    """x where t is 1, max(margin - x, 0) where it is -1: for distances x.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html"""

    margin: float = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(MarginLoss):
    """1 - cos(x₁, x₂) where t is 1, max(cos(x₁, x₂) - margin, 0) where it is -1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html"""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(MarginLoss):
    """max(-t (x₁ - x₂) + margin, 0): t is 1 where x₁ should be ahead, else -1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html"""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


def ahead(loss: Loss) -> None:
    if loss.margin <= 0:
        raise ValueError(f"{type(loss).__name__}: expected margin to be greater than 0, got {loss.margin} instead")


@options
class TripletMarginLoss(Loss):
    """max(‖a - p‖ - ‖a - n‖ + margin, 0): nearer to the positive than to the negative; `swap` takes ‖p - n‖ if less.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html"""

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def __post_init__(self, size_average: bool | None, reduce: bool | None) -> None:
        super().__post_init__(size_average, reduce)
        ahead(self)

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        how = self.margin, self.p, self.eps, self.swap
        return F.triplet_margin_loss(anchor, positive, negative, *how, reduction=self.reduction)


@options
class TripletMarginWithDistanceLoss(Loss):
    """TripletMarginLoss of any distance, PairwiseDistance by default.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html"""

    _: KW_ONLY
    distance_function: InitVar[Callable[[Tensor, Tensor], Tensor] | None] = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"

    def __post_init__(self, distance_function: Callable[[Tensor, Tensor], Tensor] | None) -> None:
        super().__post_init__()
        ahead(self)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


# ------------------------------------------------------------------ one class, or several, against the others


@options
class MultiMarginLoss(WeightedLoss):
    """Σ over the other classes j of max(margin - xₜ + xⱼ, 0)^p / C, times the weight of class t.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html"""

    p: int = 1
    margin: float = 1.0
    weight: InitVar[Tensor | None] = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def __post_init__(self, weight: Tensor | None, size_average: bool | None, reduce: bool | None) -> None:
        super().__post_init__(weight, size_average, reduce)
        if self.p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, not {self.p}")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(PlainLoss):
    """Σ over classes t that an item has and classes i that it has not of max(1 - xₜ + xᵢ, 0) / C.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html"""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class SoftMarginLoss(PlainLoss):
    """log(1 + e^(-t x)), for t of 1 and -1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html"""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


@options
class MultiLabelSoftMarginLoss(WeightedLoss):
    """-(t log σ(x) + (1 - t) log σ(-x)), averaged over the classes, the last dim.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html"""

    weight: InitVar[Tensor | None] = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)
