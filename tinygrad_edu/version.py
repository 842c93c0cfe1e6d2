"""The version of torch that this engine is measured against, for scripts that ask `torch.__version__` what they may use."""

import operator
import re
from typing import Any


def compared(question: Any) -> Any:
    """A comparison of versions number by number."""
    return lambda self, other: question(numbers(self), numbers(other))


class TorchVersion(str):
    """A version that compares number by number, with a string or a tuple: "2.13" is above "2.4", and below (3,).

    >>> TorchVersion("2.13.0+tinygrad_edu") >= "2.4", TorchVersion("2.13.0") < (3, 0)
    (True, True)
    """

    __slots__ = ()
    __eq__, __ne__ = compared(operator.eq), compared(operator.ne)
    __lt__, __le__ = compared(operator.lt), compared(operator.le)
    __gt__, __ge__ = compared(operator.gt), compared(operator.ge)
    __hash__ = str.__hash__


def numbers(version: Any) -> list[int]:
    """2, 13 of "2.13.0+cpu": the numbers before any letter, without zeros at the end."""
    text = version if isinstance(version, str) else ".".join(map(str, version))
    found = [int(n) for n in re.match(r"[\d.]*", text)[0].split(".") if n]  # type: ignore[index]
    while found and not found[-1]:
        found.pop()
    return found


__version__ = TorchVersion("2.13.0+tinygrad_edu")
cuda = hip = xpu = None
debug = False
