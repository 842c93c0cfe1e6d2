"""Parameter: a leaf Tensor that a Module knows to be its own."""

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
        return rebuilt(cls, (Tensor() if data is None else data).array, requires_grad)

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()
