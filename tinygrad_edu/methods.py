"""What an op's declaration puts on Tensor. The class is empty: its stub, `methods.pyi`, is generated from the registry."""


class Methods:
    __slots__ = ()
