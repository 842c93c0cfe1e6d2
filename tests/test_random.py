"""Random streams: the same seed, the same bits as torch."""

import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.generator import STATE

from .draws import DRAWS, bits
from .snippets import outcome

SEEDS = [1337, -1, 2**31, 2**32 + 5, 2**63 + 11, 2**64 - 1, -(2**40), -(2**63), *range(192)]
DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("draw", DRAWS)
def test_every_draw_equals_torchs_bits_and_leaves_the_stream_where_torch_does(draw, promised):
    for seed in SEEDS:
        results = []
        for engine in (tg, promised):
            engine.manual_seed(seed)
            results.append([bits(DRAWS[draw](engine)), bits(engine.get_rng_state())])
        assert results[0] == results[1], f"seed {seed}"


# ------------------------------------------------------------------ programs of many draws

FROM_GENERATOR = {
    "rand": lambda t, d, g: t.rand(3, generator=g, dtype=d),
    "randn(5)": lambda t, d, g: t.randn(5, generator=g, dtype=d),
    "randn(20)": lambda t, d, g: t.randn(20, generator=g, dtype=d),
    "rand_like": lambda t, d, g: t.rand_like(t.ones(2, dtype=d), generator=g),
    "randn_like": lambda t, d, g: t.randn_like(t.ones(3, dtype=d), generator=g),
    "normal": lambda t, d, g: t.normal(t.ones(3, dtype=d), 2.0, generator=g),
    "randint": lambda t, d, g: t.randint(9, (3,), generator=g),
    "randint_like": lambda t, d, g: t.randint_like(t.ones(2, dtype=d), 9, generator=g),
    "randperm": lambda t, d, g: t.randperm(7, generator=g),
    "bernoulli": lambda t, d, g: t.bernoulli(t.full((4,), 0.4, dtype=d), generator=g),
    "multinomial": lambda t, d, g: t.multinomial(t.ones(4, dtype=d), 3, generator=g),
    "uniform_": lambda t, d, g: t.empty(3, dtype=d).uniform_(-1, 2, generator=g),
    "normal_": lambda t, d, g: t.empty(3, dtype=d).normal_(-1, 2, generator=g),
    "log_normal_": lambda t, d, g: t.empty(3, dtype=d).log_normal_(generator=g),
    "exponential_": lambda t, d, g: t.empty(3, dtype=d).exponential_(generator=g),
    "cauchy_": lambda t, d, g: t.empty(3, dtype=d).cauchy_(generator=g),
    "geometric_": lambda t, d, g: t.empty(3, dtype=d).geometric_(0.3, generator=g),
    "bernoulli_": lambda t, d, g: t.empty(3, dtype=d).bernoulli_(generator=g),
    "random_": lambda t, d, g: t.empty(3, dtype=d).random_(generator=g),
    "trunc_normal_": lambda t, d, g: t.nn.init.trunc_normal_(t.empty(3, dtype=d), generator=g),
    "xavier_normal_": lambda t, d, g: t.nn.init.xavier_normal_(t.empty(3, 2, dtype=d), generator=g),
    "kaiming_normal_": lambda t, d, g: t.nn.init.kaiming_normal_(t.empty(3, 2, dtype=d), generator=g),
    "random_split": lambda t, d, g: [list(p) for p in t.utils.data.random_split(range(5), [3, 2], g)],
    "loader": lambda t, d, g: [
        b.tolist() for b in t.utils.data.DataLoader(range(9), batch_size=4, shuffle=True, generator=g)
    ],
    "WeightedRandomSampler": lambda t, d, g: list(t.utils.data.WeightedRandomSampler([1, 2], 5, generator=g)),
}


def run(program, engine):
    """What a program of steps draws, and where it leaves the streams."""
    generators = [engine.default_generator, *(engine.Generator().manual_seed(i) for i in range(2))]
    saved, seen = engine.get_rng_state(), []
    for what, *rest in program:
        if what == "draw":
            seen.append(bits(DRAWS[rest[0]](engine)))
        elif what == "draw from":
            name, dtype, which = rest
            seen.append(bits(FROM_GENERATOR[name](engine, getattr(engine, dtype), generators[which])))
        elif what == "seed":
            generators[rest[1]].manual_seed(rest[0])
        elif what == "save":
            saved = generators[rest[0]].get_state()
        elif what == "restore":
            generators[rest[0]].set_state(saved)
        elif what == "clone":
            generators[rest[0]] = generators[rest[0]].clone_state()
        elif what == "fork":
            with engine.random.fork_rng(devices=[]):
                seen.append(run(rest[0], engine))
    return [seen, *(bits(g.get_state()) for g in generators), engine.initial_seed()]


