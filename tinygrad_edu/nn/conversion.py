"""Conversions of modules: every parameter and buffer in another dtype, in place."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from ..creation import empty, empty_like
from ..device import on_cpu, preserve_format
from ..dtype import dtype, float16, float32, float64


class Convertible:
    """What a Module has of conversions. A parameter stays the object that it is, so that an optimizer goes on with it."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """Put `fn` of it in the place of every parameter's and buffer's value, and of every gradient."""
        for child in self.children() if recurse else ():
            child._apply(fn)
        for p in self._parameters.values():
            if p is not None:
                g, new = p.grad, fn(p.data)
                if new.array is not p.array:
                    p.data = new.detach()
                    p.grad = None if g is None else fn(g).detach()
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert the floating-point parameters and buffers: `to(dtype)`, `to(device, dtype)` or `to(tensor)`."""
        format = kwargs.pop("memory_format", preserve_format)
        wanted = empty(0).to(*args, **kwargs).dtype
        if not wanted.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={wanted}"
            )

        def convert(t):
            t = t.to(*args, **kwargs) if t.is_floating_point() else t
            return t.to(memory_format=format) if t.dim() in (4, 5) else t

        return self._apply(convert)

    def type(self, dst_type: dtype | str) -> Self:
        """Convert every parameter and buffer, integers too."""
        return self._apply(lambda t: t.type(dst_type))

    def half(self) -> Self:
        return self.to(float16)

    def float(self) -> Self:
        return self.to(float32)

    def double(self) -> Self:
        return self.to(float64)

    def cpu(self) -> Self:
        return self

    def cuda(self, device: Any = None) -> Self:
        """AssertionError: tensors live on the CPU here."""
        on_cpu("cuda")
        return self

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Give every parameter and buffer new memory whose numbers are not set."""
        on_cpu(device)
        return self._apply(empty_like, recurse)
