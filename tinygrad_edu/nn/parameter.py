"""Parameter and Buffer: tensors that a Module, set as its attributes, knows to be its own."""

from ..tensor import Tensor, rebuilt


class Parameter(Tensor):
    """A tensor that, set as an attribute of a Module, is found by `parameters()`. It shares the memory of `data`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.Parameter(tg.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad=True):
        data = Tensor() if data is None else data
        parameter = rebuilt(cls, data.array, requires_grad)
        parameter.base = data  # one memory, so that a write to either is noticed by both
        return parameter

    def __deepcopy__(self, memo):
        new = memo[id(self)] = rebuilt(type(self), self.array.copy(), self.requires_grad)
        return new

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that, set as an attribute of a Module, is part of its state but is not learned; it shares the memory of `data`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html"""

    def __new__(cls, data=None, *, persistent=True):
        data = Tensor() if data is None else data
        buffer = rebuilt(cls, data.array, False)
        buffer.base, buffer.persistent = data, persistent
        return buffer
