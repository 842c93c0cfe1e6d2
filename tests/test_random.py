"""Random streams: the same seed, the same bits as torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.fma import fma

SEEDS = [0, 1, 1337, -1, 2**31, 2**32 + 5, 2**63 + 11, -(2**40)]


def bits(t):
    array = np.ascontiguousarray(t.detach().numpy())
    return array.dtype, array.shape, array.tobytes()


DRAWS = {
    "rand(1000)": lambda t: t.rand(1000),
    "rand(3, 4) in float64": lambda t: t.rand(3, 4, dtype=t.float64),
    "uniform_(-0.3, 1.7)": lambda t: t.empty(257).uniform_(-0.3, 1.7),
    "uniform_ in float64": lambda t: t.empty(257, dtype=t.float64).uniform_(-0.3, 1.7),
    "rand_like": lambda t: t.rand_like(t.zeros(5, dtype=t.float64)),
    "randint(7)": lambda t: t.randint(7, (50,)),
    "randint(-5, 12)": lambda t: t.randint(-5, 12, (5, 10)),
    "randint up to 2**28 - 1": lambda t: t.randint(0, 2**28 - 1, (50,)),
    "randint from 2**28 up": lambda t: t.randint(0, 2**28, (50,)),
    "randint over 2**40": lambda t: t.randint(-(2**39), 2**39, (50,)),
    "randperm(0)": lambda t: t.randperm(0),
    "randperm(1)": lambda t: t.randperm(1),
    "randperm(1000)": lambda t: t.randperm(1000),
    "Linear(3, 4)": lambda t: t.nn.Linear(3, 4).weight,
    "Linear(30, 16)": lambda t: t.nn.Linear(30, 16).bias,
    "Linear in float64": lambda t: t.nn.Linear(5, 2, dtype=t.float64).weight,
    "kaiming_uniform_": lambda t: t.nn.init.kaiming_uniform_(t.empty(3, 5), a=0.2),
    "xavier_uniform_": lambda t: t.nn.init.xavier_uniform_(t.empty(3, 5), gain=1.5),
}


@pytest.mark.parametrize("draw", DRAWS)
def test_every_draw_equals_torchs_bits(draw, torch):
    for seed in SEEDS:
        results = []
        for engine in (tg, torch):
            engine.manual_seed(seed)
            results.append((bits(DRAWS[draw](engine)), bits(engine.rand(3))))  # and the stream is where torch's is
        assert results[0] == results[1]


@given(seed=st.integers(-(2**63), 2**64 - 1), draws=st.lists(st.sampled_from(sorted(DRAWS)), max_size=8))
def test_any_interleaving_equals_torchs_bits(seed, draws):
    torch = pytest.importorskip("torch")
    streams = []
    for engine in (tg, torch):
        engine.manual_seed(seed)
        streams.append([bits(DRAWS[draw](engine)) for draw in draws])
    assert streams[0] == streams[1]


def test_a_generator_of_its_own(torch):
    for engine in (tg, torch):
        engine.manual_seed(5)
    streams = []
    for engine in (tg, torch):
        g = engine.Generator().manual_seed(42)
        streams.append([bits(engine.rand(5, generator=g)), bits(engine.randperm(9, generator=g)), bits(engine.rand(2))])
        assert g.initial_seed() == 42
    assert streams[0] == streams[1]
    assert tg.Generator().initial_seed() == torch.Generator().initial_seed()


def test_without_torch_the_books_weights_are_these():
    tg.manual_seed(1337)
    linear = tg.nn.Linear(2, 1)
    assert [w.hex() for w in linear.weight[0].tolist()] == ["-0x1.3154be0000000p-1", "-0x1.963fda0000000p-8"]
    assert linear.bias.item().hex() == "0x1.6487c00000000p-3"


def test_state_can_be_put_back():
    state = tg.get_rng_state()
    a = tg.rand(10)
    tg.set_rng_state(state)
    assert tg.equal(a, tg.rand(10))


def test_the_default_stream_is_not_always_the_same():
    import subprocess
    import sys

    draw = [sys.executable, "-c", "import tinygrad_edu as tg; print(tg.rand(3).tolist())"]
    assert subprocess.check_output(draw) != subprocess.check_output(draw)


def test_importing_leaves_numpys_own_stream_alone():
    np.random.seed(3)
    expected = np.random.RandomState(3).random(2)
    tg.seed()
    tg.rand(4)
    assert np.array_equal(np.random.random(2), expected)


@given(
    st.lists(st.tuples(*[st.floats(-(2.0**60), 2.0**60, width=32)] * 3), min_size=1, max_size=20),
    st.sampled_from([np.float32, np.float64]),
)
def test_fma_rounds_once(triples, dtype):
    from fractions import Fraction

    a, b, c = np.array(triples, dtype).T
    exact = [Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)) for x, y, z in zip(a, b, c)]
    rounded = fma(a, b, c)
    assert rounded.dtype == dtype
    for value, truth in zip(rounded, exact):
        error = abs(Fraction(float(value)) - truth)
        for neighbour in (np.nextafter(value, dtype(np.inf)), np.nextafter(value, dtype(-np.inf))):
            assert error <= abs(Fraction(float(neighbour)) - truth)
