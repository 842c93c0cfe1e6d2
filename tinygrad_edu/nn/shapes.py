"""Other shapes as modules: dims merged and split, windows side by side, pixels dealt out, images resized."""

from collections.abc import Sequence

from ..tensor import Tensor
from . import functional as F
from .shell import Shell, Size, options

# ------------------------------------------------------------------ dims


@options
class Flatten(Shell):
    """The dims from `start_dim` to `end_dim` as one.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.Flatten()(tg.zeros(5, 2, 3)).shape
    torch.Size([5, 6])
    """

    start_dim: int = 1
    end_dim: int = -1

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)


@options
class Unflatten(Shell):
    """`dim` as several, one of whose sizes may be -1: what is left.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html"""

    dim: int
    unflattened_size: Sequence[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = self.unflattened_size
        if not isinstance(sizes, (tuple, list)):
            raise TypeError(f"unflattened_size must be a tuple of ints, but found type {type(sizes).__name__}")
        for i, n in enumerate(sizes):
            if not isinstance(n, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(n).__name__} at pos {i}"
                )

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)


# ------------------------------------------------------------------ windows


@options
class Unfold(Shell):
    """The windows of (N, C, H, W), each flattened, side by side: (N, C · places in the kernel, windows).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html"""

    kernel_size: Size
    dilation: Size = 1
    padding: Size = 0
    stride: Size = 1

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


@options
class Fold(Shell):
    """The adjoint of Unfold: what (N, C · places, windows) holds goes back to its places, and is summed there.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html"""

    output_size: Size
    kernel_size: Size
    dilation: Size = 1
    padding: Size = 0
    stride: Size = 1

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)


# ------------------------------------------------------------------ pixels and channels


@options
class PixelShuffle(Shell):
    """(*, C · r², H, W) as (*, C, H · r, W · r).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html"""

    upscale_factor: int

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)


@options
class PixelUnshuffle(Shell):
    """(*, C, H · r, W · r) as (*, C · r², H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html"""

    downscale_factor: int

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)


@options
class ChannelShuffle(Shell):
    """(N, C, *) with the channels of its groups dealt out in turn.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html"""

    groups: int

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)


# ------------------------------------------------------------------ images


@options
class Upsample(Shell):
    """(N, C, *) in another `size`, or `scale_factor` times as large, as nn.functional.interpolate has it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html"""

    size: Size | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: str = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.name = type(self).__name__
        if isinstance(self.scale_factor, tuple):
            self.scale_factor = tuple(map(float, self.scale_factor))
        else:
            self.scale_factor = float(self.scale_factor) if self.scale_factor else None

    def forward(self, input: Tensor) -> Tensor:
        how = self.mode, self.align_corners, self.recompute_scale_factor
        return F.interpolate(input, self.size, self.scale_factor, *how)

    def extra_repr(self) -> str:
        by = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{by}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """(N, C, H, W) from the nearest pixel.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html"""

    def __init__(self, size: Size | None = None, scale_factor: float | tuple[float, float] | None = None) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """(N, C, H, W) on lines from corner to corner.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html"""

    def __init__(self, size: Size | None = None, scale_factor: float | tuple[float, float] | None = None) -> None:
        super().__init__(size, scale_factor, "bilinear", True)
