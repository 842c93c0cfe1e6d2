"""Padding as modules: more entries before and after the last one, two or three dims."""

from typing import ClassVar

from ..tensor import Tensor
from . import functional as F
from .shell import Shell, Size, each, options


@options
class Pad(Shell):
    """`padding` is one number for all sides, or (before, after) of the last dim, then of the one before it, ..."""

    padding: Size

    sides: ClassVar[int]
    mode: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.padding = each(self.padding, self.sides)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


# ------------------------------------------------------------------ of one value


@options
class ConstantPad(Pad):
    """Padding with a value."""

    value: float

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(ConstantPad):
    """`value` around (*, L). https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html"""

    sides = 2


class ConstantPad2d(ConstantPad):
    """`value` around (*, H, W). https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html"""

    sides = 4


class ConstantPad3d(ConstantPad):
    """`value` around (*, D, H, W). https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html"""

    sides = 6


class ZeroPad1d(ConstantPad1d):
    """0 around (*, L). https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html"""

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    extra_repr = Pad.extra_repr


class ZeroPad2d(ConstantPad2d):
    """0 around (*, H, W). https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.ZeroPad2d((1, 0, 0, 0))(tg.ones(1, 2, 2))
    tensor([[[0., 1., 1.],
             [0., 1., 1.]]])
    """

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    extra_repr = Pad.extra_repr


class ZeroPad3d(ConstantPad3d):
    """0 around (*, D, H, W). https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html"""

    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    extra_repr = Pad.extra_repr


# ------------------------------------------------------------------ of the input's own


class ReflectionPad1d(Pad):
    """(C, L) as in mirrors at its ends. https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html"""

    sides, mode = 2, "reflect"


class ReflectionPad2d(Pad):
    """(C, H, W) as in mirrors at its ends. https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html"""

    sides, mode = 4, "reflect"


class ReflectionPad3d(Pad):
    """(C, D, H, W) as in mirrors at its ends.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html"""

    sides, mode = 6, "reflect"


class ReplicationPad1d(Pad):
    """The ends of (C, L) again. https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html"""

    sides, mode = 2, "replicate"


class ReplicationPad2d(Pad):
    """The ends of (C, H, W) again. https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html"""

    sides, mode = 4, "replicate"


class ReplicationPad3d(Pad):
    """The ends of (C, D, H, W) again. https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html"""

    sides, mode = 6, "replicate"


class CircularPad(Pad):
    """Padding from the other end on."""

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        dims = self.sides // 2
        if input.dim() not in (dims + 1, dims + 2):
            raise ValueError(f"expected {dims + 1}D or {dims + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(CircularPad):
    """(C, L) going round. https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html"""

    sides = 2


class CircularPad2d(CircularPad):
    """(C, H, W) going round. https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html"""

    sides = 4


class CircularPad3d(CircularPad):
    """(C, D, H, W) going round. https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html"""

    sides = 6
