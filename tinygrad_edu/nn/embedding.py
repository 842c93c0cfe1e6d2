"""Embeddings: a vector for each thing of a vocabulary, read from a table that is learned."""

from typing import Any, Self

from ..autograd import no_grad
from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class Table(Module):
    """A table of `num_embeddings` rows. It begins standard normal, but for the row `padding_idx`, which is zeros."""

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Tensor | None,
        freeze: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < max(1, num_embeddings):
            raise AssertionError(f"Padding_idx must be within num_embeddings: {padding_idx} of {num_embeddings}")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx if padding_idx is None or padding_idx >= 0 else num_embeddings + padding_idx
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.sparse = sparse
        if weight is None:
            self.weight = Parameter(empty((num_embeddings, embedding_dim), device=device, dtype=dtype), not freeze)
            self.reset_parameters()
        elif weight.shape != (num_embeddings, embedding_dim):
            raise AssertionError(
                f"Shape of weight does not match num_embeddings and embedding_dim: {list(weight.shape)} is not"
                f" {[num_embeddings, embedding_dim]}"
            )
        else:
            self.weight = Parameter(weight, not freeze)

    def reset_parameters(self) -> None:
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def told(self) -> list[str]:
        """The options that are not as usual."""
        found = [] if self.max_norm is None else [f"max_norm={self.max_norm}"]
        found += [] if self.norm_type == 2 else [f"norm_type={self.norm_type}"]
        return found + ([f"scale_grad_by_freq={self.scale_grad_by_freq}"] if self.scale_grad_by_freq else [])

    @classmethod
    def sizes_of(cls, embeddings: Tensor) -> tuple[int, int]:
        if embeddings.dim() != 2:
            raise AssertionError(
                f"Embeddings parameter is expected to be 2-dimensional: rows of vectors, not {list(embeddings.shape)}"
            )
        return tuple(embeddings.shape)


class Embedding(Table):
    """weight[i] for each row number i. The row `padding_idx` is not learned; a row longer than `max_norm` is shortened.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.Embedding(1000, 16)(tg.tensor([[3, 14], [15, 926]])).shape
    torch.Size([2, 2, 16])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        how = padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        super().__init__(num_embeddings, embedding_dim, *how, _weight, _freeze, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        how = self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        return F.embedding(input, self.weight, *how)

    def extra_repr(self) -> str:
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        sparse = ["sparse=True"] if self.sparse else []
        return ", ".join([str(self.num_embeddings), str(self.embedding_dim), *padding, *self.told(), *sparse])

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """The rows of this tensor, whose memory is shared; not learned, unless `freeze=False`."""
        rows, width = cls.sizes_of(embeddings)
        return cls(rows, width, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)


class EmbeddingBag(Table):
    """The mean, sum or maximum (`mode`) of weight[i] over the row numbers i of each bag.

    A bag is a row of `input`, or what lies between two `offsets` in a vector. The row `padding_idx` is left out.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html"""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        how = padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        super().__init__(num_embeddings, embedding_dim, *how, _weight, False, device, dtype)
        self.mode, self.include_last_offset = mode, include_last_offset

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        sizes = str(self.num_embeddings), str(self.embedding_dim)
        return ", ".join([*sizes, *self.told(), f"mode={self.mode!r}", *padding])

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Bags of the rows of this tensor, whose memory is shared; not learned, unless `freeze=False`."""
        rows, width = cls.sizes_of(embeddings)
        how: dict[str, Any] = dict(_weight=embeddings, include_last_offset=include_last_offset, padding_idx=padding_idx)
        bag = cls(rows, width, max_norm, norm_type, scale_grad_by_freq, mode, sparse, **how)
        bag.weight.requires_grad_(not freeze)
        return bag
