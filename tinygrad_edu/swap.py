"""`import torch` finds this package: for a whole script (`python -m tinygrad_edu train.py`), or for a while (`as_torch`).

Python keeps each module under its name in `sys.modules`, and asks the finders in `sys.meta_path` for a name that is not
there. So one entry says that torch is this package, and one finder says what `torch.nn.functional` is.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .names import nearest
from .version import __version__ as TORCH

US = __package__


@contextmanager
def as_torch() -> Iterator[ModuleType]:
    """While open, `import torch`, and whatever it imports of torch's, gives this package; afterwards all is as before.

    `torch.__version__` is the version of torch that we are measured against, since scripts ask it what they may use.
    A module that is imported meanwhile keeps the torch that it found.

    >>> import tinygrad_edu as tg
    >>> with tg.as_torch():
    ...     import torch
    ...     import torch.nn.functional as F
    >>> torch is tg, F is tg.nn.functional
    (True, True)
    """
    package, finder = sys.modules[US], Finder()
    before = {name: sys.modules.pop(name) for name in torchs()}
    version = package.__version__
    package.__version__ = TORCH  # type: ignore[attr-defined]
    sys.modules["torch"] = package
    sys.meta_path.insert(0, finder)
    try:
        yield package
    finally:
        sys.meta_path.remove(finder)
        for module in finder.opened:
            del module.__path__
        for name in torchs():
            del sys.modules[name]
        sys.modules.update(before)
        package.__version__ = version  # type: ignore[attr-defined]


def torchs() -> list[str]:
    return [name for name in sys.modules if name == "torch" or name.startswith("torch.")]


class Finder:
    """Finds `torch.x.y` as this package's x.y, and says so where it has none."""

    def __init__(self) -> None:
        self.opened: list[ModuleType] = []  # those that became packages, since Python looks for x.y in packages alone

    def find_spec(self: Any, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if top == "torch":
            return ModuleSpec(fullname, self, loader_state=found(rest), is_package=True)
        if top == US and PathFinder.find_spec(fullname, path) is None:
            # Python looks for a module where `from torch import x` finds no x.
            where, _, name = fullname.replace(US, "torch", 1).rpartition(".")
            near = nearest(name, dir(found(where.partition(".")[2])))
            raise ImportError(f"cannot import name '{name}' from '{where}', which is {US} here{near}", name=where)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = spec.loader_state
        if not hasattr(module, "__path__"):
            self.opened.append(module)
        spec.loader_state = module.__spec__  # Python is about to write this one over it
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module has run long since; it gets its own spec back."""
        module.__spec__ = module.__spec__.loader_state  # type: ignore[union-attr]


def found(name: str) -> ModuleType:
    """This package's module of that name: an attribute, or one that is yet to be imported."""
    module, walked = sys.modules[US], "torch"
    for part in name.split(".") if name else ():
        inner = getattr(module, part, None)
        if inner is None and PathFinder.find_spec(f"{module.__name__}.{part}", getattr(module, "__path__", [])):
            inner = importlib.import_module(f"{module.__name__}.{part}")
        if not isinstance(inner, ModuleType):
            modules = [n for n, it in vars(module).items() if isinstance(it, ModuleType)]
            raise ModuleNotFoundError(
                f"No module named '{walked}.{part}': torch is {US} here, which does not have it{nearest(part, modules)}",
                name=f"{walked}.{part}",
            )
        module, walked = inner, f"{walked}.{part}"
    return module
