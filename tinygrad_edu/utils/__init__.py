"""Tools around training."""

from ..names import missing_from
from . import data

__all__ = ["data"]

__getattr__ = missing_from(__name__)
