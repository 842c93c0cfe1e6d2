"""What a module holds under names: parameters, buffers and other modules, and the paths that lead to them."""

from collections.abc import Callable
from typing import Any
from weakref import ref

from ..tensor import Tensor
from .parameter import Buffer, Parameter


class Members(dict):
    """Parameters, buffers, or children, by name. Each stands in the module's own dictionary too, where Python finds
    attributes fastest."""

    def __init__(self, module, members=()):
        self.module = ref(module)
        self.update(members)

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        self.module().__dict__[name] = value

    def __delitem__(self, name):
        super().__delitem__(name)
        self.module().__dict__.pop(name, None)

    def pop(self, name, *default):
        if name in self:
            self.module().__dict__.pop(name, None)
        return super().pop(name, *default)

    def update(self, *args, **kwargs):
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def clear(self):
        for name in [*self]:
            del self[name]


class Holder:
    """What a Module has of setting attributes, and of finding them by dotted paths."""

    KINDS = {"_parameters": "parameter", "_buffers": "buffer", "_modules": "module"}
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]

    def __setattr__(self, name, value):
        place = self._place(name, value)
        if place is None:
            object.__setattr__(self, name, value)
        else:
            for kind in self.KINDS:
                if self.__dict__[kind] is not place:
                    self.__dict__[kind].pop(name, None)
            if isinstance(value, Parameter) and name not in place:
                self.__dict__.pop(name, None)
                self._free("_parameters", name)
            place[name] = value

    def _place(self, name, value):
        """Which dictionary an attribute belongs in; None if it is like any other."""
        held = self.__dict__
        if "_modules" not in held:
            if isinstance(value, (Parameter, Buffer, Holder)):
                what = "module" if isinstance(value, Holder) else type(value).__name__.lower()
                raise AttributeError(
                    f"cannot assign {what} before Module.__init__() call: call super().__init__() first"
                )
            return None
        if isinstance(value, Buffer):
            (self._transient.discard if value.persistent else self._transient.add)(name)
        owns = ("_parameters", Parameter, Parameter), ("_modules", Holder, Holder), ("_buffers", Buffer, Tensor)
        for kind, anywhere, here in owns:  # what goes there under any name, and under the name of one that is there
            if isinstance(value, anywhere):
                return held[kind]
            if name in held[kind]:
                if value is None or isinstance(value, here):
                    return held[kind]
                module = ("child module", "nn.Module")
                what, wanted = module if here is Holder else (self.KINDS[kind], here.__name__)
                mend = ": to change its values, write to it under no_grad()" if what == "parameter" else ""
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as {what} '{name}' (torch.{wanted} or None expected){mend}"
                )
        return None

    def __delattr__(self, name):
        for kind in self.KINDS:
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                return
        object.__delattr__(self, name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __getstate__(self):
        held = {name for kind in self.KINDS for name in self.__dict__.get(kind, ())}
        state = {name: value for name, value in self.__dict__.items() if name not in held}
        return state | {kind: dict(self.__dict__[kind]) for kind in self.KINDS if kind in state}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.__dict__.update({kind: Members(self, state[kind]) for kind in self.KINDS if kind in state})

    # ---------------------------------------------------------------- by name

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Set a parameter, or hold its place with None."""
        self._free("_parameters", name)
        if not isinstance(param, (Parameter, type(None))):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Set a tensor that is not learned; part of the state, if it is persistent."""
        self._free("_buffers", name)
        if not isinstance(tensor, (Tensor, type(None))):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)"
            )
        (self._transient.discard if persistent else self._transient.add)(name)
        self._buffers[name] = tensor

    def add_module(self, name: str, module: Any) -> None:
        """Set a child under any name, also one that is no identifier."""
        if not isinstance(module, (Holder, type(None))):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._free("_modules", name)
        self._modules[name] = module

    register_module = add_module

    def _free(self, kind, name):
        """Raise where a name cannot be given to a member of this kind."""
        what = self.KINDS[kind]
        if kind not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call: call super().__init__() first")
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain ".", got: {name}')
        if not name:
            raise KeyError(f'{what} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists")

    # ---------------------------------------------------------------- by path

    def get_submodule(self, target: str) -> Any:
        """The module at a dotted path; this one at the empty path. AttributeError if there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Holder):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Any, strict: bool = False) -> None:
        """Put a module at a dotted path; under `strict` only where one stands already."""
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if not isinstance(getattr(parent, name, module), Holder):
            raise AttributeError(f"`{name}` is not an nn.Module")
        if not isinstance(module, Holder):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path. AttributeError if there is none."""
        return self._member(target, "is not an nn.Parameter", lambda module, name: name in module._parameters)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path. AttributeError if there is none."""
        return self._member(target, "is not a buffer", lambda module, name: name in module._buffers)

    def _member(self, target: str, otherwise: str, belongs: Callable[[Any, str], bool]) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if not belongs(module, name):
            raise AttributeError(f"`{name}` {otherwise}")
        return getattr(module, name)
