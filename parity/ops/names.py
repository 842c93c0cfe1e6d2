"""What is walked, and what it is called here: torch's table of operators, and our namesakes of what it mentions."""

from functools import cache, partial
from types import CellType, CodeType, FunctionType, ModuleType

import torch
from torch.testing._internal.common_methods_invocations import op_db

import tinygrad_edu as tg

from . import LISTS, Missing, Unknown, listed

EXCLUDED = {"bmm.triton_optimized": "a kernel for CUDA"}


# ------------------------------------------------------------------ which


def keys(words):
    """The operators, each variant by itself, that these names stand for: names, keys of variants, names of lists.

    Raises Unknown if torch has no such operator."""
    found = {}
    for name in [name for word in words for name in (listed(word) if word in LISTS else [word])]:
        variants = [op.full_name for op in op_db if name in (op.name, op.full_name)]
        if not variants:
            raise Unknown(f"torch's table has no operator {name!r}")
        found |= dict.fromkeys(variants)
    return list(found)


def entry(key):
    """The operator of this key, in torch's table."""
    return next(op for op in op_db if op.full_name == key)


def dtypes(op, wanted=None):
    """Those of the wanted dtypes that it takes; if none are named, float64 and float32, or where it takes neither, int64 and bool."""
    if wanted:
        return [d for d in wanted if d in op.dtypes]
    floats = [d for d in (torch.float64, torch.float32) if d in op.dtypes]
    return floats or [d for d in (torch.int64, torch.bool) if d in op.dtypes]


# ------------------------------------------------------------------ our namesakes


def function(op):
    """Our function for an operator: of the same name, or a method; where torch's tests wrap it, the wrapper with our names."""
    if is_of_the_tests(op.op):
        return ours(op.op)
    for place in (tg, tg.Tensor):
        try:
            return reach(place, op.name)
        except Missing:
            continue
    raise Missing(f"there is no tinygrad_edu.{op.name}, and no method {op.name.rpartition('.')[2]}")


def method(theirs):
    """Our method for one of torch's, or for what torch's tests have in its place."""
    return ours(theirs) if is_of_the_tests(theirs) else reach(tg.Tensor, theirs.__name__)


def reach(thing, dotted):
    """The attribute of the attribute ... of that name."""
    for part in dotted.split("."):
        if not hasattr(thing, part):
            raise Missing(f"there is no {getattr(thing, '__name__', thing)}.{part}")
        thing = getattr(thing, part)
    return thing


def is_of_the_tests(thing):
    """Whether this is a function that torch's tests have made, and not one of its library."""
    made_there = isinstance(thing, FunctionType) and (thing.__module__ or "").startswith("torch.testing")
    return made_there or isinstance(thing, partial)


def ours(thing):
    """Our namesake of a thing of torch's; of a function of its tests, the same code with our names in it."""
    if isinstance(thing, partial):
        return partial(ours(thing.func), *map(ours, thing.args), **{k: ours(v) for k, v in thing.keywords.items()})
    if is_of_the_tests(thing):
        return seeded if thing.__name__ == "wrapper_set_seed" else rebound(thing)
    if thing is torch:
        return tg
    if isinstance(thing, ModuleType) and thing.__name__.startswith("torch."):
        return reach(tg, thing.__name__.removeprefix("torch."))
    return reach(tg, dotted_names()[thing]) if callable(thing) and thing in dotted_names() else thing


def rebound(f):
    """The function of the same code whose globals, defaults and closure have our names."""
    names = {name: ours(f.__globals__[name]) for name in names_in(f.__code__) if name in f.__globals__}
    cells = tuple(CellType(ours(cell.cell_contents)) for cell in f.__closure__ or ())
    defaults = f.__defaults__ and tuple(map(ours, f.__defaults__))
    return FunctionType(f.__code__, f.__globals__ | names, f.__name__, defaults, cells)


def names_in(code):
    """The global names that code mentions, that of its inner functions too."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in names_in(part)]
    return [*code.co_names, *inner]


def seeded(f, *args, **kwargs):
    """What `wrapper_set_seed` of torch's tests does."""
    tg.manual_seed(42)
    return f(*args, **kwargs)


@cache
def dotted_names():
    """{function of torch's: its name}"""
    found = {}
    for place in ("", "nn.functional", "nn.utils.rnn", "linalg", "special", "Tensor"):
        inside = reach(torch, place) if place else torch
        for name in dir(inside):
            thing = getattr(inside, name)
            if callable(thing) and thing.__hash__:
                found.setdefault(thing, f"{place}.{name}".lstrip("."))
    return found
