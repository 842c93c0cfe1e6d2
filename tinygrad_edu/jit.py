"""torch's compilers, which make a function faster and change nothing else. There is none here: each gives back what it got.

https://docs.pytorch.org/docs/stable/generated/torch.compile.html
"""

from collections.abc import Callable
from typing import Any, TypeVar

from .names import missing_from

F = TypeVar("F", bound=Callable[..., Any])


def script(obj: F, optimize: Any = None, example_inputs: Any = None) -> F:
    """obj itself."""
    return obj


def trace(func: F, example_inputs: Any = None, **options: Any) -> F:
    """func itself, and so all its branches, not only those that the example takes."""
    return func


def export(fn: F) -> F:
    """fn itself."""
    return fn


ignore = unused = script_method = export


def is_scripting() -> bool:
    """No: nothing is compiled."""
    return False


is_tracing = is_scripting

__getattr__ = missing_from(__name__)
