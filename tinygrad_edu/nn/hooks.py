"""Hooks of modules: functions of yours that see what goes into a module and what comes out, forwards and backwards."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..autograd.function import Function
from ..handle import Handle
from ..tensor import Tensor
from ..thread import thread
from ..users import warn

NONE: Mapping[int, Any] = MappingProxyType({})


class Hooked:
    """What a Module has of hooks, and how it is called once it has had one."""

    hooked = False
    _forward_pre_hooks = _forward_hooks = _backward_pre_hooks = _backward_hooks = NONE
    forward: Callable[..., Any]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call `hook(module, args)` before each forward; what it returns, if anything, replaces the arguments.

        With kwargs, call `hook(module, args, kwargs)`, which returns both."""
        return self.registered("_forward_pre_hooks", (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> Handle:
        """Call `hook(module, args, output)` after each forward; what it returns, if anything, replaces the output.

        With kwargs, call `hook(module, args, kwargs, output)`; `always_call` it, also where forward raises (with None)."""
        return self.registered("_forward_hooks", (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(module, grad_output)` when the gradients of all outputs are known; what it returns replaces them."""
        return self.registered("_backward_pre_hooks", hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of all positional inputs are known; what it
        returns, if anything, replaces grad_input."""
        return self.registered("_backward_hooks", hook, prepend)

    def registered(self, kind, hook, prepend=False):
        self.__dict__["hooked"] = True
        hooks = self.__dict__.setdefault(kind, OrderedDict())
        handle = Handle(hooks, hook)
        if prepend:
            hooks.move_to_end(handle.key, last=False)
        return handle

    def call_hooked(self, args, kwargs):
        for hook, with_kwargs in tuple(self._forward_pre_hooks.values()):
            if with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                        )
                    args, kwargs = replaced
            elif (replaced := hook(self, args)) is not None:
                args = as_tuple(replaced)
        called = set()

        def after(key, output):
            hook, with_kwargs, _ = self._forward_hooks[key]
            called.add(key)
            replaced = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
            return output if replaced is None else replaced

        try:
            backward = Passage(self) if self._backward_hooks or self._backward_pre_hooks else None
            output = self.forward(*(backward.enter(args) if backward else args), **kwargs)
            for key in tuple(self._forward_hooks):
                output = after(key, output)
            return backward.leave(output) if backward else output
        except Exception:
            for key, (_, _, always) in tuple(self._forward_hooks.items()):
                if always and key not in called:
                    after(key, None)
            raise


class Seam(Function):
    """The identity, which shows the gradients of all its tensors to `meet` on their way back: zeros, or None, where there is
    none."""

    @staticmethod
    def forward(ctx, meet, zeros, *tensors):
        ctx.meet = meet
        ctx.set_materialize_grads(zeros)
        ctx.mark_non_differentiable(*(t for t in tensors if not t.requires_grad))
        return tensors

    @staticmethod
    def backward(ctx, *grads):
        return None, None, *ctx.meet(grads)


class Passage:
    """One call of a module with backward hooks: a seam at its inputs, and one at its outputs."""

    def __init__(self, module):
        self.module, self.n_inputs = module, None
        self.grad_output: tuple[Any, ...] = ()

    def enter(self, args):
        through, args = seamed(self.input_side, True, args)
        self.n_inputs = None if through else len(args)
        return args

    def leave(self, output):
        if not isinstance(output, (Tensor, tuple)):
            warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received"
                f" {type(output)}"
            )
            return output
        _, outputs = seamed(self.output_side, False, as_tuple(output))
        return outputs if isinstance(output, tuple) else outputs[0]

    def output_side(self, grads):
        for hook in tuple(self.module._backward_pre_hooks.values()):
            if (replaced := hook(self.module, grads)) is not None:
                grads = counted(replaced, grads, "pre hook", "grad_output")
        self.grad_output = grads
        if self.n_inputs is not None and self.module._backward_hooks:  # no gradient will come to the inputs' side
            warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs"
                " require gradients."
            )
            for hook in tuple(self.module._backward_hooks.values()):
                replaced = hook(self.module, (None,) * self.n_inputs, grads)
                if replaced is not None and any(g is not None for g in as_tuple(replaced)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return None or None for"
                        " all gradients."
                    )
        return grads

    def input_side(self, grads):
        for hook in tuple(self.module._backward_hooks.values()):
            if (replaced := hook(self.module, grads, self.grad_output)) is not None:
                grads = counted(replaced, grads, "hook", "grad_input")
        return grads


def seamed(meet, zeros, values):
    """(whether a gradient will come through, the values behind a seam); `meet` is shown one gradient for each value."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not (thread.grad and any(values[i].requires_grad for i in places)):
        return False, values

    def spread(grads):
        of = dict(zip(places, grads))
        found = meet(tuple(of.get(i) for i in range(len(values))))
        return tuple(found[i] for i in places)

    through = list(values)
    for i, t in zip(places, Seam.apply(spread, zeros, *(values[i] for i in places))):
        through[i] = t
    return True, tuple(through)


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def counted(replaced, grads, what, which):
    """What a hook returned, if it is one gradient for each that it was given."""
    replaced = as_tuple(replaced)
    if len(replaced) != len(grads):
        raise RuntimeError(
            f"Backward {what} returned an invalid number of {which}, got {len(replaced)}, but expected {len(grads)}"
        )
    return replaced
