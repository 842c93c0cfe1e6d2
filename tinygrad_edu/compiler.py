"""`torch.compile`, which makes a function faster and changes nothing else. Here it gives back what it got."""

from collections.abc import Callable
from typing import Any

from .names import missing_from, publish

OPTIONS = "backend disable dynamic fullgraph isolate_recompiles mode name options recompile_limit shapes_spec"


def compile(model: Callable[..., Any] | None = None, **options: Any) -> Callable[..., Any]:
    """The model itself, or a decorator that gives its function itself, whatever the options.

    https://docs.pytorch.org/docs/stable/generated/torch.compile.html

    >>> import tinygrad_edu as tg
    >>> tg.compile(mode="reduce-overhead")(len) is len
    True
    """
    if unknown := [name for name in options if name not in OPTIONS.split()]:
        raise TypeError(f"compile() got an unexpected keyword argument '{unknown[0]}'")
    return (lambda function: function) if model is None else model


def disable(fn: Callable[..., Any] | None = None, recursive: bool = True) -> Callable[..., Any]:
    """fn itself: it is not compiled."""
    return compile(fn)


def is_compiling() -> bool:
    """No: nothing is."""
    return False


def reset() -> None:
    """Nothing: there is nothing to forget."""


publish(compile, "compile", "torch")
__getattr__ = missing_from(__name__)
