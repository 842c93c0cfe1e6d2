"""For those who test: is a difference rounding, or is it a bug?"""

from .close import assert_close

__all__ = ["assert_close"]
