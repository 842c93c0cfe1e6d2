"""Convolutions: one small kernel for every place of a signal, an image or a volume."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..autograd import no_grad
from ..creation import empty
from ..device import contiguous_format
from ..tensor import Tensor
from . import functional as F
from .linear import begin
from .module import Module
from .parameter import Parameter
from .shell import Size, each

MODES = ("zeros", "reflect", "replicate", "circular")


class ConvNd(Module):
    """What convolutions have in common: channels, a kernel, and how it slides.

    w and b begin uniform in ±1/√(the numbers that w's first channel sums over)."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Size | str,
        dilation: Size,
        transposed: bool,
        output_padding: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.transposed = in_channels, out_channels, transposed
        self.kernel_size, self.stride = each(kernel_size, self.dims), each(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else each(padding, self.dims)
        self.dilation, self.output_padding = each(dilation, self.dims), each(output_padding, self.dims)
        self.groups, self.padding_mode = groups, padding_mode
        self.check()
        self.weight = Parameter(empty(self.weight_size(), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def check(self) -> None:
        """Raise torch's errors if the options do not go together."""
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise ValueError(f"{name} must be divisible by groups: {getattr(self, name)} by {self.groups}")
        if isinstance(self.padding, str) and self.padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {self.padding!r}, should be one of 'same' and 'valid'")
        if self.padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in MODES:
            raise ValueError(f"padding_mode must be one of {MODES}, but got padding_mode='{self.padding_mode}'")

    def weight_size(self) -> tuple[int, ...]:
        """(to, from, *kernel): each group sees its own share of the channels on the other side."""
        ends = (self.in_channels, self.out_channels) if self.transposed else (self.out_channels, self.in_channels)
        return (ends[0], ends[1] // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        laid_out = self.weight.contiguous(memory_format=contiguous_format).detach()
        begin(laid_out, self.bias)
        if laid_out.array is not self.weight.array:  # what a layout other than the usual one hears is drawn in that
            with no_grad():
                self.weight.copy_(laid_out)

    def extra_repr(self) -> str:
        ones, zeros = (1,) * self.dims, (0,) * self.dims
        usual = dict(padding=zeros, dilation=ones, output_padding=zeros, groups=1)
        given = [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        given += ["bias=False"] if self.bias is None else []
        given += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        sizes = f"kernel_size={self.kernel_size}", f"stride={self.stride}"
        return ", ".join([str(self.in_channels), str(self.out_channels), *sizes, *given])


class Conv(ConvNd):
    """out[n, o, i] = b[o] + Σ w[o, c, k] · x[n, c, i · stride + k · dilation - padding] over c and k.

    Beyond its ends, x is what `padding_mode` says; with `groups`, c goes over o's group of channels alone."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        slides = kernel_size, stride, padding, dilation, False, 0
        super().__init__(in_channels, out_channels, *slides, groups, bias, padding_mode, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """forward with a weight and bias of a subclass's own making."""
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self.margins(), self.padding_mode), 0
        return self.function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def margins(self) -> list[int]:
        """(before, after) of the last dim, then of the one before it, ..., as F.pad takes them."""
        if isinstance(self.padding, str):
            spans = [d * (k - 1) * (self.padding == "same") for d, k in zip(self.dilation, self.kernel_size)]
            return [n for span in reversed(spans) for n in (span // 2, span - span // 2)]
        return [n for p in reversed(self.padding) for n in (p, p)]


class Conv1d(Conv):
    """(N, C, L) to (N, O, L'), or both without N; see Conv.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html"""

    dims, function = 1, staticmethod(F.conv1d)


class Conv2d(Conv):
    """(N, C, H, W) to (N, O, H', W'), or both without N; see Conv.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.Conv2d(3, 8, kernel_size=3, padding="same")(tg.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 8, 32, 32])
    """

    dims, function = 2, staticmethod(F.conv2d)


class Conv3d(Conv):
    """(N, C, D, H, W) to (N, O, D', H', W'), or both without N; see Conv.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html"""

    dims, function = 3, staticmethod(F.conv3d)


# ------------------------------------------------------------------ and back


class ConvTranspose(ConvNd):
    """What a Conv's gradient by its input is, as a layer: x[n, c, i] · w[c, o, k] goes to i · stride + k · dilation - padding.

    A strided convolution gives several sizes the same one; `output_padding`, or forward's `output_size`, says which it
    is to be."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, not "{padding_mode}"')
        slides = kernel_size, stride, padding, dilation, True, output_padding
        super().__init__(in_channels, out_channels, *slides, groups, bias, padding_mode, device, dtype)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self.output_padding if output_size is None else self._output_padding(input, output_size)
        how = self.stride, self.padding, extra, self.groups, self.dilation
        return self.function(input, self.weight, self.bias, *how)

    def _output_padding(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """By how much each size that is wanted, with or without batch and channels, is above the least."""
        before = input.dim() - self.dims
        wanted = tuple(output_size)[before:] if len(output_size) == before + self.dims else tuple(output_size)
        if len(wanted) != self.dims:
            raise ValueError(
                f"ConvTranspose{self.dims}D: for {input.dim()}D input, output_size must have {self.dims} or"
                f" {before + self.dims} elements (got {len(output_size)})"
            )
        each_dim = zip(input.shape[before:], self.stride, self.padding, self.dilation, self.kernel_size)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in each_dim]
        most = [n + s - 1 for n, s in zip(least, self.stride)]
        if not all(low <= n <= high for low, n, high in zip(least, wanted, most)):
            raise ValueError(
                f"requested an output size of {list(wanted)}, but valid sizes range from {least} to {most} (for an input of"
                f" {list(input.shape[before:])})"
            )
        return tuple(n - low for n, low in zip(wanted, least))


class ConvTranspose1d(ConvTranspose):
    """(N, C, L) to (N, O, L'), or both without N; see ConvTranspose.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html"""

    dims, function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(ConvTranspose):
    """(N, C, H, W) to (N, O, H', W'), or both without N; see ConvTranspose.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html

    >>> import tinygrad_edu as tg
    >>> up = tg.nn.ConvTranspose2d(8, 3, kernel_size=3, stride=2, padding=1)
    >>> up(tg.zeros(1, 8, 16, 16), output_size=(32, 32)).shape
    torch.Size([1, 3, 32, 32])
    """

    dims, function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(ConvTranspose):
    """(N, C, D, H, W) to (N, O, D', H', W'), or both without N; see ConvTranspose.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html"""

    dims, function = 3, staticmethod(F.conv_transpose3d)
