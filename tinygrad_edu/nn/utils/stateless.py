"""Calls of a module with other tensors in the place of its parameters and buffers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...tensor import Tensor
from ...users import warn
from ..module import Module

__all__ = ["functional_call"]

ABSENT: Any = object()


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """`func.functional_call`, in its deprecated place."""
    warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future version of"
        " PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
    )
    return call(module, parameters_and_buffers, args, kwargs, tie_weights, strict)


def call(module, tensors, args, kwargs, tie_weights, strict):
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with replaced(module, tied(module, tensors) if tie_weights else tensors, strict) as left:
        out = module(*args, **(kwargs or {}))
    tensors.update({name: left[name] for name in tensors if name in left})
    return out


@contextmanager
def replaced(module: Module, tensors: dict[str, Tensor], strict: bool) -> Iterator[dict[str, Any]]:
    """Within this block the module has these tensors. Afterwards the dictionary that is given has those that it then had."""
    if strict:
        check(module, tensors)
    before: dict[str, Any] = {}
    left: dict[str, Any] = {}
    try:
        for name, tensor in tensors.items():
            before[name] = put(module, name, tensor)
        yield left
    finally:
        for name, tensor in before.items():
            left[name] = put(module, name, tensor)


def put(module, path, tensor):
    """Put a tensor where a dotted path leads, or nothing (ABSENT); return what was there."""
    place, _, name = path.rpartition(".")
    holder = module.get_submodule(place)
    old = getattr(holder, name, ABSENT)
    for new in (old, tensor):
        if not (new is ABSENT or new is None or isinstance(new, Tensor)):
            raise TypeError(f"{path}: {new!r} is not an instance of torch.Tensor")
    members = next((kind for kind in (holder._parameters, holder._buffers) if name in kind), None)
    if tensor is not ABSENT and members is not None:
        members[name] = tensor
    elif tensor is not ABSENT:
        setattr(holder, name, tensor)
    elif old is not ABSENT:
        delattr(holder, name)
    return old


def named_tensors(module):
    return dict(module.named_parameters(remove_duplicate=False)) | dict(module.named_buffers(remove_duplicate=False))


def check(module, tensors):
    """Raise unless every parameter and buffer is named, and nothing else."""
    own = named_tensors(module)
    wrong = {
        "Unexpected": [name for name in tensors if name not in own],
        "Missing": [name for name in own if name not in tensors],
    }
    lines = [f"{what} key(s): {', '.join(map(repr, names))}." for what, names in wrong.items() if names]
    if lines:
        raise RuntimeError("\n\t".join([f"Error(s) in reparametrizing for {module._get_name()}:", *lines]))


def tied(module, tensors):
    """The same, with each tensor under every name that its place has in the module."""
    alike: dict[Tensor, list[str]] = {}
    for name, tensor in named_tensors(module).items():
        alike.setdefault(tensor, []).append(name)
    found = dict(tensors)
    for names in alike.values():
        given = [name for name in names if name in tensors]
        if len({id(tensors[name]) for name in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which are tied. Consider using"
                " tie_weights=False"
            )
        if given:
            found |= dict.fromkeys(names, tensors[given[0]])
    return found
