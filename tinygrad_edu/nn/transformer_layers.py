"""The layers of a Transformer: attention and two Linear, each added to what it was given. (Vaswani et al., 2017.)

    x = norm(x + attention(x))              or, with norm_first,   x = x + attention(norm(x))
    x = norm(x + two_linear(x))                                    x = x + two_linear(norm(x))

where two_linear(x) = linear2(activation(linear1(x))).
Dropout follows the activation and each block. https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
"""

from collections.abc import Callable
from typing import Any

from ..functional.multihead import additive
from ..tensor import Tensor
from ..users import warn
from . import functional as F
from .activations import GELU, ReLU
from .attention import MultiheadAttention
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

Activation = str | Callable[[Tensor], Tensor]


class TransformerLayer(Module):
    """What both kinds of layer share: attention to themselves, and two Linear for each place."""

    attentions: tuple[str, ...] = ("self_attn",)  # each of which, and the two Linear, has its norm and its dropout

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = dict(device=device, dtype=dtype)
        for name in self.attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **factory)
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **factory)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **factory)
        self.norm_first = norm_first
        blocks = range(1, len(self.attentions) + 2)
        for i in blocks:
            self.add_module(f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, **factory))
        for i in blocks:
            self.add_module(f"dropout{i}", Dropout(dropout))
        self._activate(activation)

    def _activate(self, activation: Activation) -> None:
        self.activation = named(activation) if isinstance(activation, str) else activation

    def _added(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        """x and what a block makes of it."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _sa_block(self, x: Tensor, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False) -> Tensor:
        """Attention to the sequence itself."""
        masks = dict(attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal)
        return self.dropout1(self.self_attn(x, x, x, need_weights=False, **masks)[0])

    def _ff_block(self, x: Tensor) -> Tensor:
        """Two Linear, at each place alike."""
        last = getattr(self, f"dropout{len(self.attentions) + 1}")
        return last(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def named(activation: str) -> Callable[[Tensor], Tensor]:
    """The activation of this name."""
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return getattr(F, activation)


class TransformerEncoderLayer(TransformerLayer):
    """Attention to the sequence itself, then two Linear.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(tg.rand(4, 5, 8)).shape  # 4 sequences of 5 places
    torch.Size([4, 5, 8])
    """

    def _activate(self, activation: Activation) -> None:
        super()._activate(activation)
        relu = self.activation is F.relu or isinstance(self.activation, ReLU)
        gelu = self.activation is F.gelu or isinstance(self.activation, GELU)
        self.activation_relu_or_gelu = 1 if relu else 2 if gelu else 0  # torch's fast form knows these two

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        src_mask, padding = both_added(src, src_mask, src_key_padding_mask, "src_mask")
        x = self._added(src, self.norm1, lambda x: self._sa_block(x, src_mask, padding, is_causal))
        return self._added(x, self.norm2, self._ff_block)


def both_added(src: Tensor, mask: Tensor | None, padding: Tensor | None, name: str) -> Any:
    """Both masks as floats to be added to scores."""
    if mask is not None and padding is not None and mask.dtype is not padding.dtype:
        warn(
            f"Support for mismatched src_key_padding_mask and {name} is deprecated. Use same type for both instead:"
            f" {padding.dtype} and {mask.dtype}"
        )
    padding = None if padding is None else additive("src_key_padding_mask", padding, src)
    return None if mask is None else additive(name, mask, src), padding


class TransformerDecoderLayer(TransformerLayer):
    """Attention to the sequence itself, then to what an encoder made of another, the memory, then two Linear.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html"""

    attentions = ("self_attn", "multihead_attn")

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
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        to_memory = memory_mask, memory_key_padding_mask, memory_is_causal
        x = self._added(tgt, self.norm1, lambda x: self._sa_block(x, *own))
        x = self._added(x, self.norm2, lambda x: self._mha_block(x, memory, *to_memory))
        return self._added(x, self.norm3, self._ff_block)

    def _mha_block(
        self, x: Tensor, mem: Tensor, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False
    ) -> Tensor:
        """Attention to the memory."""
        masks = dict(attn_mask=attn_mask, key_padding_mask=key_padding_mask, is_causal=is_causal)
        return self.dropout2(self.multihead_attn(x, mem, mem, need_weights=False, **masks)[0])
