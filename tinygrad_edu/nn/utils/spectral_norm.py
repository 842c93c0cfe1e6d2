"""Spectral normalization: a weight over its largest singular value, so that a layer stretches no input.

Miyato et al., Spectral normalization for generative adversarial networks, 2018.
"""

from typing import Any, TypeVar

from ...autograd import no_grad
from ...tensor import Tensor
from .. import functional as F
from ..convolution import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from ..parameter import Parameter
from ..uninitialized import is_lazy
from .hooked import the_only, unhook

M = TypeVar("M", bound=Module)


def output_dim(module: Module) -> int:
    """The dim of a weight that goes over the module's outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight with `dim` as its rows, and all other dims as its columns."""
    return weight.movedim(dim, 0).reshape(weight.shape[dim], -1)


def direction(like: Tensor, n: int, eps: float) -> Tensor:
    """A random vector of length 1."""
    return F.normalize(like.new_empty(n).normal_(0, 1), dim=0, eps=eps)


def positive(n_power_iterations):
    if n_power_iterations <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
    return n_power_iterations


class SpectralNorm:
    """The hook that computes a module's weight before each forward; while training it first improves u and v, by the power
    method: v ← Wᵀu / ‖Wᵀu‖, u ← Wv / ‖Wv‖."""

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        self.name, self.dim, self.eps = name, dim, eps
        self.n_power_iterations = positive(n_power_iterations)

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.mT.mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
                # The graph keeps these: the buffers are overwritten at the next forward, maybe before backward.
                u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> "SpectralNorm":
        """Put a parameter, two buffers and the hook in the place of one parameter."""
        hook = the_only(SpectralNorm(name, n_power_iterations, dim, eps), module, "spectral_norm")
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy forward"
                " before applying spectral normalization"
            )
        with no_grad():
            u, v = (direction(weight, n, eps) for n in hook.reshape_weight_to_matrix(weight).shape)
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        setattr(module, name, weight.data)
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for name in (self.name, *(f"{self.name}_{part}" for part in ("u", "v", "orig"))):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """weight = W / σ, σ = uᵀWv: W is the parameter `weight_orig`, as a matrix with `dim` as its rows; σ comes near its largest
    singular value as the vectors u and v, buffers, improve with each forward.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html"""
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_spectral_norm.html"""
    return unhook(module, SpectralNorm, name, "spectral_norm")
