"""Proof that tinygrad_edu computes what PyTorch computes: both train side by side, and every number is compared.

python -m parity
python -m parity --data breast-cancer --model mlp --optimizer sgd
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cases import Options
    from .lockstep import run

__all__ = ["Options", "run"]

# Imported when asked for: pytest loads plugin.py in every project that has this package installed.
LATER = {"Options": "cases", "run": "lockstep"}


def __getattr__(name):
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return getattr(import_module(f"{__name__}.{LATER[name]}"), name)
