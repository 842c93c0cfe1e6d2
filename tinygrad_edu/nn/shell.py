"""Shells: modules that are a function of `nn.functional`, and the options to call it with."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from .module import Module

Class = TypeVar("Class", bound=type)
Size = int | Sequence[int]


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def options(cls: Class) -> Class:
    """The class's annotated names become arguments of `__init__`, in their order, and attributes of the module."""
    dataclass(eq=False, repr=False)(cls)
    for name in cls.__annotations__:
        if name in vars(cls):  # the default, which `__init__` has by now
            delattr(cls, name)
    return cls


@options
class Shell(Module):
    """A module without parameters. Its options are shown, but for those that are `field(repr=False)`."""

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **options: Any) -> None: ...

    def __post_init__(self) -> None:
        super().__init__()

    def extra_repr(self) -> str:
        shown = {option.name: getattr(self, option.name) for option in fields(self) if option.repr}
        return ", ".join(f"{name}={value}" for name, value in shown.items() if name != "inplace" or value)


def each(value: Any, count: int) -> tuple[Any, ...]:
    """A sequence as a tuple; anything else, so many times."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * count
