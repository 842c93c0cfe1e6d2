"""Generated from the registry by docs/generate.py: do not edit."""

from builtins import bool as _bool, float as _float, int as _int, str as _str
from collections.abc import Sequence
from typing import Any

from .dtype import dtype as _dtype
from .generator import Generator
from .tensor import Tensor

