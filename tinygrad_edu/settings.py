"""Switches that scripts set before they begin. Each has one position here, or changes no number: it is noted, and told when asked."""

import os
from types import SimpleNamespace

from .device import CPU, on_cpu
from .names import publish
from .users import warn

PRECISIONS = ("highest", "high", "medium")

noted = SimpleNamespace(
    deterministic=False,
    threads=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
    interop_threads=1,
    precision="highest",
)


def setting(function):
    publish(function, function.__name__, "torch")
    return function


@setting
def use_deterministic_algorithms(mode, *, warn_only=False):
    """Noted: all algorithms are deterministic here."""
    noted.deterministic = bool(mode)


@setting
def are_deterministic_algorithms_enabled():
    """What `use_deterministic_algorithms` was last told."""
    return noted.deterministic


@setting
def set_float32_matmul_precision(precision):
    """Noted: float32 products are float32's, the "highest"."""
    if precision not in PRECISIONS:
        warn(f"{precision} is not one of 'highest', 'high', or 'medium'; this call has no effect.")
    else:
        noted.precision = precision


@setting
def get_float32_matmul_precision():
    """What `set_float32_matmul_precision` was last told."""
    return noted.precision


def whole(name, n):
    if not isinstance(n, int) or isinstance(n, bool):
        raise RuntimeError(f"{name} expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"{name} expects a positive integer, and got {n}")
    return n


@setting
def set_num_threads(n):
    """Noted: how many threads NumPy's products take, the environment says at the start (OMP_NUM_THREADS)."""
    noted.threads = whole("set_num_threads", n)


@setting
def get_num_threads():
    """What `set_num_threads` was last told; at first what the environment says."""
    return noted.threads


@setting
def set_num_interop_threads(n):
    """Noted: ops are computed one after the other here."""
    noted.interop_threads = whole("set_num_interop_threads", n)


@setting
def get_num_interop_threads():
    """What `set_num_interop_threads` was last told."""
    return noted.interop_threads


@setting
def set_flush_denormal(mode):
    """False: numbers near zero are not flushed, and that cannot be changed here."""
    return False


@setting
def set_default_device(device):
    """Where new tensors are made: on the CPU, so that another place is refused."""
    on_cpu(device)


@setting
def get_default_device():
    """Where new tensors are made: on the CPU."""
    return CPU