which = st.integers(0, 2)
dtypes = st.sampled_from(DTYPES)
steps = (
    st.tuples(st.just("draw"), st.sampled_from(sorted(DRAWS)))
    | st.tuples(st.just("draw from"), st.sampled_from(sorted(FROM_GENERATOR)), dtypes, which)
    | st.tuples(st.just("seed"), st.integers(-(2**63), 2**64 - 1), which)
    | st.tuples(st.sampled_from(["save", "restore"]), which)
    | st.tuples(st.just("clone"), st.integers(1, 2))
)
programs = st.lists(steps | st.tuples(st.just("fork"), st.lists(steps, max_size=4)), max_size=12)


@given(st.integers(-(2**63), 2**64 - 1), programs)
def test_any_program_of_draws_equals_torchs_bits(promised, seed, program):
    streams = []
    for engine in (tg, promised):
        engine.manual_seed(seed)
        streams.append(run(program, engine))
    assert streams[0] == streams[1]


@given(st.integers(0, 2**32), programs, programs)
def test_a_state_travels_to_torch_and_back(promised, seed, before, after):
    tg.manual_seed(seed)
    run(before, tg)
    promised.set_rng_state(promised.from_numpy(tg.get_rng_state().numpy()))
    assert promised.initial_seed() == tg.initial_seed()
    assert run(after, promised) == run(after, tg)
    tg.manual_seed(0)
    tg.set_rng_state(tg.from_numpy(promised.get_rng_state().numpy()))
    assert run(after, promised) == run(after, tg)


@given(*[st.floats(-(2.0**126), 2.0**126, width=32)] * 2, st.sampled_from(DTYPES))
def test_any_bounds_of_a_uniform_draw(promised, low, high, dtype):
    low, high = min(low, high), max(low, high)
    drawn = []
    for engine in (tg, promised):
        engine.manual_seed(1)
        drawn.append(bits(engine.empty(40, dtype=getattr(engine, dtype)).uniform_(low, high)))
    assert drawn[0] == drawn[1]


def not_next_to_nothing(x):
    """Products of numbers below 1e-290 lose digits that fma.py would need (docs/randomness.md)."""
    return x if abs(x) > 1e-290 else 0.0


@given(
    st.floats(-1e6, 1e6).map(not_next_to_nothing),
    st.floats(0, 1e6).map(not_next_to_nothing),
    st.integers(1, 40),
    st.sampled_from(DTYPES),
)
def test_any_mean_and_standard_deviation(promised, mean, std, n, dtype):
    drawn = []
    for engine in (tg, promised):
        engine.manual_seed(1)
        drawn.append(bits(engine.empty(n, dtype=getattr(engine, dtype)).normal_(mean, std)))
    assert drawn[0] == drawn[1]


def test_many_draws_cross_every_block(promised):
    for size in (2**14 - 1, 2**14, 2**14 + 1, 100_003):
        for dtype in [*DTYPES, "float16"]:
            drawn = []
            for engine in (tg, promised):
                engine.manual_seed(size)
                d = getattr(engine, dtype)
                drawn.append([bits(engine.rand(size, dtype=d)), bits(engine.randn(size, dtype=d))])
            assert drawn[0] == drawn[1]


# ------------------------------------------------------------------ what is refused


def ints(t):
    return t.zeros(3, dtype=t.int64)


