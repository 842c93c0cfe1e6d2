"""Parameters and buffers whose size is not known yet."""

from typing import Any

from ..creation import empty
from ..dtype import as_dtype
from ..tensor import Tensor, rebuilt
from .parameter import Buffer, Parameter


class Uninitialized(Tensor):
    """A tensor without numbers: what asks for them gets an error, until `materialize` gives it a size.

    It becomes another class then, and stays the same object, so that an optimizer that has it goes on with it."""

    cls_to_become: Any

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Give it memory of this shape, in its own dtype unless another is named, whose numbers are not set."""
        new = empty(shape, device=device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become
        self.data = new

    @property
    def array(self):
        raise ValueError(
            f"Attempted to use an uninitialized {'parameter' if isinstance(self, Parameter) else 'buffer'}: a lazy module"
            " learns its sizes from its first input. Call it with a batch first"
        )

    @property
    def shape(self):
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. Call the module with a batch first"
        )

    @property
    def dtype(self):
        return as_dtype(Tensor.array.__get__(self).dtype)

    def detach(self):
        return self  # as a checkpoint has it

    def __deepcopy__(self, memo):
        new = memo[id(self)] = type(self)(self.requires_grad, dtype=self.dtype)
        return new

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, None, self.dtype)

    def __repr__(self):
        return f"<{type(self).__name__}>"


class UninitializedParameter(Uninitialized, Parameter):
    """A Parameter whose size is not known yet.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html"""

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        new = rebuilt(Parameter, empty(0, device=device, dtype=dtype).array, requires_grad)
        new.__class__ = cls
        return new


class UninitializedBuffer(Uninitialized, Buffer):
    """A buffer whose size is not known yet.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedBuffer.html"""

    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        new = rebuilt(Buffer, empty(0, device=device, dtype=dtype).array, requires_grad)
        new.__class__, new.persistent = cls, persistent
        return new


def is_lazy(param: Any) -> bool:
    """Whether this is a parameter or buffer whose size is not known yet."""
    return isinstance(param, Uninitialized)
