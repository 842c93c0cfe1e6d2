"""The same numbers in other dtypes."""

from ..compose import composed
from ..dtype import as_dtype, float16, float32, float64, int16, int32, int64
from ..dtype import bool as truth
from ..ops.shape import cast
from ..tensor import Tensor


@composed(places="Tensor")
def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False):
    """This tensor in another dtype (or as another tensor's); itself if nothing would change, unless `copy`."""
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, (str, type(self.device))):
            device = a
        elif not isinstance(a, (bool, type(None))):
            dtype = a
    if device is not None and str(device).split(":")[0] != "cpu":
        raise RuntimeError(f"tensors live on the CPU here, and there is no device '{device}'")
    wanted = self.dtype if dtype is None else as_dtype(dtype)
    if wanted is self.dtype and not copy:
        return self
    return cast(self if wanted.is_floating_point else self.detach(), wanted.dtype)


def converter(name, wanted):
    def convert(self):
        return to(self, wanted)

    convert.__doc__ = f"This tensor as {wanted}."
    return composed(convert, places="Tensor", name=name)


for name, wanted in {
    "float": float32,
    "double": float64,
    "half": float16,
    "int": int32,
    "long": int64,
    "short": int16,
    "bool": truth,
}.items():
    converter(name, wanted)


@composed(places="Tensor")
def type_as(self, other):
    """This tensor in the other's dtype."""
    return to(self, other.dtype)
