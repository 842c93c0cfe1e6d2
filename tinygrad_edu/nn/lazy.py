"""Lazy layers: made without the size of their input, they learn it from the first one, and are ordinary layers then."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Tensor
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .convolution import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .module import Module
from .shell import Size
from .uninitialized import UninitializedBuffer, UninitializedParameter, is_lazy


class LazyModuleMixin(Module):
    """What makes a module lazy: `initialize_parameters`, called with its first input, must `materialize` its uninitialized
    parameters and buffers. Then its class becomes `cls_to_become`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html"""

    cls_to_become: type[Any] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.cls_to_become is not None or self.has_uninitialized_params():
            self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become
        return Module.__call__(self, *args, **kwargs)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        return any(map(is_lazy, (*self._parameters.values(), *self._buffers.values())))

    def _taken(self, name: str, mine: Any, key: str, value: Any, assign: bool) -> str | None:
        """A checkpoint tells the size, too."""
        if is_lazy(mine):
            if is_lazy(value):
                return None
            mine.materialize(np.shape(value))
        return super()._taken(name, mine, key, value, assign)

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Any:
        """A conversion reaches what has no size yet, as if it were empty."""
        held: tuple[Any, Any] = self._parameters, self._buffers
        waiting = [(kind, name, type(t)) for kind in held for name, t in kind.items() if is_lazy(t)]
        for kind, name, cls in waiting:
            kind[name].__class__ = cls.cls_to_become
        try:
            return super()._apply(fn, recurse)
        finally:
            for kind, name, cls in waiting:
                kind[name].__class__ = cls


class Lazy(LazyModuleMixin):
    """A layer of this library, made of size 0; `inferred` is its name for the size of its input."""

    cls_to_become: Any
    inferred: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = (self._parameters, UninitializedParameter), (self._buffers, UninitializedBuffer)
        for kind, cls in kinds:
            for name, t in kind.items():
                if t is not None and t.dim():
                    kind[name] = cls(dtype=t.dtype)

    def size_of(self, input: Tensor) -> int:
        raise NotImplementedError

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of a parameter or buffer, once the size is known."""
        raise NotImplementedError

    def reset_parameters(self) -> None:
        if getattr(self, self.inferred) and not self.has_uninitialized_params():
            self.cls_to_become.reset_parameters(self)

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        every: Any = (*self._parameters.items(), *self._buffers.items())
        held = {name: t for name, t in every if t is not None}
        waiting = {name: t for name, t in held.items() if is_lazy(t)}
        if waiting and any(t.dim() for name, t in held.items() if name not in waiting):
            raise AssertionError(
                f"{', '.join(waiting)} of {self._get_name()} must be loaded too, or none of its parameters: to draw some would"
                " overwrite the others"
            )
        if not getattr(self, self.inferred):
            setattr(self, self.inferred, self.size_of(input))
        for name, t in waiting.items():
            t.materialize(self.shape_of(name))
        if waiting:
            self.reset_parameters()


class LazyLinear(Lazy, Linear):
    """A Linear that learns in_features from its first input.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.LazyLinear(3)
    >>> layer.weight
    <UninitializedParameter>
    >>> layer(tg.ones(2, 5)).shape
    torch.Size([2, 3])
    >>> layer
    Linear(in_features=5, out_features=3, bias=True)
    """

    cls_to_become, inferred = Linear, "in_features"

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, out_features, bias, device, dtype)

    def size_of(self, input: Tensor) -> int:
        return input.shape[-1]

    def shape_of(self, name: str) -> tuple[int, ...]:
        return (self.out_features, self.in_features) if name == "weight" else (self.out_features,)


# ------------------------------------------------------------------ convolutions


class LazyConvNd(Lazy):
    """A convolution that learns in_channels from its first input."""

    inferred = "in_channels"

    def size_of(self, input: Tensor) -> int:
        if input.dim() not in (self.dims + 1, self.dims + 2):
            raise RuntimeError(
                f"Expected {self.dims + 1}D (unbatched) or {self.dims + 2}D (batched) input to {self._get_name()}, but got"
                f" input of size: {list(input.shape)}"
            )
        channels = input.shape[-self.dims - 1]
        if channels % self.groups:
            raise ValueError(f"in_channels must be divisible by groups: {channels} by {self.groups}")
        return channels

    def shape_of(self, name: str) -> tuple[int, ...]:
        return self.weight_size() if name == "weight" else (self.out_channels,)


class LazyConv(LazyConvNd):
    """A Conv that learns in_channels from its first input."""

    def __init__(
        self,
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
        slides = kernel_size, stride, padding, dilation
        super().__init__(0, out_channels, *slides, groups, bias, padding_mode, device, dtype)


class LazyConvTranspose(LazyConvNd):
    """A ConvTranspose that learns in_channels from its first input."""

    def __init__(
        self,
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
        slides = kernel_size, stride, padding, output_padding
        super().__init__(0, out_channels, *slides, groups, bias, dilation, padding_mode, device, dtype)


class LazyConv1d(LazyConv, Conv1d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html"""

    cls_to_become = Conv1d


class LazyConv2d(LazyConv, Conv2d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html"""

    cls_to_become = Conv2d


class LazyConv3d(LazyConv, Conv3d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html"""

    cls_to_become = Conv3d


class LazyConvTranspose1d(LazyConvTranspose, ConvTranspose1d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html"""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(LazyConvTranspose, ConvTranspose2d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html"""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(LazyConvTranspose, ConvTranspose3d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html"""

    cls_to_become = ConvTranspose3d


# ------------------------------------------------------------------ normalizations


class LazyNorm(Lazy):
    """A BatchNorm or InstanceNorm that learns num_features from its first input."""

    inferred = "num_features"

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def size_of(self, input: Tensor) -> int:
        self._check_input_dim(input)
        return input.shape[self.channel_dim(input)]

    def shape_of(self, name: str) -> tuple[int, ...]:
        return (self.num_features,)


class LazyBatchNorm1d(LazyNorm, BatchNorm1d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html"""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(LazyNorm, BatchNorm2d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html"""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(LazyNorm, BatchNorm3d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html"""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(LazyNorm, InstanceNorm1d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html"""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(LazyNorm, InstanceNorm2d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html"""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(LazyNorm, InstanceNorm3d):
    """https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html"""

    cls_to_become = InstanceNorm3d
