"""What functions with several results return: tuples whose parts have names, as in torch.return_types."""

from collections import namedtuple


class Returned:
    """The part of them that prints."""

    __slots__ = ()

    def __repr__(self):
        parts = ",\n".join(f"{name}={part}" for name, part in zip(self._fields, self))
        return f"torch.return_types.{type(self).__name__}(\n{parts})"


def kind(name, fields="values indices"):
    """One kind of such a tuple."""
    return type(name, (Returned, namedtuple(name, fields)), {"__slots__": (), "__module__": __name__})


max, min, median, nanmedian, mode = kind("max"), kind("min"), kind("median"), kind("nanmedian"), kind("mode")
sort, topk, kthvalue, cummax, cummin = kind("sort"), kind("topk"), kind("kthvalue"), kind("cummax"), kind("cummin")
aminmax = kind("aminmax", "min max")
linalg_slogdet = kind("linalg_slogdet", "sign logabsdet")
