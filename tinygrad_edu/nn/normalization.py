"""Normalization: numbers brought to mean 0 and variance 1 within each sample, then scaled and shifted as learned."""

from collections.abc import Sequence
from typing import Any

from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter
from .shell import Shell, options


class Affine(Module):
    """What normalizations do afterwards: x · weight + bias. weight begins as ones, bias as zeros."""

    weight: Parameter | None
    bias: Parameter | None

    def _affine(self, size: tuple[int, ...], device: Any, dtype: Any, **wanted: bool) -> None:
        """Hold these of weight and bias, where they are wanted, in this size; they are not set yet."""
        for name, is_wanted in wanted.items():
            parameter = Parameter(empty(size, device=device, dtype=dtype)) if is_wanted else None
            self.register_parameter(name, parameter)

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)
        if (bias := self._parameters.get("bias")) is not None:
            init.zeros_(bias)


class LayerNorm(Affine):
    """(x - μ) / √(σ² + ε) · weight + bias, with mean and variance over the last dims, whose sizes are given.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html"""

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = sizes(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        wanted = dict(weight=elementwise_affine, bias=elementwise_affine and bias)
        self._affine(self.normalized_shape, device, dtype, **wanted)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine},"
            f" bias={self.bias is not None}"
        )


class RMSNorm(Affine):
    """x / √(mean of x² + ε) · weight, with the mean over the last dims, whose sizes are given.

    ε is the dtype's machine epsilon by default.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html"""

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = sizes(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self._affine(self.normalized_shape, device, dtype, weight=elementwise_affine)
        self.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


def sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    """One size, or several."""
    return tuple(shape) if hasattr(shape, "__iter__") else (shape,)


class GroupNorm(Affine):
    """(x - μ) / √(σ² + ε) · weight + bias, with mean and variance over each of `num_groups` groups of channels.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html"""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._affine((num_channels,), device, dtype, weight=affine, bias=affine and bias)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"


# ------------------------------------------------------------------ between channels


@options
class LocalResponseNorm(Shell):
    """x / (k + α · mean of x² over the `size` channels around each one)^β.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html"""

    size: int
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
