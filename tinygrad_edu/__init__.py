"""Reverse-mode automatic differentiation on NumPy, with PyTorch's interface.

    import tinygrad_edu as torch

To read it: `graph.py`, `tensor.py`, `op.py`, `ops/elementwise.py`, `nn/module.py`, in this order.
"""

from importlib import import_module as _import_module
from math import e, inf, nan, pi
from types import ModuleType as _ModuleType

from . import amp, autograd, compiler, functional, linalg, random, settings, special
from .arraylike import Size
from .autograd import (
    enable_grad,
    inference_mode,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .creation import (
    empty,
    empty_like,
    empty_strided,
    eye,
    full,
    full_like,
    ones,
    ones_like,
    scalar_tensor,
    zeros,
    zeros_like,
)
from .data import as_tensor, asarray, from_numpy, tensor
from .device import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from .dtype import (
    bool,
    can_cast,
    double,
    dtype,
    finfo,
    float,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
)
from .generator import Generator, default_generator
from .names import missing as _missing
from .names import namespaces as _namespaces
from .printing import set_printoptions
from .random import (
    bernoulli,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .ranges import arange, linspace, logspace, range, tril_indices, triu_indices
from .swap import as_torch
from .tensor import Tensor

__version__ = "0.1.0"
newaxis = None

_LATER = (
    "accelerator",
    "backends",
    "cuda",
    "explain",
    "func",
    "jit",
    "mps",
    "nn",
    "optim",
    "testing",
    "utils",
    "version",
    "xpu",
)  # loaded when first asked for, since not every program trains a model
_STORAGE = ("load", "save")  # functions that are loaded likewise
_PARTS = ("amp", "autograd", "compiler", "linalg", "random", "special", *_LATER)


def _publish():
    """Have here what the declarations say torch has here."""
    globals().update({name: it for name, it in _namespaces["torch"].items() if name not in _PARTS})


def __getattr__(name):
    if name in _LATER:
        return _import_module(f"{__name__}.{name}")
    if name in _STORAGE:
        return getattr(_import_module(f"{__name__}.serialization"), name)
    if "__all__" not in globals() and (name == "__all__" or name[0] != "_"):
        # what networks are made of is published once they are loaded
        _import_module(f"{__name__}.nn")
        _publish()
        public = [n for n, it in globals().items() if n[0] != "_" and not isinstance(it, _ModuleType)]
        globals()["__all__"] = sorted({*public, *_PARTS, *_STORAGE})
    if name in globals():
        return globals()[name]
    raise _missing(__name__, name)


def __dir__():
    return __getattr__("__all__")


_publish()
