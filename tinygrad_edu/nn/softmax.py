"""The activations that see a whole dim as modules: softmax and its kin, and GLU, which gates one half by the other."""

from ..tensor import Tensor
from . import functional as F
from .module import Module
from .shell import Shell, options


@options
class GLU(Shell):
    """a σ(b), for the two halves a and b along `dim`. https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html"""

    dim: int = -1

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)


@options
class Softmax(Shell):
    """eˣ / Σ eˣ along `dim`. https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html"""

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


@options
class LogSoftmax(Shell):
    """x - log Σ eˣ along `dim`. https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html"""

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


@options
class Softmin(Shell):
    """e⁻ˣ / Σ e⁻ˣ along `dim`. https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html"""

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html"""

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)
