"""Whatever computes beside the CPU: nothing does here.

    device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"

https://docs.pytorch.org/docs/stable/accelerator.html
"""

from .names import missing_from


def is_available() -> bool:
    """No: tensors live on the CPU here."""
    return False


def current_accelerator(check_available: bool = False) -> None:
    """None: there is none."""


def device_count() -> int:
    return 0


__getattr__ = missing_from(__name__)
