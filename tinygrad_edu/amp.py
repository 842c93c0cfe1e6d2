"""Mixed precision, switched off: float32 in half the bits pays on GPUs, and is not here. What asks for a GPU's is told so.

https://docs.pytorch.org/docs/stable/amp.html
"""

from contextlib import ContextDecorator
from typing import Any

from .device import device as place
from .names import missing_from, publish
from .users import warn


class autocast(ContextDecorator):
    """While open, ops keep their dtypes: `enabled=False`, or for CUDA, which torch too disables where there is none.

    Raises RuntimeError where it should have an effect: on the CPU torch computes in bfloat16 then, which we have not."""

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device = place(device_type).type
        if enabled and self.device == "cuda":
            warn("CUDA is not available or torch_xla is imported. Disabling autocast.")
        elif enabled:
            raise RuntimeError(f"autocast on {self.device} computes in bfloat16, which is not here: say enabled=False")

    def __enter__(self) -> "autocast":
        return self

    def __exit__(self, *_: Any) -> None:
        pass


class GradScaler:
    """Scales nothing: `enabled=False`, or for CUDA, where there is none. `scaler.step(optimizer)` is `optimizer.step()`."""

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and place(device).type == "cuda":
            warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.")
        elif enabled:
            raise RuntimeError(f"float32 on {device} needs no GradScaler, and it is not here: say enabled=False")

    def is_enabled(self) -> bool:
        return False

    def get_scale(self) -> float:
        return 1.0

    def scale(self, outputs: Any) -> Any:
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        pass

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        pass


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """No."""
    return False


publish(autocast, "autocast", "torch")
publish(GradScaler, "GradScaler", "torch")
publish(is_autocast_enabled, "is_autocast_enabled", "torch")
__getattr__ = missing_from(__name__)
