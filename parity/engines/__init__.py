"""Any engine beside PyTorch: an adapter of a few lines, arrays in and arrays out, and a model to hold it against.

python -m parity engine examples/engines/numpy_mlp.py
"""

from .judge import judge
from .protocol import Engine

__all__ = ["Engine", "judge"]
