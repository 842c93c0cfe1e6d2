"""The activations of each number by itself as modules."""

from dataclasses import field
from typing import Any

from ..creation import empty
from ..ops.elementwise import relu
from ..tensor import Tensor
from ..users import warn
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter
from .shell import Shell, options

# ------------------------------------------------------------------ rectified


@options
class ReLU(Shell):
    """max(x, 0). https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.ReLU()(tg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return input.relu_() if self.inplace else relu(input)  # without the detour that reads a flag


@options
class LeakyReLU(Shell):
    """x where x > 0, else a x. https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html"""

    negative_slope: float = 0.01
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


@options
class RReLU(Shell):
    """x where x > 0, else a x: a is uniform between lower and upper in training, half-way between them otherwise.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html"""

    lower: float = 1.0 / 8
    upper: float = 1.0 / 3
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(Module):
    """x where x > 0, else w x: w is learned, one for all, or one for each channel of dim 1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html"""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


@options
class Threshold(Shell):
    """x where x > threshold, else value. https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html"""

    threshold: float
    value: float
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


# ------------------------------------------------------------------ cut off at both ends


@options
class Hardtanh(Shell):
    """min(max(x, min_val), max_val). https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html"""

    min_val: float
    max_val: float
    inplace: bool

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        if min_value is not None:
            warn("keyword argument `min_value` is deprecated and renamed to `min_val`", FutureWarning)
            min_val = min_value
        if max_value is not None:
            warn("keyword argument `max_value` is deprecated and renamed to `max_val`", FutureWarning)
            max_val = max_value
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """min(max(x, 0), 6). https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html"""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


@options
class Hardsigmoid(Shell):
    """min(max(x / 6 + 1 / 2, 0), 1). https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html"""

    inplace: bool = field(default=False, repr=False)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


@options
class Hardswish(Shell):
    """x min(max(x / 6 + 1 / 2, 0), 1). https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html"""

    inplace: bool = field(default=False, repr=False)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


# ------------------------------------------------------------------ shrunk towards 0


@options
class Hardshrink(Shell):
    """x where |x| > λ, else 0. https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html"""

    lambd: float = 0.5

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


@options
class Softshrink(Shell):
    """x - λ where x > λ, x + λ where x < -λ, else 0.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html"""

    lambd: float = 0.5

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Tanhshrink(Module):
    """x - tanh x. https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


# ------------------------------------------------------------------ smooth: from one end to the other


class Sigmoid(Module):
    """σ(x) = 1 / (1 + e⁻ˣ). https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """log σ(x). https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """tanh x. https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softsign(Module):
    """x / (1 + |x|). https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


# ------------------------------------------------------------------ smooth: from 0, or nearly, to x


@options
class Softplus(Shell):
    """log(1 + e^(βx)) / β, and x where βx > threshold.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html"""

    beta: float = 1.0
    threshold: float = 20.0

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


@options
class ELU(Shell):
    """x where x > 0, else α (eˣ - 1). https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.ELU(0.5)
    ELU(alpha=0.5)
    """

    alpha: float = 1.0
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


@options
class CELU(Shell):
    """x where x > 0, else α (e^(x/α) - 1). https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html"""

    alpha: float = 1.0
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


@options
class SELU(Shell):
    """1.0507 · (x where x > 0, else 1.6733 (eˣ - 1)): keeps mean 0 and variance 1.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html"""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


@options
class GELU(Shell):
    """x Φ(x), Φ being the share of a standard normal distribution below x; with approximate="tanh", nearly that.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html"""

    approximate: str = "none"

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


@options
class SiLU(Shell):
    """x σ(x). https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html"""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


@options
class Mish(Shell):
    """x tanh(log(1 + eˣ)). https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html"""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)
