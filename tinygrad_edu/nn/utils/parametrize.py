"""Parametrizations: a module's tensor that is computed, whenever it is asked for, by other modules of a parameter.

So a weight stays symmetric, orthogonal, or of length 1, while an optimizer is free to step wherever it likes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TypeVar

from ...tensor import Tensor
from ..containers import ModuleDict
from ..module import Module
from ..parameter import Parameter
from .parametrization_list import CHANGED, NOT_BACK, ParametrizationList, check, inverse, register

__all__ = [
    "cached",
    "ParametrizationList",
    "register_parametrization",
    "is_parametrized",
    "remove_parametrizations",
    "type_before_parametrizations",
    "transfer_parametrizations_and_params",
]

M = TypeVar("M", bound=Module)


class Cache:
    """The tensors computed while somebody asks that they be kept."""

    depth = 0
    found: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within this block each parametrized tensor is computed once, at its first use.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html"""
    Cache.depth += 1
    try:
        yield
    finally:
        Cache.depth -= 1
        if not Cache.depth:
            Cache.found.clear()


def computed(name):
    """The attribute that is computed when it is read; what is assigned to it goes back through the parametrizations."""

    def get(module):
        if not Cache.depth:
            return module.parametrizations[name]()
        key = id(module), name
        if key not in Cache.found:
            Cache.found[key] = module.parametrizations[name]()
        return Cache.found[key]

    return property(get, lambda module, value: module.parametrizations[name].right_inverse(value))


def show(module, names):
    """Make the module one of its class with these tensors computed. (Instances of a class share its properties, so that each
    such module has a class of its own.)"""
    base = type_before_parametrizations(module)
    methods = {"__getstate__": no_state, "__setattr__": assign}
    if not hasattr(base, "__deepcopy__"):
        methods["__deepcopy__"] = copied
    members = methods | {name: computed(name) for name in names} | {"__module__": __name__}
    module.__class__ = type(f"Parametrized{base.__name__}", (base,), members) if names else base


def no_state(module):
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): their classes are made as they are"
        " parametrized"
    )


def copied(module, memo):
    new = memo[id(module)] = object.__new__(type(module))
    new.__setstate__(deepcopy(Module.__getstate__(module), memo))
    return new


def assign(module, name, value):
    if isinstance(value, Parameter) and is_parametrized(module, name):
        raise KeyError(f"attribute '{name}' already exists: it is computed; assign a tensor that is no parameter")
    Module.__setattr__(module, name, value)


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Have a parameter or buffer of the module be `parametrization(original)` from now on: the original is the parameter.

    If the parametrization has a `right_inverse`, the original begins as that of the tensor; and the tensor can be assigned.
    Several parametrizations are applied in the order in which they were registered.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html

    >>> import tinygrad_edu as tg
    >>> class Symmetric(tg.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = tg.nn.Linear(2, 2, bias=False)
    >>> _ = tg.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    >>> tg.equal(layer.weight, layer.weight.mT), [name for name, _ in layer.named_parameters()]
    (True, ['parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            before = getattr(module, tensor_name)
            after = parametrization(before)
            check(after, before, "A parametrization", CHANGED)
            if hasattr(parametrization, "right_inverse"):
                check(inverse(parametrization, after), before, "parametrization.right_inverse", NOT_BACK)
        module.parametrizations[tensor_name].append(parametrization)
        module.parametrizations[tensor_name].unsafe |= unsafe
    elif tensor_name in module._parameters or tensor_name in module._buffers:
        parametrizations = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            module.parametrizations = ModuleDict()
        module.parametrizations[tensor_name] = parametrizations
        show(module, list(module.parametrizations))
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether this tensor of the module, or any, is computed.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.is_parametrized.html"""
    parametrizations = vars(module).get("parametrizations")
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make a tensor what it was before: a parameter, or a buffer, with the value computed last or else the original's.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html"""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = module.parametrizations[tensor_name]
    if not (leave_parametrized or parametrizations.is_tensor):
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of"
            " tensors."
        )
    tensor = parametrizations.original if parametrizations.is_tensor else None
    if leave_parametrized:
        value = getattr(module, tensor_name)
        if tensor is None:
            tensor = Parameter(value.detach()) if value.requires_grad else value
        else:
            tensor.data = value.data
    del module.parametrizations[tensor_name]
    show(module, list(module.parametrizations))
    if not module.parametrizations:
        del module.parametrizations
    register(module, tensor_name, tensor)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class, as it was before anything of it was parametrized.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.type_before_parametrizations.html"""
    return type(module).__bases__[0] if type(module).__getstate__ is no_state else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Give a module the parametrizations of another, of one tensor or of all, and their originals.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.transfer_parametrizations_and_params.html"""
    if is_parametrized(from_module):
        for name in from_module.parametrizations if tensor_name is None else [tensor_name]:
            theirs = from_module.parametrizations[name]
            if not hasattr(to_module, name):
                setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
            for parametrization in theirs:
                register_parametrization(to_module, name, parametrization)
            for original in theirs.names():
                setattr(to_module.parametrizations[name], original, getattr(theirs, original))
    return to_module
