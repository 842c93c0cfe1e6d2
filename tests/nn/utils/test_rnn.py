"""Sequences of several lengths, packed and padded, beside torch's."""

import copy
import pickle

import pytest

import tinygrad_edu as tg
from tests.nn.beside import numbers, same
from tests.snippets import outcome

LENGTHS = {"sorted": (4, 3, 3, 1), "equal": (4, 4), "unsorted": (1, 3, 4, 2, 3), "one": (2,)}


def sequences(t, lengths, *rest, dtype="float64"):
    flat = t.tensor(numbers(sum(lengths), *rest) * 9).to(getattr(t, dtype))
    return [part.clone() for part in flat.split(lengths)]


def listed(packed):
    """A packed sequence's four parts."""
    return [part for part in packed if part is not None]


PROGRAMS = {
    **{
        f"pack_sequence {name} {rest} {dtype}": lambda t, n=n, rest=rest, dtype=dtype: listed(
            t.nn.utils.rnn.pack_sequence(sequences(t, n, *rest, dtype=dtype), enforce_sorted=False)
        )
        for name, n in LENGTHS.items()
        for rest in ((), (2,), (2, 3))
        for dtype in ("float64", "int64")
    },
    **{
        f"pad_sequence {first} {side} {dtype}": lambda t, first=first, side=side, dtype=dtype: (
            t.nn.utils.rnn.pad_sequence(sequences(t, (2, 4, 1), 3, dtype=dtype), first, -1.5, side)
        )
        for first in (True, False)
        for side in ("left", "right")
        for dtype in ("float64", "int64")
    },
    **{
        f"there and back {name} {first}": lambda t, n=n, first=first: list(
            t.nn.utils.rnn.pad_packed_sequence(
                t.nn.utils.rnn.pack_sequence(sequences(t, n, 2), enforce_sorted=False), first, 7.5, total_length=6
            )
        )
        for name, n in LENGTHS.items()
        for first in (True, False)
    },
    "unpack_sequence": lambda t: t.nn.utils.rnn.unpack_sequence(
        t.nn.utils.rnn.pack_sequence(sequences(t, (1, 3, 2), 2), enforce_sorted=False)
    ),
    "unpad_sequence": lambda t: t.nn.utils.rnn.unpad_sequence(
        t.arange(24).reshape(4, 3, 2), t.tensor([1, 9, 4]), batch_first=False
    ),
    "unpad_sequence with too few lengths": lambda t: t.nn.utils.rnn.unpad_sequence(
        t.ones(3, 4), t.tensor([1, 2]), batch_first=True
    ),
    "padded more than needed": lambda t: listed(t.nn.utils.rnn.pack_padded_sequence(t.ones(9, 2), [3, 1])),
    "lengths as a tensor of int32": lambda t: listed(
        t.nn.utils.rnn.pack_padded_sequence(t.ones(3, 2), t.tensor([3, 1], dtype=t.int32))
    ),
    "lengths that go up": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(4, 2), [3, 4]),
    "a length 0": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(4, 2), [3, 0]),
    "too few lengths": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(4, 2), [3]),
    "a matrix of lengths": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(4, 2), t.ones(1, 2).long()),
    "nothing to pack": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.ones(4, 0), []),
    "no sequences": lambda t: t.nn.utils.rnn.pad_sequence([]),
    "no list of sequences": lambda t: t.nn.utils.rnn.pad_sequence(3),
    "sequences of several widths": lambda t: t.nn.utils.rnn.pad_sequence([t.ones(3, 2), t.ones(3, 1)]),
    "sequences of other widths": lambda t: t.nn.utils.rnn.pad_sequence([t.ones(3, 2), t.ones(3, 3)]),
    "sequences of no dims": lambda t: t.nn.utils.rnn.pad_sequence([t.tensor(1.0)]),
    "several dtypes": lambda t: t.nn.utils.rnn.pad_sequence([t.ones(3), t.ones(2, dtype=t.float64)]),
    "the rows of a matrix": lambda t: t.nn.utils.rnn.pad_sequence(t.ones(3, 2)),
    "a side": lambda t: t.nn.utils.rnn.pad_sequence([t.ones(3)], padding_side="up"),
    "a total that is too short": lambda t: t.nn.utils.rnn.pad_packed_sequence(
        t.nn.utils.rnn.pack_sequence([t.ones(3)]), total_length=2
    ),
    "no batch sizes": lambda t: t.nn.utils.rnn.PackedSequence(t.ones(3)),
    "a pair": lambda t: listed(t.nn.utils.rnn.PackedSequence((t.ones(3), t.tensor([2, 1])))),
    "invert_permutation": lambda t: t.nn.utils.rnn.invert_permutation(t.tensor([2, 0, 3, 1])),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_in_torch(name, torch):
    same(PROGRAMS[name], torch)


