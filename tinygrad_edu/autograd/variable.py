"""torch's old name for a Tensor that may require grad."""

from typing import Any

from ..tensor import Tensor
from ..users import warn


class AsTensor(type):
    """Whose every Tensor is an instance."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=AsTensor):
    """`Variable(data, requires_grad=False)`: a leaf of the same memory. What it returns is a Tensor, as every Variable is.

    https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated"""

    def __new__(cls, data=None, requires_grad=False, volatile=None):
        if volatile is not None:
            warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.")
        data = Tensor() if data is None else data
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
