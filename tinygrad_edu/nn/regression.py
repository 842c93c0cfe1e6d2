"""Losses of numbers that are to be near others as modules: of their differences, and of what a distribution says."""

from dataclasses import KW_ONLY, InitVar

from ..tensor import Tensor
from . import functional as F
from .losses import Loss, PlainLoss
from .shell import options

# ------------------------------------------------------------------ differences


class L1Loss(PlainLoss):
    """|x - t|. https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html"""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(PlainLoss):
    """(x - t)². https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.MSELoss()(tg.ones(3), tg.zeros(3))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


@options
class SmoothL1Loss(PlainLoss):
    """(x - t)² / 2β where |x - t| < β, and |x - t| - β / 2 beyond.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html"""

    beta: float = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


@options
class HuberLoss(Loss):
    """(x - t)² / 2 where |x - t| <= δ, and δ (|x - t| - δ / 2) beyond.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html"""

    reduction: str = "mean"
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(self.delta)}")
        super().__post_init__()

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


# ------------------------------------------------------------------ what a distribution says


@options
class PoissonNLLLoss(Loss):
    """λ - t log λ, for counts t that are Poisson distributed: the input is log λ or, if not `log_input`, λ.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html"""

    log_input: bool = True
    full: bool = False
    size_average: InitVar[bool | None] = None
    eps: float = 1e-8
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


@options
class GaussianNLLLoss(Loss):
    """(log σ² + (x - t)² / σ²) / 2, for targets that are normal with mean x and variance `var`, no less than ε.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html"""

    _: KW_ONLY
    full: bool = False
    eps: float = 1e-6
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)
