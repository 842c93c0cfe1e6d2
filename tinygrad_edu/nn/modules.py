"""torch's files of layers, for those who name one: `nn.modules.conv.Conv2d` is `nn.Conv2d`, and so is `nn.modules.Conv2d`."""

import sys
from typing import Any

FILES = (
    "activation adaptive batchnorm channelshuffle container conv distance dropout flatten fold instancenorm lazy linear"
    " loss module normalization padding pixelshuffle pooling rnn sparse transformer upsampling utils"
)


def __getattr__(name: str) -> Any:
    nn = sys.modules[__package__]
    return nn if name in FILES.split() else getattr(nn, name)
