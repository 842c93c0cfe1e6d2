"""Sequences of several lengths in one tensor: padded to the longest one's length, or packed without padding.

Packed, all first elements come first, then all second ones, and so on; the sequences are sorted, the longest first, so
that those which have a t-th element are the first `batch_sizes[t]`. A recurrent network takes such a block at each
step.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from ...creation import full
from ...data import as_tensor
from ...dtype import float16, float32, float64, int8, int16, int32, int64, uint8
from ...functional.joining import cat, stack
from ...tensor import Tensor, made

# ------------------------------------------------------------------ packed


class Packed(NamedTuple):
    """The fields of a PackedSequence."""

    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(Packed):
    """Sequences in one tensor `data`, of which `batch_sizes` says how many have a t-th element.

    If they were not sorted, `sorted_indices` says which one now stands where, and `unsorted_indices` leads back.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html"""

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> Self:
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2: (data, batch_sizes)")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The same with converted data."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        return self.to(*args, **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        """AssertionError: tensors live on the CPU here."""
        return self.to("cuda", *args, **kwargs)

    def pin_memory(self) -> Self:
        return type(self)(self.data.pin_memory(), *self[1:])

    def is_pinned(self) -> bool:
        return self.data.is_pinned()

    is_cuda = property(lambda self: self.data.is_cuda)

    def double(self) -> Self:
        return self.to(float64)

    def float(self) -> Self:
        return self.to(float32)

    def half(self) -> Self:
        return self.to(float16)

    def long(self) -> Self:
        return self.to(int64)

    def int(self) -> Self:
        return self.to(int32)

    def short(self) -> Self:
        return self.to(int16)

    def char(self) -> Self:
        return self.to(int8)

    def byte(self) -> Self:
        return self.to(uint8)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one."""
    return None if permutation is None else made(np.argsort(permutation.array), None)


def places(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(t, i) of each packed element: the t-th of sequence i."""
    t, i = np.nonzero(np.arange(lengths.max(initial=0))[:, None] < lengths)
    return t, i


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack sequences that were padded to (T, N, ...), or (N, T, ...) if `batch_first`; lengths are in descending order,
    or sorted here unless `enforce_sorted`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.rnn.pack_padded_sequence(tg.tensor([[1, 2, 3], [4, 5, 0]]), [3, 2], batch_first=True)
    PackedSequence(data=tensor([1, 4, 2, 5, 3]), batch_sizes=tensor([2, 2, 1]), sorted_indices=None, unsorted_indices=None)
    """
    lengths = as_tensor(lengths).to(int64)
    if lengths.dim() != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.dim()}D cpu Long tensor"
        )
    order = None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    input = input.transpose(0, 1) if batch_first else input
    fitting(input, n := lengths.array)
    batch_sizes = np.add.reduce(np.arange(n[0])[:, None] < n, 1)
    return PackedSequence(input[places(n)], made(batch_sizes, None), order)


def fitting(input: Tensor, lengths: np.ndarray) -> None:
    """torch's errors for lengths that (T, N, ...) cannot have."""
    if not input.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    if len(lengths) != input.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={input.shape[1]})"
        )
    if (lengths <= 0).any():
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if (lengths[1:] > lengths[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass"
            " `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement."
        )
    if lengths[0] > len(input):
        raise RuntimeError(f"a length of {lengths[0]} for sequences that were padded to {len(input)}")


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded, lengths): the inverse of pack_padded_sequence, padded to `total_length` if that is given.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html"""
    data, sizes, _, back = sequence
    longest = len(sizes)
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got"
            f" total_length={total_length} and max sequence length being {longest}"
        )
    n = int(sizes[0])
    lengths = np.add.reduce(sizes.array[:, None] > np.arange(n), 0)
    padded = full((total_length or longest, n, *data.shape[1:]), padding_value, dtype=data.dtype)
    padded[places(lengths)] = data
    padded = padded.transpose(0, 1) if batch_first else padded
    lengths = made(lengths, None)
    return (padded, lengths) if back is None else (padded.index_select(0 if batch_first else 1, back), lengths[back])


# ------------------------------------------------------------------ padded


def pad_sequence(
    sequences: Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (Tᵢ, ...) padded to the longest one's length: (T, N, ...), or (N, T, ...) if `batch_first`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.rnn.pad_sequence([tg.tensor([1, 2, 3]), tg.tensor([4, 5])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 5, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    if not all(s.dim() for s in sequences):
        raise RuntimeError("pad_sequence: a sequence has at least one dim, its length, and a 0-d tensor has none")
    rest, longest = sequences[0].shape[1:], max(len(s) for s in sequences)

    def padded(s: Tensor) -> Tensor:
        s = s.to(sequences[0].dtype).expand(len(s), *rest)
        padding = full((longest - len(s), *rest), padding_value, dtype=s.dtype)
        return cat([padding, s] if padding_side == "left" else [s, padding])

    return stack([padded(s) for s in sequences], 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The inverse of pad_sequence. (torch also turns its input in place unless it is `batch_first`; we leave it.)"""
    items = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [item[: int(n)] for item, n in zip(items, lengths, strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (Tᵢ, ...), which are in descending order of length, or sorted here unless `enforce_sorted`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html"""
    return pack_padded_sequence(pad_sequence(sequences), [len(s) for s in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The inverse of pack_sequence."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)
