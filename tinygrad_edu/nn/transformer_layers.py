"""The layers of a transformer: attention, and a small network for each place, each added to what it was given.

Vaswani et al., Attention is all you need, 2017; Xiong et al., On layer normalization in the transformer architecture, 2020,
for `norm_first`.
"""

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from . import functional as F
from .attention import MultiheadAttention
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}


def activation_of(given):
    if isinstance(given, str) and given not in ACTIVATIONS:
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return ACTIVATIONS[given] if isinstance(given, str) else given


class Block(Module):
    """What the layers of encoder and decoder share: x + f(norm(x)), or norm(x + f(x)), of each f in turn."""

    parts: int  # how many f there are

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        place = {"device": device, "dtype": dtype}
        attention = lambda: MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **place
        )
        self.self_attn = attention()
        self._more_attention(attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        parts = range(1, self.parts + 1)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation_of(activation)

    def _more_attention(self, attention):
        """Where a layer has more than self-attention; here, so that parameters are drawn in torch's order."""

    def _added(self, x, norm, f):
        return x + f(norm(x)) if self.norm_first else norm(x + f(x))

    def _attend(self, attention, dropout, x, memory, mask, padding, causal):
        heard = attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=causal
        )
        return dropout(heard[0])

    def _ff_block(self, x):
        """The network for each place by itself."""
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(Block):
    """Self-attention, then linear2(activation(linear1(x))), each added to x, with a layer norm after it, or before.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerEncoderLayer(d_model=8, nhead=2, batch_first=True)
    >>> layer(tg.rand(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    parts = 2

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        attend = lambda x: self._attend(self.self_attn, self.dropout1, x, x, src_mask, src_key_padding_mask, is_causal)
        x = self._added(src, self.norm1, attend)
        return self._added(x, self.norm2, lambda x: self.dropout2(self._ff_block(x)))


class TransformerDecoderLayer(Block):
    """Self-attention, attention to the encoder's output (`memory`), then a network for each place, each added to x.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html"""

    parts = 3

    def _more_attention(self, attention):
        self.multihead_attn = attention()

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        own = lambda x: self._attend(self.self_attn, self.dropout1, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        across = lambda x: self._attend(
            self.multihead_attn, self.dropout2, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal
        )
        x = self._added(tgt, self.norm1, own)
        x = self._added(x, self.norm2, across)
        return self._added(x, self.norm3, lambda x: self.dropout3(self._ff_block(x)))
