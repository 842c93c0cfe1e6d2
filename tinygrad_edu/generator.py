"""The Mersenne Twister's words, and what becomes of them: uniform numbers, integers, truths, permutations.

A *word* is 32 random bits, and the generator is a source of words, the same for the same seed. A float32 in [0, 1) is
the low 24 bits of one word over 2²⁴, since 24 bits are what a float32 holds; a float64 takes the low 53 bits of two
words, of which the first is the high half. A draw takes the words that it needs and no more: so two programs with one
seed stay together for as long as they draw the same things in the same order.

Matsumoto and Nishimura, Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number generator,
1998.
"""

import operator
import os
from functools import cached_property

import numpy as np

from .device import CPU
from .fma import fma
from .tensor import Tensor, made

BLOCK = 1 << 14  # numbers made at a time: what is needed for so many stays in the processor's cache
FLOAT64 = np.dtype(np.float64)
N = 624  # the Mersenne Twister makes its words this many at a time

# torch's bytes for a generator's state.
STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),  # words until new ones are made, counted so that 1 means at once
        ("seeded", "<i4"),
        ("next", "<u8"),  # the next word's place
        ("words", "<u8", N),
        ("unused", "V8"),
        ("spare", "<f8"),
        ("unused too", "V8"),
        ("has_spare", "<i4"),
        ("left over", "V12"),
    ]
)


def working(d):
    """The type in which numbers of type d are drawn: its own, but float32 for float16."""
    return np.dtype(np.float32) if d == np.float16 else d


class Generator:
    """A stream of random words, equal to that of torch's CPU generator.

    >>> import tinygrad_edu as tg
    >>> g = tg.Generator().manual_seed(42)
    >>> tg.rand(2, generator=g)
    tensor([0.8823, 0.9150])

    https://docs.pytorch.org/docs/stable/generated/torch.Generator.html"""

    device = CPU

    def __init__(self, device="cpu"):
        if str(device).split(":")[0] != "cpu":
            raise RuntimeError(f"Cannot get a generator for '{device}': random numbers are made on the CPU here")
        self.manual_seed(67280421310721)  # torch's own first seed

    def manual_seed(self, seed):
        """Start over. Only the low 32 bits of the seed count, as in torch: -1 and 2³² - 1 give one stream.

        Raises RuntimeError for what is no whole number, ValueError for one that 64 bits cannot hold."""
        try:
            seed = operator.index(seed)
        except TypeError:
            raise RuntimeError(f"manual_seed expected a whole number, but got {type(seed).__name__}") from None
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"Overflow when unpacking long long: the seed {seed} has more than 64 bits")
        self._seed, self.spare = seed % 2**64, None
        vars(self).pop("words", None)
        return self

    @cached_property
    def words(self):
        """The source of words, made for the first draw: NumPy's part for them takes longer to load than ours for the rest."""
        words = np.random.MT19937()
        np.random.RandomState(words).seed(self._seed % 2**32)
        return words

    def initial_seed(self):
        """What the stream began with, from 0 to 2⁶⁴ - 1."""
        return self._seed

    def seed(self):
        """Seed from the system's entropy, and say with what."""
        return self.manual_seed(int.from_bytes(os.urandom(8)) >> 1).initial_seed()

    # ---------------------------------------------------------------- the place in the stream

    def get_state(self):
        """The seed, the place in the stream and the spare normal number, as torch's 5056 bytes: either engine's
        `set_state` takes the other's.

        >>> import tinygrad_edu as tg
        >>> tg.Generator().get_state().shape, tg.Generator().get_state().dtype
        (torch.Size([5056]), torch.uint8)
        """
        state = np.zeros((), STATE)
        key, place = self.words.state["state"].values()
        fresh = place == N and key[0] == self._seed % 2**32  # torch's next is 0, not N, until a word is drawn
        state["seed"], state["words"], state["seeded"] = self._seed, key, True
        state["next"], state["left"] = 0 if fresh else place, N + 1 - place
        if self.spare is not None:
            state["spare"], state["has_spare"] = self.spare, True
        return made(np.frombuffer(bytearray(state.tobytes()), np.uint8), None)

    def set_state(self, new_state):
        """Go to where `get_state`, here or in torch, was called.

        Raises TypeError for what is no tensor of bytes, RuntimeError for bytes that are no state."""
        if not isinstance(new_state, Tensor) or new_state.array.dtype != np.uint8:
            kind = new_state.dtype if isinstance(new_state, Tensor) else type(new_state).__name__
            raise TypeError(f"RNG state must be a torch.ByteTensor, as get_state() gives it, but got {kind}")
        if new_state.array.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a state of size {STATE.itemsize}, as get_state() gives it, but found {new_state.array.size}"
            )
        state = np.frombuffer(new_state.array.tobytes(), STATE)[0]
        if not (state["seeded"] and 0 < state["left"] <= N and state["next"] <= N):
            raise RuntimeError("Invalid mt19937 state: these bytes are not what get_state() gave")
        place = N if state["left"] == 1 else int(state["next"])
        self._seed, self.spare = int(state["seed"]), float(state["spare"]) if state["has_spare"] else None
        key = state["words"].astype(np.uint32)
        self.words.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": place}}
        return self

    def clone_state(self):
        """Another generator at this place of the same stream."""
        return Generator().set_state(self.get_state())

    # ---------------------------------------------------------------- n draws

    def words32(self, n):
        """n words, as uint64."""
        return self.words.random_raw(n)

    def words64(self, n):
        """n numbers of 64 bits: two words each, the high half first."""
        words = self.words32(2 * n)
        return words[0::2] << np.uint64(32) | words[1::2]

    def unit(self, n, d=FLOAT64):
        """Numbers in [0, 1), each a multiple of 2⁻⁵³ (float64) or 2⁻²⁴ (float32)."""
        if d == FLOAT64:
            return (self.words64(n) & np.uint64(2**53 - 1)).astype(d) * 2.0**-53
        return (self.words32(n) & np.uint64(2**24 - 1)).astype(d) * d.type(2.0**-24)

    def uniform(self, n, low, high, d):
        """low + u (high - low), rounded once; a result that rounded up to `high` becomes `low`."""
        wide = working(d)
        bound, span, out = wide.type(low), wide.type(high) - wide.type(low), np.empty(n, d)
        for start in range(0, n, BLOCK):
            out[start : start + BLOCK] = fma(self.unit(min(BLOCK, n - start), wide), span, bound)
        out[out == d.type(high)] = low
        return out

    def integers(self, n, low, width):
        """low + a word modulo the width, as int64; of 64 bits once the width reaches 2²⁸."""
        words = self.words64(n) if width >= 2**28 else self.words32(n)
        if width == 2**64:  # all that there are
            return words.view(np.int64)
        return (words % np.uint64(width)).view(np.int64) + np.int64(low)

    def integer63(self):
        """What `torch.empty((), dtype=torch.int64).random_()` draws: the seeds of data loaders."""
        return int(self.words64(1)[0] % np.uint64(2**63))

    def permutation(self, n):
        """Fisher and Yates: swap each place with one of those not before it."""
        order = list(range(n))
        if n > 1:
            steps = self.words32(n - 1) % np.arange(n, 1, -1, dtype=np.uint64)
            for i, step in enumerate(steps.tolist()):
                order[i], order[i + step] = order[i + step], order[i]
        return np.array(order, np.int64)


default_generator = Generator()
default_generator.seed()  # two runs differ until somebody seeds them
