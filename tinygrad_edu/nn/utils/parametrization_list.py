"""The modules that compute one parametrized tensor, and the originals that they compute it of."""

from collections.abc import Sequence
from typing import Any

from ...autograd import no_grad
from ...tensor import Tensor
from ..containers import ModuleList
from ..module import Module
from ..parameter import Parameter


class ParametrizationList(ModuleList):
    """The modules f₁, f₂, ... that make a tensor ...f₂(f₁(original)), and what they make it of: `original`, or `original0`,
    `original1`, ... if f₁ takes several. They are parameters if the tensor was one.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html"""

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                new = inverse(module, new)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(several(new))
        if self.is_tensor and new.dtype != original.dtype:
            raise ValueError(
                f"When `right_inverse` outputs one tensor, it may not change the dtype: of {original.dtype} it made"
                f" {new.dtype}"
            )
        if not unsafe:
            check(self.computed(*([new] if self.is_tensor else new)), original, "A parametrization", CHANGED)
        if self.is_tensor:
            original.data = new.data
            register(self, "original", original)
        else:
            for name, part in zip(self.names(), new):
                kept = Parameter(part, original.requires_grad) if isinstance(original, Parameter) else part
                register(self, name, kept.requires_grad_(original.requires_grad))

    def names(self) -> list[str]:
        return ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]

    def forward(self) -> Tensor:
        return self.computed(*(getattr(self, name) for name in self.names()))

    def computed(self, *originals: Tensor) -> Tensor:
        first, *others = self
        x = first(*originals)
        for module in others:
            x = module(x)
        return x

    @no_grad()
    def right_inverse(self, value: Any) -> None:
        """Give the originals such values that the tensor computed of them is this one."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse: its tensor cannot be assigned"
                )
            value = module.right_inverse(value)
        if self.is_tensor and not isinstance(value, Tensor):
            raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
        values = [value] if self.is_tensor else several(value)
        if len(values) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of length"
                f" {len(values)}."
            )
        for i, (name, new) in enumerate(zip(self.names(), values)):
            if new.dtype != getattr(self, name).dtype:
                raise ValueError(
                    f"{'The tensor' if self.is_tensor else f'Tensor {i}'} returned by `right_inverse` has dtype {new.dtype}"
                    f" while `{name}` has dtype {getattr(self, name).dtype}"
                )
        for name, new in zip(self.names(), values):
            getattr(self, name).data = new.data


def inverse(module, value):
    """What a module would make this value of; the value itself, if the module does not say."""
    try:
        return module.right_inverse(value) if hasattr(module, "right_inverse") else value
    except NotImplementedError:
        return value


def several(value):
    """The tensors of a sequence."""
    if not isinstance(value, Sequence):
        raise ValueError(
            f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {type(value).__name__}"
        )
    for i, part in enumerate(value):
        if not isinstance(part, Tensor):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element"
                f" {i} of the sequence with type {type(part).__name__}."
            )
    return value


CHANGED = "Registering a parametrization may not change the {} of the tensor, unless the `unsafe` flag is enabled"
NOT_BACK = (
    "The tensor returned by parametrization.right_inverse must have the same {}, unless the `unsafe` flag is enabled"
)


def check(new, old, whose, otherwise):
    """Raise unless this is a tensor like the other."""
    if not isinstance(new, Tensor):
        raise ValueError(f"{whose} must return a tensor. Got {type(new).__name__}.")
    for what in ("dtype", "shape"):
        before, after = getattr(old, what), getattr(new, what)
        if before != after:
            raise ValueError(f"{otherwise.format(what)}: it was {before}, and is {after}")


def register(module, name, tensor):
    (module.register_parameter if isinstance(tensor, Parameter) else module.register_buffer)(name, tensor)
