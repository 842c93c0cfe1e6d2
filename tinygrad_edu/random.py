"""New random tensors, and the seed of the stream that they are drawn from: torch's, bit for bit.

The stream is the default generator's unless `generator=` gives another (`generator.py`); what is made of its words is
in `draws.py`, and for normal numbers in `gaussian.py`. docs/randomness.md tells the whole story.
"""

from contextlib import contextmanager

import numpy as np

from .compose import composed
from .creation import blank_like, creates, floats, one_size, sizes
from .device import contiguous_format, preserve_format
from .draws import demand, demand_floats, greatest, source, whole
from .dtype import as_dtype, int64
from .gaussian import working
from .generator import default_generator
from .inplace import copied_over
from .memory import into
from .names import missing_from
from .tensor import Tensor, made

# ------------------------------------------------------------------ the default generator


def manual_seed(seed):
    """Seed the default generator: the same seed gives the same numbers as torch's.

    Only the seed's low 32 bits count. Raises ValueError where it has more than 64. Returns the generator.
    https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(1337)
    >>> tg.rand(2)
    tensor([0.0783, 0.4956])
    """
    return default_generator.manual_seed(int(seed))


def seed():
    """Seed the default generator from the system's entropy, and say with what."""
    return default_generator.seed()


def initial_seed():
    """What the default generator was last seeded with."""
    return default_generator.initial_seed()


def get_rng_state():
    """The default generator's place in its stream, as torch's 5056 bytes: torch's set_rng_state takes them too.

    >>> import tinygrad_edu as tg
    >>> state = tg.get_rng_state()
    >>> first = tg.rand(3)
    >>> tg.set_rng_state(state)
    >>> tg.equal(tg.rand(3), first)
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state):
    """Put the default generator to where `get_rng_state`, here or in torch, was called."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices=None, enabled=True, device_type=None):
    """While open, draw what you like: afterwards the default generator is where it was.

    https://docs.pytorch.org/docs/stable/random.html

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(1337)
    >>> with tg.random.fork_rng():
    ...     _ = tg.rand(1000)
    >>> tg.rand(2)
    tensor([0.0783, 0.4956])
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def thread_safe_generator():
    """The generator of the data loader's worker thread that asks: None, since loaders have processes for that here."""


# ------------------------------------------------------------------ uniform and normal numbers


def drawn(array, method, *args, **options):
    """The array, overwritten by one of a tensor's methods that draw."""
    getattr(made(array, None), method)(*args, **options)
    return array


def unheard(result, *inputs):
    """The result in a graph, as torch has it: all gradients are 0, since no input has a slope in what chance decides."""
    for x in inputs:
        if isinstance(x, Tensor) and x.node is not None:
            result = copied_over(x.expand(result.shape), result)
    return result


@creates
def rand(*size, dtype, generator=None):
    """Uniform numbers in [0, 1): whole multiples of 2⁻²⁴ in float32, of 2⁻⁵³ in float64.

    https://docs.pytorch.org/docs/stable/generated/torch.rand.html

    >>> import tinygrad_edu as tg
    >>> tg.rand(2, generator=tg.Generator().manual_seed(42))
    tensor([0.8823, 0.9150])
    """
    return drawn(np.empty(sizes(size), floats(dtype)), "uniform_", generator=generator)


@creates
def rand_like(input, *, dtype, generator=None, memory_format=preserve_format):
    """Uniform numbers in [0, 1), in input's shape and dtype."""
    return drawn(blank_like(input, dtype, memory_format), "uniform_", generator=generator)


@creates
def randn(*size, dtype, generator=None):
    """Normal numbers with mean 0 and variance 1.

    https://docs.pytorch.org/docs/stable/generated/torch.randn.html

    >>> import tinygrad_edu as tg
    >>> tg.randn(2, generator=tg.Generator().manual_seed(42))
    tensor([0.3367, 0.1288])
    """
    return drawn(np.empty(sizes(size), floats(dtype)), "normal_", generator=generator)


@creates
def randn_like(input, *, dtype, generator=None, memory_format=preserve_format):
    """Normal numbers with mean 0 and variance 1, in input's shape and dtype."""
    return drawn(blank_like(input, dtype, memory_format), "normal_", generator=generator)


def normal(mean, std=1.0, size=None, *, generator=None, out=None, **options):
    """mean + std z, for z standard normal: of this size, or one for each entry of mean and std, which broadcast.

    No gradient reaches mean and std: write `mean + std * randn_like(std)` where one should.
    Raises RuntimeError where a std is negative.
    https://docs.pytorch.org/docs/stable/generated/torch.normal.html

    >>> import tinygrad_edu as tg
    >>> tg.normal(10.0, 0.1, (2,), generator=tg.Generator().manual_seed(42))
    tensor([10.0337, 10.0129])
    """
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if not tensors:
        if size is None:
            raise TypeError("normal() of two numbers needs a size: normal(mean, std, size)")
        return normal_of_size(size, mean, std, generator=generator, out=out, **options)
    if options:
        raise TypeError(f"normal() of tensors got an unexpected keyword argument '{next(iter(options))}'")
    demand_floats("normal", tensors[0])
    mu, sigma = (x.detach() if isinstance(x, Tensor) else x for x in (mean, std))
    if isinstance(std, Tensor):
        demand((std.array >= 0).all(), f"normal expects all elements of std >= 0.0, but found {std}")
        z = drawn(np.empty((mu + sigma).shape, tensors[0].array.dtype), "normal_", generator=generator)
        result = made(z, None).mul_(sigma).add_(mu)
    else:
        result = made(drawn(np.empty(mu.shape, mu.array.dtype), "normal_", 0, std, generator=generator), None).add_(mu)
    result = unheard(result, mean, std)
    return result if out is None else into(out, result, "normal")


