"""Module: parameters, buffers and other modules under names, and a forward."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..dtype import float32, float64
from ..handle import Handle
from ..tensor import Tensor, made
from .parameter import Parameter
from .state import State


class Module(State):
    """A function with parameters. Subclasses set parameters and modules as attributes, and define `forward`.

    Parameters, buffers and children are kept in three dictionaries by name, and stand in the instance's own dictionary
    too, where Python finds them fastest.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
    """

    def __init__(self) -> None:
        self.__dict__.update(training=True, _parameters={}, _buffers={}, _modules={}, _transient=set())
        self.__dict__.update(_forward_hooks={}, _forward_pre_hooks={})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (self._forward_hooks or self._forward_pre_hooks):
            return self.forward(*args, **kwargs)
        for hook in tuple(self._forward_pre_hooks.values()):
            replaced = hook(self, args)
            args = args if replaced is None else replaced if isinstance(replaced, tuple) else (replaced,)
        out = self.forward(*args, **kwargs)
        for hook in tuple(self._forward_hooks.values()):
            replaced = hook(self, args, out)
            out = out if replaced is None else replaced
        return out

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, args)` before each forward; what it returns, if anything, replaces the arguments."""
        return Handle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, args, output)` after each forward; what it returns, if anything, replaces the output."""
        return Handle(self._forward_hooks, hook)

    # ---------------------------------------------------------------- names

    def __setattr__(self, name: str, value: Any) -> None:
        held = self.__dict__.get("_parameters")
        if isinstance(value, (Parameter, Module)) and held is None:
            raise AttributeError(
                "cannot assign parameters or modules before Module.__init__() call: call super().__init__() first"
            )
        if held is not None:
            if name in held and not isinstance(value, (Parameter, type(None))):
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as parameter '{name}' (torch.nn.Parameter or None expected):"
                    " to change its values, write to it under no_grad()"
                )
            place = self._place(name, value)
            for other in (held, self._buffers, self._modules):
                if other is not place:
                    other.pop(name, None)
            if place is not None:
                place[name] = value
        object.__setattr__(self, name, value)

    def _place(self, name, value):
        """Which of the three dictionaries an attribute belongs in, if any."""
        if isinstance(value, Parameter) or (value is None and name in self._parameters):
            return self._parameters
        if isinstance(value, Module) or (value is None and name in self._modules):
            return self._modules
        return self._buffers if name in self._buffers and isinstance(value, (Tensor, type(None))) else None

    def __delattr__(self, name):
        for place in (self._parameters, self._buffers, self._modules):
            place.pop(name, None)
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Set a parameter, or hold its place with None."""
        self._parameters[name] = None
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Set a tensor that is part of the state but is not learned."""
        self._buffers[name] = None
        (self._transient.discard if persistent else self._transient.add)(name)
        setattr(self, name, tensor)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Set a child under any name, also one that is no identifier."""
        if not isinstance(module, (Module, type(None))):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        setattr(self, name, module)

    # ---------------------------------------------------------------- everything below this module

    def named_modules(self, memo=None, prefix="", remove_duplicate=True) -> Iterator[tuple[str, "Module"]]:
        """This module and all below it, each once, with their dotted names."""
        memo = set() if memo is None else memo
        if self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self
            for name, child in self._modules.items():
                if child is not None:
                    yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def _named(self, kind, prefix="", recurse=True, remove_duplicate=True):
        """The parameters, or buffers, of this module and all below it, with their dotted names."""
        seen = set()
        for path, module in (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        ):
            for name, value in getattr(module, kind).items():
                if value is not None and value not in seen:
                    if remove_duplicate:
                        seen.add(value)
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True) -> Iterator[tuple[str, Parameter]]:
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True) -> Iterator[tuple[str, Tensor]]:
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        return ((name, child) for name, child in self._modules.items() if child is not None)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (b for _, b in self.named_buffers(recurse=recurse))

    modules = lambda self: (module for _, module in self.named_modules())
    eval = lambda self: self.train(False)
    children = lambda self: (child for _, child in self.named_children())

    def apply(self, fn: Callable[["Module"], Any]) -> "Module":
        """Call `fn` on every module below this one, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> "Module":
        """Training mode, for the layers that care; `eval()` is its opposite."""
        for module in self.modules():
            module.training = mode
        return self

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        for p in self.parameters():
            p.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the parameters' gradients: backward() adds to them, and the next batch should start from none."""
        for p in self.parameters():
            if p.grad is not None:
                p.grad = None if set_to_none else made(np.zeros_like(p.array), None)

    def to(self, *args: Any, **kwargs: Any) -> "Module":
        """Convert the floating-point parameters and buffers, in place."""
        for t in [*self.parameters(), *self.buffers()]:
            if t.is_floating_point():
                g, t.data = t.grad, t.data.to(*args, **kwargs)
                t.grad = None if g is None else g.to(*args, **kwargs)
        return self

    float = lambda self: self.to(float32)
    double = lambda self: self.to(float64)

    # ---------------------------------------------------------------- printing

    def extra_repr(self) -> str:
        """What stands between the brackets, besides the children."""
        return ""

    def __repr__(self):
        lines = [self.extra_repr()] if self.extra_repr() else []
        lines += [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self._modules.items()]
        inside = "\n  ".join(lines)
        return f"{type(self).__name__}(" + (f"\n  {inside}\n" if self._modules else inside) + ")"
