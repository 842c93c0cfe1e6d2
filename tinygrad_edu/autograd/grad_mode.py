"""What a thread may switch: whether graphs are built."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ..thread import thread

F = TypeVar("F", bound=Callable[..., Any])


class Mode:
    """Something switched while open; as a context manager, or as a decorator. Each thread has its own."""

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, *_: Any) -> None:
        raise NotImplementedError

    def clone(self) -> "Mode":
        """The same, to be opened anew: a decorated function may call itself."""
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def steps(*args, **kwargs):
                generator = function(*args, **kwargs)
                resume = functools.partial(next, generator)
                while True:
                    with self.clone():
                        try:
                            value = resume()
                        except StopIteration as end:
                            return end.value
                    try:
                        resume = functools.partial(generator.send, (yield value))
                    except GeneratorExit:
                        generator.close()
                        raise
                    except BaseException as error:
                        resume = functools.partial(generator.throw, error)

            return steps  # type: ignore[return-value]

        @functools.wraps(function)
        def within(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return within  # type: ignore[return-value]


class GradMode(Mode):
    """Build graphs, or do not, while open. In inference mode none are built whatever is opened there, as in torch."""

    mode: bool

    def __new__(cls, function=None):
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(thread.grad)
        thread.grad = self.mode and not thread.inference

    def __exit__(self, *_: Any) -> None:
        thread.grad = self.before.pop()


class no_grad(GradMode):
    """Compute without building a graph: `with no_grad():`, `@no_grad()` or `@no_grad`.

    https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html"""

    mode = False


class enable_grad(GradMode):
    """Build a graph, also inside `no_grad()`.

    https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html"""

    mode = True


class set_grad_enabled(Mode):
    """Build graphs from here on, or do not; for as long as it is open, if it is used as a context manager.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html"""

    def __init__(self, mode: bool) -> None:
        self.mode, self.before = bool(mode), thread.grad
        thread.grad = self.mode and not thread.inference

    def __enter__(self) -> None:
        thread.grad = self.mode and not thread.inference

    def __exit__(self, *_: Any) -> None:
        thread.grad = self.before

    def clone(self) -> "set_grad_enabled":
        return set_grad_enabled(self.mode)

    def __call__(self, function: F) -> F:
        thread.grad = self.before  # a decorator changes nothing until its function is called
        return super().__call__(function)


class inference_mode(Mode):
    """`no_grad()`, and what is made while it is open, an inference tensor, takes no part in graphs later either.

    When it is closed such a tensor cannot be written to, made to require grad, or saved for a Function's backward
    (RuntimeError). torch also refuses to save it for its own ops' rules, since it does not count writes to it. Here they
    are counted, so that the gradients are right, and no op pays for a look at its inputs.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html

    >>> import tinygrad_edu as tg
    >>> with tg.autograd.inference_mode():
    ...     y = tg.ones(2, requires_grad=True) * 3
    >>> y.requires_grad, y.is_inference()
    (False, True)
    """

    def __new__(cls, mode=True):
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: Any = True) -> None:
        self.mode = mode
        self.before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self.before.append((thread.grad, thread.inference))
        thread.grad = not self.mode
        thread.infer(self.mode)

    def __exit__(self, *_: Any) -> None:
        thread.grad, inference = self.before.pop()
        thread.infer(inference)

    def clone(self) -> "inference_mode":
        return inference_mode(self.mode)


def is_grad_enabled() -> bool:
    """Whether this thread builds graphs."""
    return thread.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode."""
    return thread.inference
