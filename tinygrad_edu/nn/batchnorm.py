"""Normalization of each channel, by the statistics of the batch while training, and by running ones afterwards."""

from typing import Any, ClassVar

from ..creation import ones, zeros
from ..data import tensor
from ..dtype import int64
from ..memory import wrote
from ..tensor import Tensor
from ..users import warn
from . import functional as F
from .normalization import Affine


class RunningNorm(Affine):
    """Normalization of channels, whose means and variances may be tracked: `running_mean` and `running_var` move towards
    those of each batch, by the share `momentum`, and `num_batches_tracked` counts."""

    _version = 2  # since when checkpoints have num_batches_tracked
    dims: ClassVar[tuple[int, ...]]  # that input may have
    running_mean: Any  # a tensor; None, if nothing is tracked
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._affine((num_features,), device, dtype, weight=affine, bias=affine and bias)
        where = dict(device=device, dtype=dtype)
        begin = zeros(num_features, **where), ones(num_features, **where), tensor(0, device=device, dtype=int64)
        for name, value in zip(("running_mean", "running_var", "num_batches_tracked"), begin):
            self.register_buffer(name, value if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        super().reset_parameters()

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self.dims:
            allowed = " or ".join(f"{n}D" for n in self.dims)
            raise ValueError(f"expected {allowed} input (got {input.dim()}D input)")

    def channel_dim(self, input: Tensor) -> int:
        return 1

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine},"
            f" bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], *args: Any) -> None:
        if self.track_running_stats and (local_metadata.get("version") or 1) < 2:
            state_dict.setdefault(f"{prefix}num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class BatchNorm(RunningNorm):
    """(x - μ) / √(σ² + ε) · weight + bias, for each channel of (N, C, ...).

    While training, and where nothing is tracked, μ and σ² are the batch's; else the running ones. Without a `momentum`,
    these are the averages over all batches."""

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        tracking = self.training and self.track_running_stats
        counting = tracking and self.num_batches_tracked is not None
        share = self.momentum or 0.0
        if counting and self.momentum is None:
            share = 1 / (self.num_batches_tracked.item() + 1)
        own = self.training or (self.running_mean is None and self.running_var is None)
        mean, variance = (self.running_mean, self.running_var) if tracking or not self.training else (None, None)
        out = F.batch_norm(input, mean, variance, self.weight, self.bias, own, share, self.eps)
        if counting:
            self.num_batches_tracked.array[...] += 1
            wrote(self.num_batches_tracked)
        return out


class BatchNorm1d(BatchNorm):
    """Each channel of (N, C) or (N, C, L) normalized; see BatchNorm.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html"""

    dims = 2, 3


class BatchNorm2d(BatchNorm):
    """Each channel of (N, C, H, W) normalized; see BatchNorm.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html"""

    dims = (4,)


class BatchNorm3d(BatchNorm):
    """Each channel of (N, C, D, H, W) normalized; see BatchNorm.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html"""

    dims = (5,)


# ------------------------------------------------------------------ item by item


class InstanceNorm(RunningNorm):
    """(x - μ) / √(σ² + ε) · weight + bias, for each channel of each item of (N, C, ...), or of one (C, ...).

    In eval mode, where they are tracked, μ and σ² are the running ones."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def channel_dim(self, input: Tensor) -> int:
        return 0 if input.dim() == self.dims[0] else 1

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        channels = self.channel_dim(input)
        if input.shape[channels] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={channels} to match num_features ({self.num_features}), but got:"
                    f" {input.shape[channels]}."
                )
            warn(
                f"input's size at dim={channels} does not match num_features. You can silence this warning by not passing in"
                " num_features, which is not used because affine=False"
            )
        own = self.training or not self.track_running_stats
        parameters = self.running_mean, self.running_var, self.weight, self.bias
        x = input if channels else input.unsqueeze(0)
        out = F.instance_norm(x, *parameters, own, self.momentum or 0.0, self.eps)
        return out if channels else out.squeeze(0)


class InstanceNorm1d(InstanceNorm):
    """Each channel of each item of (N, C, L), or (C, L), normalized; see InstanceNorm.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html"""

    dims = 2, 3


class InstanceNorm2d(InstanceNorm):
    """Each channel of each item of (N, C, H, W), or (C, H, W), normalized; see InstanceNorm.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html"""

    dims = 3, 4


class InstanceNorm3d(InstanceNorm):
    """Each channel of each item of (N, C, D, H, W), or (C, D, H, W), normalized; see InstanceNorm.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html"""

    dims = 4, 5