@creates
def normal_of_size(size, mean, std, *, dtype, generator=None):
    """The numbers of `normal` for a mean and a std that are numbers."""
    return drawn(np.empty(one_size(size), floats(dtype)), "normal_", mean, std, generator=generator)


# ------------------------------------------------------------------ integers


@creates
def randint(low=0, high=None, size=None, *, dtype, generator=None):
    """Whole numbers from low up to, but without, high: `randint(high, size)` or `randint(low, high, size)`.

    Raises RuntimeError where low >= high or the dtype, int64 unless named, does not hold them.
    https://docs.pytorch.org/docs/stable/generated/torch.randint.html

    >>> import tinygrad_edu as tg
    >>> tg.randint(10, (3,), generator=tg.Generator().manual_seed(42))
    tensor([2, 7, 6])
    """
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    return drawn(np.empty(one_size(size), dtype or int64.dtype), "random_", low, high, generator=generator)


@creates
def randint_like(input, low=0, high=None, *, dtype, generator=None, memory_format=preserve_format):
    """Whole numbers from low (0 if only one bound is given) up to, but without, high, in input's shape and dtype."""
    low, high = (0, low) if high is None else (low, high)
    return drawn(blank_like(input, dtype, memory_format), "random_", low, high, generator=generator)


@creates
def randperm(n, *, dtype, generator=None):
    """The numbers 0 ... n - 1 in random order, as int64 unless another dtype, which must hold them, is named.

    https://docs.pytorch.org/docs/stable/generated/torch.randperm.html

    >>> import tinygrad_edu as tg
    >>> tg.randperm(5, generator=tg.Generator().manual_seed(42))
    tensor([2, 4, 3, 0, 1])
    """
    (n,), d = sizes((whole("n", n),)), as_dtype(dtype or int64)
    if d.dtype == bool:
        raise NotImplementedError('"randperm" not implemented for torch.bool: it counts')
    demand(n <= greatest(d.dtype) + 1, f"n={n} is too large for {d}, which cannot count to it")
    return source(generator).permutation(n).astype(d.dtype)


# ------------------------------------------------------------------ events of given probabilities


@composed
def bernoulli(input, p=None, *, generator=None):
    """1 where u < p, else 0, in input's shape and dtype; input itself holds the probabilities if p is not given.

    Raises RuntimeError for a probability outside [0, 1].
    https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html

    >>> import tinygrad_edu as tg
    >>> tg.bernoulli(tg.tensor([0.0, 0.5, 1.0]), generator=tg.Generator().manual_seed(42))
    tensor([0., 0., 1.])
    """
    chances = input.detach() if p is None else p
    events = drawn(blank_like(input, None, contiguous_format), "bernoulli_", chances, generator=generator)
    return unheard(made(events, None), input)


@composed(out="exact")
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """The numbers of num_samples categories, drawn with the weights in input: (n,) or, row by row, (m, n).

    With replacement, the first category at which the cumulative probability reaches u. Without, those with the
    largest weight / e, for e exponential: of several exponential clocks, each rings first with the probability that
    its rate has among the rates. Raises RuntimeError where weights are negative, not finite, or sum to 0.
    https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html

    >>> import tinygrad_edu as tg
    >>> weights = tg.tensor([1.0, 0.0, 2.0])
    >>> tg.multinomial(weights, 5, replacement=True, generator=tg.Generator().manual_seed(42))
    tensor([0, 0, 0, 0, 2])
    """
    generator, weights, k = source(generator), input.array, whole("num_samples", num_samples)
    demand(weights.ndim in (1, 2), f"prob_dist must be 1 or 2 dim, and input has shape {list(input.shape)}")
    demand(input.is_floating_point(), f"multinomial only supports floating-point dtypes for input, got: {input.dtype}")
    demand(k > 0, f"cannot sample n_sample <= 0 samples: num_samples is {k}")
    demand(
        replacement or k <= weights.shape[-1],
        f"cannot sample n_sample > prob_dist.size(-1) samples without replacement: {k} of {weights.shape[-1]}",
    )
    demand(weights.shape[-1] > 0 or not len(weights), f"input of shape {list(input.shape)} has no categories")
    demand(
        (np.isfinite(weights) & (weights >= 0)).all(),
        "probability tensor contains either `inf`, `nan` or element < 0",
    )
    demand(weights.any(-1).all(), "invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement:
        rates = weights / drawn(blank_like(input, None), "exponential_", generator=generator)
        order = np.argsort(-rates, -1, kind="stable")[..., :k]
        return made(order, None)
    rows = [categories(row, generator.unit(k)) for row in weights.reshape(-1, weights.shape[-1])]
    return made(np.array(rows, np.int64).reshape(*weights.shape[:-1], k), None)


def categories(weights, u):
    """Where each u falls in the cumulative distribution."""
    cumulative = np.cumsum(weights, dtype=working(weights.dtype))
    return np.searchsorted(cumulative / cumulative[-1], u)


__getattr__ = missing_from(__name__)
