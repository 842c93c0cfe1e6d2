"""Pooling as modules: the maximum, the mean, or the p-norm of what each window sees."""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, ClassVar

from ..tensor import Tensor
from . import functional as F
from .shell import Shell, Size, each, options

# ------------------------------------------------------------------ windows that slide


@options
class MaxPool(Shell):
    """The maximum in each window; a tuple with where they are too, if `return_indices`."""

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0
    dilation: Size = 1
    return_indices: bool = field(default=False, repr=False)
    ceil_mode: bool = False

    pool: ClassVar[Callable[..., Any]]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is None:
            self.stride = self.kernel_size

    def forward(self, input: Tensor) -> Any:
        how = self.kernel_size, self.stride, self.padding, self.dilation
        return self.pool(input, *how, ceil_mode=self.ceil_mode, return_indices=self.return_indices)


class MaxPool1d(MaxPool):
    """The maximum in each window of (N, C, L).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html"""

    pool = staticmethod(F.max_pool1d)


class MaxPool2d(MaxPool):
    """The maximum in each window of (N, C, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html

    >>> import tinygrad_edu as tg
    >>> pool = tg.nn.MaxPool2d(2)
    >>> pool
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    >>> pool(tg.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    pool = staticmethod(F.max_pool2d)


class MaxPool3d(MaxPool):
    """The maximum in each window of (N, C, D, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html"""

    pool = staticmethod(F.max_pool3d)


@options
class MaxUnpool(Shell):
    """The way back from what MaxPool with `return_indices` found: 0 elsewhere."""

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0

    dims: ClassVar[int]
    unpool: ClassVar[Callable[..., Tensor]]

    def __post_init__(self) -> None:
        super().__post_init__()
        stride = self.kernel_size if self.stride is None else self.stride
        self.kernel_size, self.stride, self.padding = (
            each(n, self.dims) for n in (self.kernel_size, stride, self.padding)
        )

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return self.unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(MaxUnpool):
    """The way back to (N, C, L). https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html"""

    dims, unpool = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(MaxUnpool):
    """The way back to (N, C, H, W). https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html"""

    dims, unpool = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(MaxUnpool):
    """The way back to (N, C, D, H, W). https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html"""

    dims, unpool = 3, staticmethod(F.max_unpool3d)


@options
class AvgPool(Shell):
    """The mean in each window, where padding counts as 0, or does not count."""

    kernel_size: Size
    stride: Size | None = None
    padding: Size = 0
    ceil_mode: bool = field(default=False, repr=False)
    count_include_pad: bool = field(default=True, repr=False)

    pool: ClassVar[Callable[..., Tensor]]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is None:
            self.stride = self.kernel_size

    def how(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, *self.how())


class AvgPool1d(AvgPool):
    """The mean in each window of (N, C, L).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html"""

    pool = staticmethod(F.avg_pool1d)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kernel_size, self.stride, self.padding = (
            each(n, 1) for n in (self.kernel_size, self.stride, self.padding)
        )


@options
class DividedPool(AvgPool):
    """The mean in each window, or its sum divided by `divisor_override`."""

    divisor_override: int | None = field(default=None, repr=False)

    def how(self) -> tuple[Any, ...]:
        return *super().how(), self.divisor_override


class AvgPool2d(DividedPool):
    """The mean in each window of (N, C, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html"""

    pool = staticmethod(F.avg_pool2d)


class AvgPool3d(DividedPool):
    """The mean in each window of (N, C, D, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html"""

    pool = staticmethod(F.avg_pool3d)


@options
class LPPool(Shell):
    """(Σ xᵖ)^(1/p) in each window."""

    norm_type: float
    kernel_size: Size
    stride: Size | None = None
    ceil_mode: bool = False

    pool: ClassVar[Callable[..., Tensor]]

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool1d(LPPool):
    """(Σ xᵖ)^(1/p) in each window of (N, C, L).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html"""

    pool = staticmethod(F.lp_pool1d)


class LPPool2d(LPPool):
    """(Σ xᵖ)^(1/p) in each window of (N, C, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html"""

    pool = staticmethod(F.lp_pool2d)


class LPPool3d(LPPool):
    """(Σ xᵖ)^(1/p) in each window of (N, C, D, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html"""

    pool = staticmethod(F.lp_pool3d)


# ------------------------------------------------------------------ windows that share the input


Shares = int | None | Sequence[int | None]


@options
class AdaptiveMaxPool(Shell):
    """The maxima of as many windows as asked for along each dim; None keeps a dim as it is."""

    output_size: Shares
    return_indices: bool = field(default=False, repr=False)

    pool: ClassVar[Callable[..., Any]]

    def forward(self, input: Tensor) -> Any:
        return self.pool(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """The maxima of windows that share (N, C, L) evenly.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html"""

    pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """The maxima of windows that share (N, C, H, W) evenly.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html"""

    pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """The maxima of windows that share (N, C, D, H, W) evenly.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html"""

    pool = staticmethod(F.adaptive_max_pool3d)


@options
class AdaptiveAvgPool(Shell):
    """The means of as many windows as asked for along each dim; None keeps a dim as it is."""

    output_size: Shares

    pool: ClassVar[Callable[..., Tensor]]

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, self.output_size)


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """The means of windows that share (N, C, L) evenly.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html"""

    pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """The means of windows that share (N, C, H, W) evenly.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html"""

    pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """The means of windows that share (N, C, D, H, W) evenly.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html"""

    pool = staticmethod(F.adaptive_avg_pool3d)
