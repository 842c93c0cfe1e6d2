"""The Transformer: copies of a layer one after the other, as an encoder, a decoder, or both. (Vaswani et al., 2017.)"""

import copy
from typing import Any

import numpy as np

from ..creation import full
from ..ops.places import triu
from ..tensor import Tensor
from ..thread import thread
from . import functional as F
from .containers import ModuleList
from .init import xavier_uniform_
from .module import Module
from .normalization import LayerNorm
from .transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer, both_added


class Stack(Module):
    """Copies of one layer, one after the other, and a norm at the end."""

    norm: Module | None

    def __init__(self, layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _normed(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(Stack):
    """`num_layers` copies of an encoder layer.

    While evaluating without gradients, torch cuts off what `src_key_padding_mask` hides behind the end of each
    sequence, where its fast layers allow it, and has zeros there: so do we.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html"""

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check
        self.use_nested_tensor = enable_nested_tensor and is_fast(encoder_layer)

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        mask, padding = both_added(src, mask, src_key_padding_mask, "mask")
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=padding, is_causal=bool(is_causal))
        if padding is not None and mask is None and src.dim() == 3 and self._cuts_off(padding.array != 0, src):
            x = x.masked_fill((padding != 0).unsqueeze(-1), 0)
        return self._normed(x)

    def _cuts_off(self, hidden: np.ndarray, src: Tensor) -> bool:
        """Whether what is hidden, the end of each sequence, is to become zeros."""
        learns = thread.grad and any(t.requires_grad for t in (src, *self.layers[0].parameters()))
        at_the_end = not (hidden[:, :-1] & ~hidden[:, 1:]).any()
        return self.use_nested_tensor and not self.layers[0].training and not learns and at_the_end


def is_fast(layer: Module) -> bool:
    """Whether torch has a fast form of an encoder of such layers."""
    if not isinstance(layer, TransformerEncoderLayer) or layer.norm_first or not layer.activation_relu_or_gelu:
        return False
    attention = layer.self_attn
    usual = attention.batch_first and attention._qkv_same_embed_dim and attention.in_proj_bias is not None
    return usual and attention.num_heads % 2 == 0 and layer.norm1.eps == layer.norm2.eps


class TransformerDecoder(Stack):
    """`num_layers` copies of a decoder layer.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html"""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return self._normed(x)


class Transformer(Module):
    """An encoder of the source, and a decoder of the target that listens to it. Matrices begin Xavier uniform.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html"""

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = dict(device=device, dtype=dtype)
        shape = d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias
        norm = lambda: LayerNorm(d_model, layer_norm_eps, bias=bias, **factory)
        self.encoder = custom_encoder
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*shape, **factory)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        self.decoder = custom_decoder
        if custom_decoder is None:
            self.decoder = TransformerDecoder(TransformerDecoderLayer(*shape, **factory), num_decoder_layers, norm())
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        items = 0 if self.batch_first else 1
        if src.dim() == 3 and src.shape[items] != tgt.shape[items]:
            raise RuntimeError(
                f"the batch number of src and tgt must be equal, and they are {src.shape[items]} and {tgt.shape[items]}"
            )
        if (widths := (src.shape[-1], tgt.shape[-1])) != (self.d_model, self.d_model):
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model, {self.d_model}, and they are {widths}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A mask under which place i hears the places up to i: 0 there, -∞ after.

        >>> import tinygrad_edu as tg
        >>> tg.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return triu(full((sz, sz), -np.inf, device=device, dtype=dtype), 1)
