"""Intel's GPUs, which are not here: what scripts ask before they choose a device."""

from .names import missing_from


def is_available() -> bool:
    """No: tensors live on the CPU here."""
    return False


def device_count() -> int:
    return 0


__getattr__ = missing_from(__name__)
