"""Proof that tinygrad_edu computes what PyTorch computes: both train side by side, and every number is compared.

python -m parity
python -m parity --data breast-cancer --model mlp --optimizer sgd
"""

from .cases import Options
from .lockstep import run

__all__ = ["Options", "run"]