REFUSED = {
    "uniform_ of integers": lambda t: ints(t).uniform_(),
    "uniform_ backwards": lambda t: t.zeros(3).uniform_(2, 1),
    "uniform_ of nothing, backwards": lambda t: t.zeros(0).uniform_(2, 1),
    "uniform_ from NaN": lambda t: t.zeros(3).uniform_(float("nan"), 1),
    "uniform_ to infinity": lambda t: t.zeros(3).uniform_(0, float("inf")),
    "uniform_ too far": lambda t: t.zeros(3).uniform_(-3e38, 3e38),
    "uniform_ with another keyword": lambda t: t.zeros(3).uniform_(a=1),
    "uniform_ over a leaf": lambda t: t.zeros(3, requires_grad=True).uniform_(),
    "uniform_ over an expanded tensor": lambda t: t.zeros(1).expand(3).uniform_(),
    "normal_ of integers": lambda t: ints(t).normal_(),
    "normal_, negative std": lambda t: t.zeros(3).normal_(0, -1),
    "normal_, std NaN": lambda t: t.zeros(3).normal_(0, float("nan")),
    "normal_ over an expanded tensor": lambda t: t.zeros(1).expand(30).normal_(),
    "log_normal_ of integers": lambda t: ints(t).log_normal_(),
    "log_normal_, std 0": lambda t: t.zeros(3).log_normal_(0, 0),
    "exponential_ of integers": lambda t: ints(t).exponential_(),
    "exponential_, rate 0": lambda t: t.zeros(3).exponential_(0),
    "cauchy_ of integers": lambda t: ints(t).cauchy_(),
    "cauchy_, sigma 0": lambda t: t.zeros(3).cauchy_(0, 0),
    "geometric_ of truths": lambda t: t.zeros(3, dtype=t.bool).geometric_(0.3),
    "geometric_, p 0": lambda t: t.zeros(3).geometric_(0),
    "geometric_, p 1": lambda t: t.zeros(3).geometric_(1),
    "bernoulli_, p 1.5": lambda t: t.zeros(3).bernoulli_(1.5),
    "bernoulli_, p NaN": lambda t: t.zeros(3).bernoulli_(float("nan")),
    "bernoulli_, p integers": lambda t: t.zeros(3).bernoulli_(ints(t)),
    "bernoulli_, other shapes": lambda t: t.zeros(3).bernoulli_(t.zeros(2)),
    "bernoulli of integers": lambda t: t.bernoulli(ints(t)),
    "random_, empty range": lambda t: t.zeros(3).random_(5, 5),
    "random_, negative": lambda t: t.zeros(3).random_(-5),
    "random_, out of uint8": lambda t: t.zeros(3, dtype=t.uint8).random_(0, 300),
    "random_, below uint8": lambda t: t.zeros(3, dtype=t.uint8).random_(-1, 3),
    "random_, out of bool": lambda t: t.zeros(3, dtype=t.bool).random_(0, 3),
    "random_, out of float16": lambda t: t.zeros(3, dtype=t.float16).random_(0, 70000),
    "random_, a fraction": lambda t: t.zeros(3).random_(1.5, 3),
    "randint, empty range": lambda t: t.randint(5, 5, (2,)),
    "randint, a fraction": lambda t: t.randint(5.5, (2,)),
    "randint, out of int8": lambda t: t.randint(0, 300, (2,), dtype=t.int8),
    "randint, out of int64": lambda t: t.randint(0, 2**63, (2,)),
    "rand of integers": lambda t: t.rand(2, dtype=t.int64),
    "rand, negative size": lambda t: t.rand(-1),
    "rand from a number": lambda t: t.rand(2, generator=5),
    "randn of integers": lambda t: t.randn(2, dtype=t.int64),
    "rand_like of integers": lambda t: t.rand_like(ints(t)),
    "randperm, negative": lambda t: t.randperm(-1),
    "randperm, a fraction": lambda t: t.randperm(2.5),
    "randperm, out of uint8": lambda t: t.randperm(300, dtype=t.uint8),
    "randperm of truths": lambda t: t.randperm(2, dtype=t.bool),
    "normal of numbers without a size": lambda t: t.normal(0.0, 1.0),
    "normal, negative std": lambda t: t.normal(t.zeros(2), -1.0),
    "normal, negative stds": lambda t: t.normal(t.zeros(2), t.tensor([1.0, -1.0])),
    "normal, other shapes": lambda t: t.normal(t.zeros(2), t.ones(3)),
    "normal of integers": lambda t: t.normal(ints(t), 1.0),
    "multinomial, too many": lambda t: t.multinomial(t.ones(2), 3),
    "multinomial, none": lambda t: t.multinomial(t.ones(2), 0),
    "multinomial, negative": lambda t: t.multinomial(t.tensor([0.5, -0.2]), 1),
    "multinomial, infinite": lambda t: t.multinomial(t.tensor([0.5, float("inf")]), 1, True),
    "multinomial, all 0": lambda t: t.multinomial(t.tensor([[0.0, 0.0], [1.0, 1.0]]), 1),
    "multinomial, all 0, replacement": lambda t: t.multinomial(t.zeros(2), 1, True),
    "multinomial of integers": lambda t: t.multinomial(ints(t), 1),
    "multinomial, 3-d": lambda t: t.multinomial(t.ones(2, 2, 2), 1),
    "multinomial, no categories": lambda t: t.multinomial(t.ones(2, 0), 1, True),
    "a seed of 65 bits": lambda t: t.manual_seed(2**64),
    "a seed below -2**63": lambda t: t.Generator().manual_seed(-(2**63) - 1),
    "a seed that is no number": lambda t: t.Generator().manual_seed("a"),
    "a seed that is a fraction": lambda t: t.Generator().manual_seed(1.5),
    "another device": lambda t: t.Generator("cuda"),
    "a state of zeros": lambda t: t.set_rng_state(t.zeros(5056, dtype=t.uint8)),
    "a state of another size": lambda t: t.set_rng_state(t.zeros(5, dtype=t.uint8)),
    "a state of floats": lambda t: t.set_rng_state(t.zeros(5056)),
    "a state that is no tensor": lambda t: t.set_rng_state(None),
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_torch_refuses_is_refused_and_draws_nothing(call, torch):
    errors = []
    for engine in (tg, torch):
        engine.manual_seed(3)
        engine.randn(3)
        before = bits(engine.get_rng_state())
        errors.append(outcome(REFUSED[call], engine))
        if engine is tg:
            assert bits(engine.get_rng_state()) == before
    assert isinstance(errors[1], Exception), errors
    assert type(errors[0]) is type(errors[1]), errors


def test_floats_that_cannot_hold_all_bounds_warn(promised):
    drawn = []
    for engine in (tg, promised):
        engine.manual_seed(5)
        with pytest.warns(UserWarning, match="out of bounds"):
            drawn.append(bits(engine.zeros(50).random_(2**25 + 1, 2**26 + 7)))
        with pytest.warns(UserWarning, match="out of bounds"):
            drawn[-1] += bits(engine.zeros(50, dtype=engine.float16).random_(-4999, 4999))
    assert drawn[0] == drawn[1]


# ------------------------------------------------------------------ the graph


def test_a_draw_over_a_computed_tensor_passes_no_gradient(torch):
    for draw in ("uniform_", "normal_", "exponential_", "random_", "bernoulli_"):
        slopes = []
        for engine in (tg, torch):
            x = engine.ones(3, requires_grad=True)
            y = x * 2
            version = y._version
            z = getattr(y, draw)()
            assert z is y
            assert y._version > version
            (y.sum() + 5 * x[0]).backward()
            slopes.append(x.grad.tolist())
        assert slopes[0] == slopes[1] == [5, 0, 0]


def test_a_draw_over_what_a_rule_saved_is_noticed(torch):
    for engine in (tg, torch):
        w, x = engine.ones(3, requires_grad=True), engine.zeros(3)
        y = (w * x).sum()
        x.uniform_()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()


def test_requires_grad_and_default_dtype_are_heard():
    for draw in (tg.rand, tg.randn):
        assert draw(2, requires_grad=True).requires_grad
    try:
        tg.set_default_dtype(tg.float64)
        assert tg.rand(2).dtype is tg.randn(2).dtype is tg.normal(0, 1, (2,)).dtype is tg.float64
    finally:
        tg.set_default_dtype(tg.float32)


# ------------------------------------------------------------------ what holds without torch


def test_without_torch_the_books_weights_are_these():
    tg.manual_seed(1337)
    linear = tg.nn.Linear(2, 1)
    assert [w.hex() for w in linear.weight[0].tolist()] == ["-0x1.3154be0000000p-1", "-0x1.963fda0000000p-8"]
    assert linear.bias.item().hex() == "0x1.6487c00000000p-3"


KNOWN = {
    "rand": (lambda t: t.rand(2), ["0x1.40c97p-4", "0x1.fb82f4p-2"]),
    "rand, float64": (lambda t: t.rand(2, dtype=t.float64), ["0x1.40c978f7ee0bdp-1", "0x1.f835c366c24e8p-1"]),
    "uniform_": (lambda t: t.empty(2).uniform_(-0.3, 1.6), ["-0x1.35a70ap-3", "0x1.488936p-1"]),
    "randn(2)": (lambda t: t.randn(2), ["-0x1.0353b6p+1", "-0x1.086298p+1"]),
    "randn(17)": (lambda t: t.randn(17)[[0, 8, 16]], ["0x1.72386p-3", "-0x1.858c78p-5", "0x1.54575ap-3"]),
    "exponential_": (lambda t: t.empty(2).exponential_(), ["0x1.f8499ep-1", "0x1.0bdefep+2"]),
    "randint": (lambda t: t.randint(-9, 10, (4,)), [2, 8, 0, 2]),
    "randint, 64 bits": (lambda t: t.randint(2**40, (2,)), [650947518653, 396050048232]),
    "randperm": (lambda t: t.randperm(6), [1, 3, 2, 4, 5, 0]),
    "bernoulli_": (lambda t: t.empty(9, dtype=t.int64).bernoulli_(0.6), [0, 0, 0, 0, 1, 0, 1, 1, 0]),
    "multinomial": (lambda t: t.multinomial(t.arange(6.0), 4), [4, 5, 3, 2]),
    "trunc_normal_": (lambda t: t.nn.init.trunc_normal_(t.empty(2)), ["-0x1.3492a8p+0", "-0x1.d30f0ap-1"]),
    "dropout": (lambda t: t.nn.functional.dropout(t.ones(6), 0.5), [0.0, 0.0, 0.0, 0.0, 2.0, 0.0]),
}


@pytest.mark.parametrize("name", KNOWN)
def test_without_torch_these_are_known(name):
    draw, expected = KNOWN[name]
    tg.manual_seed(1337)
    assert draw(tg).tolist() == [float.fromhex(x) if isinstance(x, str) else x for x in expected]


def test_without_torch_ten_thousand_normal_numbers_are_these():
    tg.manual_seed(1337)
    assert sha256(tg.randn(10_000).numpy().astype("<f4").tobytes()).hexdigest()[:16] == "8177882c1f4b3c45"


def test_the_default_stream_is_not_always_the_same():
    draw = [sys.executable, "-c", "import tinygrad_edu as tg; print(tg.rand(3).tolist())"]
    assert subprocess.check_output(draw) != subprocess.check_output(draw)


def test_importing_leaves_numpys_own_stream_alone():
    np.random.seed(3)
    expected = np.random.RandomState(3).random(2)
    tg.seed()
    tg.rand(4)
    assert np.array_equal(np.random.random(2), expected)


def test_a_fork_can_be_off_and_ends_with_an_error_too():
    tg.manual_seed(4)
    first = tg.rand(2).tolist()
    tg.manual_seed(4)
    with pytest.raises(RuntimeError), tg.random.fork_rng():
        tg.rand(tg.rand(2).numel() - 3)
    with tg.random.fork_rng(enabled=False):
        assert tg.rand(2).tolist() == first
    assert tg.rand(2).tolist() != first


def test_tg_random_has_torchs_names(torch):
    assert set(torch.random.__all__) <= set(dir(tg.random))
    assert tg.random.thread_safe_generator() is torch.random.thread_safe_generator() is None
    assert tg.random.default_generator is tg.default_generator
    assert tg.Generator().initial_seed() == torch.Generator().initial_seed()
    assert str(tg.Generator().device) == str(torch.Generator().device)


# ------------------------------------------------------------------ words that no seed gives in a test's time


def untempered(words):
    """The generator's state that gives these words: the inverse of the Mersenne Twister's last step."""
    x = np.array(words, np.uint64)
    x ^= x >> 18
    x ^= (x << 15) & 0xEFC60000
    y = x.copy()
    for _ in range(5):
        y = x ^ ((y << 7) & 0x9D2C5680)
    x = y
    for _ in range(3):
        y = x ^ (y >> 11)
    return y


def state_before(words):
    """A generator's state, as torch and we have it, before these words of it are drawn."""
    state = np.zeros((), STATE)
    state["seeded"], state["left"], state["words"][: len(words)] = True, len(state["words"]), untempered(words)
    return np.frombuffer(bytearray(state.tobytes()), np.uint8)


corner = st.sampled_from([0, 1, 2**22, 2**23 - 1, 2**23, 3 * 2**22 - 3, 3 * 2**22, 3 * 2**22 + 1, 2**24 - 1, 2**32 - 1])


@given(st.lists(corner | st.integers(0, 2**32 - 1), min_size=64, max_size=64))
def test_rare_words_become_torchs_numbers_too(promised, words):
    """0 and its neighbours, quarter turns of the angle, the largest."""
    drawn = []
    for engine in (tg, promised):
        engine.set_rng_state(engine.from_numpy(state_before(words)))
        drawn.append([bits(engine.randint(2**27, (2,))), bits(engine.randn(16)), bits(engine.randn(3))])
        drawn[-1] += [
            bits(engine.rand(16)),
            bits(engine.empty(5).uniform_(-1, 1.3)),
            bits(engine.empty(5).exponential_()),
        ]
    assert drawn[0] == drawn[1]
