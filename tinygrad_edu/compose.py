"""Publishing functions that need no rule of their own: they are made of ops, and the chain rule does the rest."""

import functools

from .inplace import in_place
from .memory import into
from .names import publish
from .tensor import Tensor

NUMPYS = {"axis": "dim", "keepdims": "keepdim"}  # NumPy's names, which torch takes too


def composed(function=None, *, places="torch Tensor", name=None, also="", inplace=False, numbers=False, out=""):
    """Publish `function`, with what all of torch's functions have: `out=`, NumPy's names for `dim`, one TypeError.

    `places`   where torch has it: of "torch", "Tensor" (as a method), "nn.functional", "linalg" and "special"
    `name`     if Python's own name had to be avoided; `also` torch's other names for it
    `inplace`  whether Tensor has an in-place form too; `numbers` whether a Python number may stand for the first tensor
    `out`      what torch asks of the tensor for `out=`: that it is "exact", of the result's dtype; "apart" from the inputs
    """
    if function is None:
        facts = dict(places=places, name=name, also=also, inplace=inplace, numbers=numbers, out=out)
        return functools.partial(composed, **facts)
    name, asks = name or function.__name__, out
    on_tensor = not numbers and function.__code__.co_varnames[:1] in (("input",), ("self",))

    @functools.wraps(function)
    def call(*args, out=None, **named):
        for numpys, ours in NUMPYS.items() if named else ():
            if numpys in named:
                named[ours] = named.pop(numpys)
        if on_tensor and args and not isinstance(args[0], Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(args[0]).__name__}")
        result = function(*args, **named)
        return result if out is None else into(out, result, name, tensors([*args, *named.values()]), asks)

    call.__name__ = call.__qualname__ = name
    publish(call, name, places, also)
    if inplace:
        in_place(call, name, also)
    return call


def tensors(values):
    """The tensors among the values, and in lists among them."""
    found = []
    for v in values:
        found += [v] if isinstance(v, Tensor) else tensors(v) if isinstance(v, (list, tuple)) else []
    return found
