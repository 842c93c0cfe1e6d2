"""Containers: modules in rows and in dictionaries."""

from collections import OrderedDict
from collections.abc import Collection, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import chain, groupby
from operator import index
from typing import Any, Self

from ..tensor import Tensor
from .module import Module


def iterable(values: Any, name: str, of: str = "an iterable") -> Any:
    """The values, if one can go over them."""
    if not isinstance(values, Iterable) or isinstance(values, Tensor):
        raise TypeError(f"{name} should be called with {of}, but got {type(values).__name__}")
    return values


def place(i: Any, length: int) -> int:
    """An index, from the end if it is negative, as one from the start."""
    if not -length <= index(i) < length:
        raise IndexError(f"index {index(i)} is out of range: there are {length}")
    return index(i) % length


class Row(Module):
    """Modules in a row, named by their numbers."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def __getitem__(self, idx: int | slice) -> Any:
        raise NotImplementedError

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, list(self._modules)[place(idx, len(self))], module)

    def __delitem__(self, idx: int | slice) -> None:
        modules = list(self)
        del modules[idx if isinstance(idx, slice) else place(idx, len(self))]
        self._renew(modules)

    def _renew(self, modules: list[Any]) -> None:
        """Hold these modules, numbered from 0 on."""
        for name in list(self._modules):
            del self._modules[name]
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def pop(self, key: int | slice) -> Any:
        """Take out a module, or several, and return them."""
        taken = self[key]
        del self[key]
        return taken

    def append(self, module: Module) -> Self:
        """Add one more at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one at this place."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}, not {type(module).__name__}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        modules = list(self)
        modules.insert(index, module)
        self._renew(modules)


class Sequential(Row):
    """Modules called one after the other; given as arguments, or by name in one OrderedDict.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        is_named = len(args) == 1 and isinstance(args[0], OrderedDict)
        for name, module in args[0].items() if is_named else zip(map(str, range(len(args))), args):
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return list(self)[place(idx, len(self))]

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at this place."""
        super().insert(index, module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add more at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def __add__(self, other: "Sequential") -> "Sequential":
        return Sequential(*self, *sequence(other))

    def __iadd__(self, other: "Sequential") -> Self:
        return self.extend(sequence(other))

    def __mul__(self, other: int) -> "Sequential":
        return Sequential(*list(self) * times(other, self))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        return self.extend(list(self) * (times(other, self) - 1))


def sequence(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return other


def times(n: Any, what: Sequential) -> int:
    if not isinstance(n, int):
        raise TypeError(f"unsupported operand type(s) for *: {type(what)} and {type(n)}")
    if n <= 0:
        raise ValueError(f"Non-positive multiplication factor {n} for {type(what)}")
    return n


class ModuleList(Row):
    """Modules in a list, to be called as forward likes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html"""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return list(self)[place(idx, len(self))]

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add more at the end."""
        for module in list(iterable(modules, "ModuleList.extend")):
            self.append(module)
        return self

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList(chain(self, other))

    def __repr__(self) -> str:
        lines, start = [], 0
        for text, alike in groupby(map(repr, self)):
            count = len(list(alike))
            which = f"({start}): " if count == 1 else f"({start}-{start + count - 1}): {count} x "
            lines.append((which + text).replace("\n", "\n  "))
            start += count
        return f"{self._get_name()}(" + "".join(f"\n  {line}" for line in lines) + ("\n)" if lines else ")")


class ModuleDict(Module):
    """Modules by name. https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html"""

    def __init__(self, modules: Mapping[str, Module] | Iterable[Any] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        for key in list(self):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take out a module and return it."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> KeysView[str]:
        return self._modules.keys()

    def items(self) -> ItemsView[str, Any]:
        return self._modules.items()

    def values(self) -> ValuesView[Any]:
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[Any]) -> None:
        """Set the modules of a mapping, or of pairs, in their order."""
        for key, module in pairs(modules, "ModuleDict"):
            self[key] = module


def pairs(values: Any, name: str) -> list[Any]:
    """The (key, value) of a mapping, or of an iterable of pairs."""
    iterable(values, f"{name}.update", "an iterable of key/value pairs")
    if hasattr(values, "items"):
        return list(values.items())
    found: list[Any] = list(values)
    for i, pair in enumerate(found):
        if not isinstance(pair, Collection):
            raise TypeError(f"{name} update sequence element #{i} should be Iterable; is {type(pair).__name__}")
        if len(pair) != 2:
            raise ValueError(f"{name} update sequence element #{i} has length {len(pair)}; 2 is required")
    return found
