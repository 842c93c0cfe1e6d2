"""Weight normalization: a weight's length is learned apart from its direction.

Salimans and Kingma, Weight normalization: a simple reparameterization to accelerate training, 2016.
"""

from typing import Any, TypeVar

from ...ops.reduce import vector_norm
from ...tensor import Tensor
from ...users import warn
from ..module import Module
from ..parameter import Parameter
from ..uninitialized import is_lazy
from .hooked import the_only, unhook

M = TypeVar("M", bound=Module)


def norm_except_dim(v: Tensor, dim: int) -> Tensor:
    """The length of each of v's slices along `dim`; for dim -1, of v as a whole."""
    if dim == -1:
        return vector_norm(v)
    shape = [1] * v.dim()
    shape[dim] = n = v.size(dim)
    return vector_norm(v.movedim(dim, 0).reshape(n, -1), dim=1).reshape(shape)


def weight_of(g: Tensor, v: Tensor, dim: int) -> Tensor:
    """g v / ‖v‖."""
    return v * (g / norm_except_dim(v, dim))


class WeightNorm:
    """The hook that computes a module's weight from its two parts before each forward."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        return weight_of(getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> "WeightNorm":
        """Put two parameters and the hook in the place of one parameter."""
        warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
        )
        hook = the_only(WeightNorm(name, dim), module, "weight_norm")
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy forward"
                " before applying weight normalization"
            )
        g = norm_except_dim(weight, hook.dim)
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(g.data))
        module.register_parameter(f"{name}_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        weight = self.compute_weight(module)
        for name in (self.name, f"{self.name}_g", f"{self.name}_v"):
            delattr(module, name)
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """weight = g v / ‖v‖ for each slice along `dim`, or for all of it (None): g and v are parameters, `weight_g` and
    `weight_v`. Deprecated for `parametrizations.weight_norm`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html"""
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html"""
    return unhook(module, WeightNorm, name, "weight_norm")
