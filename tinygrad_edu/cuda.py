"""CUDA, which is not here: what scripts ask before they choose a device, and its answers."""

from .device import device, on_cpu


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


def current_device() -> int:
    """torch's error: there is none."""
    on_cpu(device("cuda"))
    return -1


def synchronize(device=None) -> None:
    """torch's error: there is nothing to wait for."""
    current_device()
