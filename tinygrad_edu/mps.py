"""Apple's GPUs, which are not here: what scripts ask before they choose a device."""

from .names import missing_from


def is_available() -> bool:
    """No: tensors live on the CPU here."""
    return False


def device_count() -> int:
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no generator on a GPU to be seeded."""


def empty_cache() -> None:
    """torch's error: there is no memory on a GPU to be freed."""
    raise RuntimeError("Cannot execute emptyCache() without MPS backend.")


__getattr__ = missing_from(__name__)