@pytest.mark.parametrize("name", [n for n in PROGRAMS if isinstance(outcome(PROGRAMS[n], tg), Exception)])
def test_errors_begin_as_torchs(name, torch):
    ours, theirs = (str(outcome(PROGRAMS[name], t)) for t in (tg, torch))
    assert ours[:20] == theirs[:20] or name in ("sequences of no dims", "sequences of other widths")


@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_gradients_pass_through(enforce_sorted, torch):
    def program(t):
        rnn, x = t.nn.utils.rnn, t.tensor(numbers(4, 3, 2), requires_grad=True)
        packed = rnn.pack_padded_sequence(x, [4, 2, 1], enforce_sorted=enforce_sorted)
        (packed.data * packed.data).sum().backward()
        y = t.tensor(numbers(7, 2), requires_grad=True)
        padded, _ = rnn.pad_packed_sequence(packed._replace(data=y), padding_value=3.0)
        (padded * padded).sum().backward()
        z = [t.ones(n, requires_grad=True) for n in (1, 3)]
        (rnn.pad_sequence(z, padding_value=2.0, padding_side="left").cumsum(0) ** 2).sum().backward()
        return [x.grad, y.grad, *(one.grad for one in z)]

    same(program, torch)


def test_it_reads_as_torchs(torch):
    ours, theirs = (repr(t.nn.utils.rnn.pack_sequence([t.ones(3), t.zeros(2)])) for t in (tg, torch))
    assert ours == theirs


def test_conversions():
    packed = tg.nn.utils.rnn.pack_sequence([tg.ones(2), tg.ones(3)], enforce_sorted=False)
    assert packed.to(tg.float32) is packed
    assert packed.cpu() is packed
    for name in ("double", "float", "half", "long", "int", "short", "char", "byte"):
        converted = getattr(packed, name)()
        assert type(converted) is tg.nn.utils.rnn.PackedSequence
        assert converted.data.dtype is getattr(tg.ones(1), name)().dtype
        assert converted.sorted_indices is packed.sorted_indices
    assert not packed.is_cuda
    assert not packed.is_pinned()
    with pytest.raises(AssertionError):
        packed.cuda()


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"])
def test_a_copy_is_equal(clone):
    packed = tg.nn.utils.rnn.pack_sequence([tg.ones(2), tg.zeros(3)], enforce_sorted=False)
    assert [t.tolist() for t in clone(packed)] == [t.tolist() for t in packed]
    assert type(clone(packed)) is type(packed)


def test_unpadding_leaves_its_input_as_it_is():
    x = tg.ones(4, 3)
    tg.nn.utils.rnn.unpad_sequence(x, [1, 2, 3])
    assert x.shape == (4, 3)


def test_a_length_beyond_the_padding_is_refused():
    with pytest.raises(RuntimeError, match="a length of 5"):
        tg.nn.utils.rnn.pack_padded_sequence(tg.ones(4, 2), [5, 1])
