"""The version of torch that this engine is measured against, for scripts that ask `torch.__version__` what they may use."""

import re
from functools import total_ordering
from typing import Any


@total_ordering
class TorchVersion(str):
    """A version that compares number by number, with a string or a tuple: "2.13" is above "2.4", and below (3,).

    >>> TorchVersion("2.13.0+tinygrad_edu") >= "2.4", TorchVersion("2.13.0") < (3, 0)
    (True, True)
    """

    __slots__ = ()

    def __eq__(self, other: Any) -> bool:
        return numbers(self) == numbers(other)

    def __lt__(self, other: Any) -> bool:
        return numbers(self) < numbers(other)

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
