"""torch's CPU random numbers, bit for bit.

The source is the Mersenne Twister, which gives 32 random bits, a *word*, at a time; all that follows is how torch
turns words into numbers. A float32 in [0, 1) is the low 24 bits of one word, since that is how many a float32 can
hold; a float64 takes the low 53 bits of two words, the first being the high half. A draw consumes the words that it
needs and no more: that is why two programs with one seed stay together only if they draw the same things in order.
"""

import secrets

import numpy as np

from .creation import finished, floats, like, sizes
from .dtype import as_dtype, int64
from .fma import fma
from .inplace import refuse
from .memory import wrote
from .tensor import Tensor


class Generator:
    """A stream of random words.

    https://docs.pytorch.org/docs/stable/generated/torch.Generator.html"""

    device = "cpu"

    def __init__(self, device="cpu"):
        self.manual_seed(67280421310721)  # torch's own first seed

    def manual_seed(self, seed):
        """Start over. Only the low 32 bits of the seed count, as in torch: -1 and 2³² - 1 are one seed."""
        if not -(2**63) <= seed < 2**64:
            raise RuntimeError(f"Overflow when unpacking long: the seed {seed} has more than 64 bits")
        self._seed = int(seed) % 2**64
        self.words = np.random.MT19937()
        self.words.state = np.random.RandomState(self._seed % 2**32).get_state(legacy=False)
        return self

    def initial_seed(self):
        return self._seed

    def seed(self):
        """Seed from the system's entropy, and say with what."""
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def get_state(self):
        """The stream's place, as an opaque value for `set_state`."""
        return self._seed, self.words.state

    def set_state(self, state):
        self._seed, self.words.state = state
        return self

    def words32(self, n):
        return self.words.random_raw(n)

    def words64(self, n):
        words = self.words32(2 * n)
        return words[0::2] << np.uint64(32) | words[1::2]

    def unit(self, n, d):
        """n numbers in [0, 1), each a multiple of 2⁻²⁴ (float32) or 2⁻⁵³ (float64)."""
        if d == np.float64:
            return (self.words64(n) % np.uint64(2**53)).astype(d) * 2.0**-53
        return (self.words32(n) % np.uint64(2**24)).astype(d) * d.type(2.0**-24)

    def uniform(self, n, low, high, d):
        """low + u (high - low), rounded once; a result that rounded up to `high` becomes `low`."""
        low, high, span = d.type(low), d.type(high), d.type(high - low)
        values = fma(self.unit(n, d), span, low)
        return np.where(values == high, low, values)

    def integers(self, n, low, high):
        """Words modulo the width; of 64 bits each once the width reaches 2²⁸."""
        words = self.words64(n) if high - low >= 2**28 else self.words32(n)
        return (words % np.uint64(high - low)).astype(np.int64) + low

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


def manual_seed(seed):
    """Seed the default generator: the same seed gives the same numbers as torch's, on every machine.

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(1337)
    >>> tg.rand(2)
    tensor([0.0783, 0.4956])
    """
    return default_generator.manual_seed(seed)


def seed():
    """Seed the default generator from the system's entropy, and say with what."""
    return default_generator.seed()


def initial_seed():
    """What the default generator was last seeded with."""
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's place in its stream."""
    return default_generator.get_state()


def set_rng_state(state):
    """Put the default generator back to a place that `get_rng_state` gave."""
    default_generator.set_state(state)


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform numbers in [0, 1)."""
    shape, d = sizes(size), floats(dtype)
    n = int(np.prod(shape, dtype=int))
    return finished((generator or default_generator).uniform(n, 0, 1, d).reshape(shape), requires_grad)


def rand_like(input, *, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform numbers in [0, 1), in input's shape and dtype."""
    return rand(*input.shape, generator=generator, dtype=like(input, dtype), requires_grad=requires_grad)


def uniform_(self, from_=0.0, to=1.0, *, generator=None, **named):
    """Overwrite with uniform numbers in [from, to)."""
    low, high = named.pop("from", from_), to
    if not low <= high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    refuse(self)
    in_memory_order = self.array.transpose(np.argsort([-stride for stride in self.array.strides], kind="stable"))
    drawn = (generator or default_generator).uniform(self.array.size, low, high, self.array.dtype)
    in_memory_order[...] = drawn.reshape(in_memory_order.shape)
    wrote(self)
    return self


def randint(low, high=None, size=None, *, generator=None, dtype=None, device=None, requires_grad=False):
    """Whole numbers from low (0 if only one bound is given) up to, but without, high."""
    if size is None:
        low, high, size = 0, low, high
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    n = int(np.prod(size, dtype=int))
    drawn = (generator or default_generator).integers(n, low, high)
    return finished(drawn.reshape(size).astype(as_dtype(dtype or int64).dtype), requires_grad)


def randperm(n, *, generator=None, dtype=None, device=None, requires_grad=False):
    """The numbers 0 ... n - 1 in random order."""
    order = (generator or default_generator).permutation(n)
    return finished(order.astype(as_dtype(dtype or int64).dtype), requires_grad)


Tensor.uniform_ = uniform_
