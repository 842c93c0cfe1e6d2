"""CUDA, which is not here: what scripts ask before they choose a device, and its answers."""

from typing import Any, NoReturn

from ..device import device, on_cpu
from ..names import missing_from
from . import amp


def is_available() -> bool:
    """No: tensors live on the CPU here."""
    return False


def device_count() -> int:
    return 0


def is_initialized() -> bool:
    return False


def manual_seed(seed: int) -> None:
    """Nothing: there is no generator on a GPU to be seeded."""


def manual_seed_all(seed: int) -> None:
    """Nothing: there is no generator on a GPU to be seeded."""


def empty_cache() -> None:
    """Nothing: there is no memory on a GPU to be freed."""


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """No."""
    return False


def memory_allocated(device: Any = None) -> int:
    """None of a GPU's."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def current_device(*_: Any, **__: Any) -> NoReturn:
    """torch's error: there is none."""
    on_cpu(device("cuda"))
    raise NotImplementedError


get_device_name = get_device_properties = get_device_capability = set_device = synchronize = current_device
init = Stream = Event = current_device

__getattr__ = missing_from(__name__)
