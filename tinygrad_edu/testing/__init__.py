"""For those who test: is a difference rounding, or is it a bug?"""

from ..names import missing_from
from .close import assert_close

__all__ = ["assert_close"]

__getattr__ = missing_from(__name__)
