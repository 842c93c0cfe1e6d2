"""Dropout as modules, which are active while training."""

from ..functional.dropout import alpha_dropout, check, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from ..tensor import Tensor
from .shell import Shell, options


@options
class DropoutModule(Shell):
    """Dropout with its probability, active while the module is training."""

    p: float = 0.5
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(DropoutModule):
    """dropout: numbers. https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.Dropout(0.2)
    Dropout(p=0.2, inplace=False)
    """

    def forward(self, input: Tensor) -> Tensor:
        return dropout(input, self.p, self.training, self.inplace)


class Dropout1d(DropoutModule):
    """dropout1d: channels of sequences. https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html"""

    def forward(self, input: Tensor) -> Tensor:
        return dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(DropoutModule):
    """dropout2d: channels of images. https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html"""

    def forward(self, input: Tensor) -> Tensor:
        return dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(DropoutModule):
    """dropout3d: channels of volumes. https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html"""

    def forward(self, input: Tensor) -> Tensor:
        return dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(DropoutModule):
    """alpha_dropout, never in place, as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html"""

    def forward(self, input: Tensor) -> Tensor:
        return alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(DropoutModule):
    """feature_alpha_dropout, never in place, as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html"""

    def forward(self, input: Tensor) -> Tensor:
        return feature_alpha_dropout(input, self.p, self.training)
