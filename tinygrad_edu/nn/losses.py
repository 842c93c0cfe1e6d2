"""Losses of probabilities and classes as modules, and what all losses share: the reduction, 'mean', 'sum' or 'none'.

The arguments `size_average` and `reduce`, which said so before torch had the word, are deprecated, as there.
"""

from dataclasses import InitVar
from typing import Any

from ..functional.losses import chosen
from ..tensor import Tensor
from ..users import warn
from . import functional as F
from .shell import Shell, options

# ------------------------------------------------------------------ what they share


class Loss(Shell):
    """A loss with its reduction."""

    reduction: str

    def __post_init__(self, size_average: bool | None = None, reduce: bool | None = None) -> None:
        super().__post_init__()
        if size_average is not None or reduce is not None:
            self.reduction = chosen(self.reduction, size_average, reduce)

    def extra_repr(self) -> str:
        return ""


@options
class PlainLoss(Loss):
    """A loss whose first options are these."""

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"


class WeightedLoss(Loss):
    """A loss with a weight for each item or class, kept as a buffer."""

    def __post_init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None
    ) -> None:
        super().__post_init__(size_average, reduce)
        self.register_buffer("weight", weight)


# ------------------------------------------------------------------ probabilities


@options
class BCELoss(WeightedLoss):
    """-(t log p + (1 - t) log(1 - p)). https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html"""

    weight: InitVar[Tensor | None] = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


@options
class BCEWithLogitsLoss(WeightedLoss):
    """BCELoss of σ(x), exact where σ(x) rounds to 0 or 1; `pos_weight` multiplies the loss of the positives.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"""

    weight: InitVar[Tensor | None] = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"
    pos_weight: InitVar[Tensor | None] = None

    def __post_init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__post_init__(weight, size_average, reduce)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


@options
class KLDivLoss(PlainLoss):
    """t (log t - x), for log probabilities x; 'batchmean' is the sum over all, divided by the first dim's length.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html"""

    log_target: bool = False

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


# ------------------------------------------------------------------ classes


@options
class NLLLoss(WeightedLoss):
    """-w[t] x[t], for log probabilities x (N, C, *) and classes t (N, *).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html"""

    weight: InitVar[Tensor | None] = None
    size_average: InitVar[bool | None] = None
    ignore_index: int = -100
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """NLLLoss, by its old name."""

    def __post_init__(self, *given: Any) -> None:
        warn("`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement.", FutureWarning)
        super().__post_init__(*given)


@options
class CrossEntropyLoss(WeightedLoss):
    """-w[t] log softmax(x)[t], for scores x (N, C, *), and classes t (N, *) or probabilities of them (N, C, *).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html

    >>> import tinygrad_edu as tg
    >>> loss = tg.nn.CrossEntropyLoss()
    >>> loss(tg.zeros(1, 2), tg.tensor([0]))
    tensor(0.6931)
    """

    weight: InitVar[Tensor | None] = None
    size_average: InitVar[bool | None] = None
    ignore_index: int = -100
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"
    label_smoothing: float = 0.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


@options
class CTCLoss(Loss):
    """-log P(text), summed over all ways of reading it from a recording.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html"""

    blank: int = 0
    reduction: str = "mean"
    zero_infinity: bool = False

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        lengths = input_lengths, target_lengths
        return F.ctc_loss(log_probs, targets, *lengths, self.blank, self.reduction, self.zero_infinity)
