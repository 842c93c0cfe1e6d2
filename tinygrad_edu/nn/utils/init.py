"""Modules made without their initial values."""

import inspect
from typing import Any, TypeVar

from ...random import fork_rng
from ..module import Module

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """The module, with parameters and buffers whose numbers are not set, and the random generator as it was.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html"""
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    device = kwargs.setdefault("device", "cpu")
    with fork_rng():
        return module_cls(*args, **kwargs).to_empty(device=device)
