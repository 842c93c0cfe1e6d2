"""The guesser of causes: it names every flaw that is planted, and is silent about everything else."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.diff.causes import Evidence, causes
from parity.diff.causes.suspects import FORMULA, SUSPECTS, heard

from .samples import around, close, evidences, updates

FORMULAS = [hear.__self__ for hear in SUSPECTS[FORMULA] if hasattr(hear, "__self__")]
rng = np.random.default_rng(0)
normal = lambda *shape: rng.normal(size=shape)


def rounded(a):
    """a, as another order of operations would have it."""
    noise = 1e-7 * np.random.default_rng(1).normal(size=a.shape)
    return (a * (1 + noise)).astype(a.dtype) if a.dtype.kind == "f" else a


def names(evidence):
    return [cause.name for cause in causes(evidence)]


def differing(ours, theirs, what="output", op="", **known):
    return Evidence(what=what, op=op, ours=rounded(np.asarray(ours)), theirs=np.asarray(theirs), close=close, **known)


# ------------------------------------------------------------------ formulas


@pytest.fixture(scope="module")
def clean():
    """(evidence of an engine that is right, the formulas about it)"""
    pytest.importorskip("scipy", reason="gelu's erf is SciPy's")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kl_div's, of its mean
        found = [e for made in (evidences, updates, around) for e in made()]
        return [(e, [f for f in FORMULAS if f.about(e) and heard(lambda e, f=f: [f(e)], e)]) for e in found]


def test_formulas_are_right(clean):
    """With its own parts a formula gives what the engine gives, which elsewhere is compared with torch."""
    used = set()
    with np.errstate(all="ignore"):
        for e, formulas in clean:
            for f in formulas:
                np.testing.assert_allclose(f(e), e.theirs, rtol=2e-7, atol=1e-12, err_msg=f"{e.what} {e.op} {e.wrt}")
                used.add(f)
    assert {f.ops for f in FORMULAS} == {f.ops for f in used}


IN_FIRST_STEP = {"the old means": "not remembered"}  # nothing else can be seen where all begins at 0
SAME = (
    "input for output",
    "output for input",
    "applied twice",
    "slope squared",
    "double ",
)  # where f, or f', is a constant


def test_every_flaw_is_named(clean):
    planted, named = set(), set()
    with np.errstate(all="ignore"):
        for e, formulas in clean:
            for f in formulas:
                known = replace(e, arguments=f.defaults | e.arguments)
                for flaw in [flaw for flaws in f.flaws for flaw in heard(flaws, known)]:
                    planted.add((f.ops, flaw.name))
                    if (f.ops, flaw.name) in named:
                        continue
                    for ours in heard(lambda e, f=f, flaw=flaw: [np.asarray(f.compute(e, **flaw.parts))], known):
                        if ours.shape == e.theirs.shape and np.allclose(ours, e.theirs, rtol=1e-4, equal_nan=True):
                            continue
                        found = names(replace(e, ours=rounded(ours)))
                        also = IN_FIRST_STEP.get(flaw.name)
                        assert flaw.name in found or also in found, f"{e.what} {e.op} {e.wrt}: {flaw.name}, not {found}"
                        named.add((f.ops, flaw.name))
    assert not [(ops, name) for ops, name in planted - named if not name.startswith(SAME)]


def test_all_is_silence_where_both_agree(clean):
    for e, _ in clean:
        assert names(e) == names(replace(e, ours=rounded(e.ours))) == []


def test_noise_is_none_of_the_flaws(clean):
    """Also where the formula is known, and all of its flaws are tried."""
    for e, _ in clean[::2]:
        if e.theirs.dtype == np.float64 and e.theirs.size > 1:
            size = 10 ** rng.uniform(-4, 0) * np.abs(e.theirs[np.isfinite(e.theirs)]).max(initial=0.1)
            assert names(replace(e, ours=e.theirs + size * normal(*e.theirs.shape))) == [], f"{e.what} {e.op} {e.wrt}"


# ------------------------------------------------------------------ what becomes of numbers

x = normal(3, 3, 4)

TURNED = [
    ("transposed", x.transpose(1, 0, 2), x),
    ("transposed", normal(2, 5), None),
    ("reversed", x[:, ::-1], x),
    ("reversed", x[::-1, :, ::-1], x),
    ("off by one", np.roll(x, 1, 2), x),
    ("off by one", np.concatenate([0 * x[..., :1], x[..., :-1]], -1), x),
    ("blocks in another order", np.concatenate(np.split(normal(8, 3), 4)), None),
    ("interleaved", normal(6, 2).reshape(2, 3, 2).swapaxes(0, 1).reshape(6, 2), None),
    ("column by column", x[0].ravel("F").reshape(3, 4), x[0]),
    ("wrong sign", -x, x),
    ("missing unbroadcast", x, x.sum((0, 1))),
    ("summed too far", x.sum(1), x),
    ("summed too far", x.mean((0, 1)), x),
    ("axis of length 1", x.sum(1, keepdims=True), x.sum(1)),
    ("another shape", x.reshape(9, 4), x),
    ("lost", np.where(x > 1, 0, x), x),
    ("heard", x, np.where(x > 1, 0, x)),
    ("not finite", np.where(x > 1, np.nan, x), x),
    ("nothing arrived", 0 * x, x),
    ("sum for mean", x * 4, x),
    ("mean for sum", x / 3, x),
    ("ddof", x * (4 / 3), x),
    ("ddof", x * (3 / 4) ** 0.5, x),
    ("scaled by a root", x * 36**0.5 * 6**-0.5 * 6**-0.5 * 3**0.5, x),
    ("twice", 2 * x, x),
    ("half", x / 2, x),
    ("times a constant", 1.0001 * x, x),
    ("plus a constant", x + 0.3, x),
]


@pytest.mark.parametrize(("name", "ours", "theirs"), TURNED)
def test_turned(name, ours, theirs):
    if theirs is None:
        theirs = {
            "transposed": lambda a: a.T,
            "blocks in another order": lambda a: np.concatenate([a[2:4], a[:2], a[4:]]),
            "interleaved": lambda a: a.reshape(3, 2, 2).swapaxes(0, 1).reshape(6, 2),
        }[name](ours)
    assert name in names(differing(ours, theirs))


def test_a_constant_is_explained_or_only_observed():
    (cause,) = causes(differing(0.3 * x, x, arguments={"momentum": 0.7}))
    assert (cause.name, cause.observation) == ("times 1 - momentum", False)
    assert "1 - momentum, with momentum = 0.7" in cause.words
    (cause,) = causes(differing(0.3 * x, x))
    assert (cause.name, cause.observation) == ("times a constant", True)
    assert "times 0.3 in every entry" in cause.words


def test_sizes_are_those_of_inputs_too_and_all_that_fit_are_named():
    (cause,) = causes(differing(32 * x, x, inputs={"input": normal(32, 5), "weight": normal(7, 32)}))
    assert cause.name == "sum for mean"
    assert "32, the length of axis 0 of input, and the length of axis 1 of weight" in cause.words


def test_one_number_is_said_to_be_one():
    (cause,) = causes(differing(np.array(9.0), np.array(3.0), inputs={"input": normal(3, 5)}))
    assert cause.words.endswith("a sum where the reference takes the mean (only one number was compared)")
    assert names(differing(np.array(9.1), np.array(3.0), inputs={"input": normal(3, 5)})) == []
    near = {"input": normal(10_001)}
    assert names(differing(np.array(1.0001), np.array(1.0), inputs=near)) == [], "many constants are so near to 1"


def test_copies_were_averaged():
    seen = dict(
        what="gradient", op="add", wrt="other", upstream=normal(5, 7), inputs={"input": normal(5, 7), "other": x[0, 0]}
    )
    (cause, *_) = causes(differing(x[0, 0][None] / 35, x[0, 0][None], **seen | {"inputs": {}}))
    assert cause.name == "mean for sum"


# ------------------------------------------------------------------ what was added

OLD, A, B = normal(3, 2), normal(3, 2), normal(3, 2)

ADDED = [
    ("stale gradient", OLD + A, A, {"grad": OLD}, {}),
    ("overwritten gradient", A, OLD + A, {"grad": OLD}, {}),
    ("only some of the uses", A, A + B, {}, {"from mul": A, "from add": B}),
    ("only some of the uses", OLD + B, OLD + A + B, {"grad": OLD}, {"from mul": A, "from add": B}),
    ("one use counted twice", A + 2 * B, A + B, {}, {"from mul": A, "from add": B}),
]


@pytest.mark.parametrize(("name", "ours", "theirs", "before", "parts"), ADDED)
def test_added(name, ours, theirs, before, parts):
    e = differing(ours, theirs, "accumulated gradient", "backward", before=before, inputs=parts)
    assert names(e) == [name]


def test_a_state_that_is_not_written():
    e = differing(OLD, A, "update", "Adam", wrt="exp_avg", before={"exp_avg": OLD, "parameter": B, "grad": A})
    assert names(e) == ["not remembered"]
    assert names(replace(e, ours=0 * OLD, before={"parameter": B, "grad": A})) == ["not remembered"], (
        "in the first step"
    )


def test_of_an_update_it_is_the_step_that_is_turned():
    p, step = 100 + normal(3, 2), normal(3, 2)
    seen = dict(what="update", op="mine", wrt="parameter", before={"parameter": p}, arguments={"lr": 0.1})
    assert names(Evidence(ours=p + step, theirs=p - step, close=close, **seen)) == ["wrong sign"]
    (cause,) = causes(Evidence(ours=p - 10 * step, theirs=p - step, close=close, **seen))
    assert cause.words.startswith("our step is the reference's step over lr = 0.1")


# ------------------------------------------------------------------ precision


def test_float64_for_float32():
    e = Evidence(what="output", op="exp", ours=np.exp(x), theirs=np.exp(x).astype(np.float32), close=close)
    assert names(e) == ["float64 for float32"]
    assert names(replace(e, ours=np.exp(x) + normal(3, 3, 4))) == []


def test_float32_inside_float64():
    sharp = lambda a, b: np.allclose(a, b, rtol=1e-12, atol=0)
    e = Evidence(
        what="output", op="exp", ours=np.exp(x).astype(np.float32).astype(np.float64), theirs=np.exp(x), close=sharp
    )
    assert names(e) == ["float32 inside float64"]
    assert names(replace(e, ours=np.exp(x) * (1 + 1e-8 * normal(3, 3, 4)))) == []


def test_a_cast_is_not_taken_for_a_turn():
    assert names(differing(np.ones(3), np.ones(3, np.float32))) == ["float64 for float32"]


# ------------------------------------------------------------------ custom rules, dropout, what is not said


def test_the_rule_of_a_custom_function_is_recognised_by_its_numbers():
    x, g = normal(4, 3), normal(4, 3)
    y = 1 / (1 + np.exp(-x))
    e = differing(g * y, g * y * (1 - y), "rule", "Swoosh", inputs={"z": x}, upstream=g)
    assert names(e) == ["s for s (1 - s)"]


def test_kept_and_dropped_exchanged():
    x, u = normal(20, 20), rng.uniform(size=(20, 20))
    seen = dict(op="dropout", inputs={"input": x}, arguments={"p": 0.3})
    mask = lambda share: np.where(u < share, x / 0.7, 0)
    assert names(differing(mask(0.3), mask(0.7), **seen)) == ["kept and dropped exchanged"]
    other = np.where(rng.uniform(size=u.shape) < 0.7, x / 0.7, 0)
    assert names(differing(other, mask(0.7), **seen)) == [], "other draws explain nothing"


def test_at_most_three_and_the_most_specific():
    square = normal(4, 4)
    assert len(names(differing(4 * square, square, arguments={"a": 4.0, "b": 0.25}))) == 3
    g, x = normal(4), np.array([4.0, 4.0, 4.0, 4.0])
    e = differing(g, g / 4, "gradient", "sqrt", inputs={"input": x}, upstream=g)
    assert "sum for mean" not in names(e), "there is a formula that explains it"


OPS = sorted({op for f in FORMULAS for op in f.ops})


@given(
    st.integers(0, 2**32),
    st.sampled_from([(2,), (5,), (3, 4), (4, 4), (2, 3, 2)]),
    st.floats(-4, 0.5),
    st.sampled_from(OPS),
)
def test_never_a_cause_for_what_has_none(seed, shape, size, op):
    rng = np.random.default_rng(seed)
    theirs = rng.normal(size=shape)
    inputs = {"input": rng.uniform(0.1, 0.9, shape), "weight": rng.normal(size=shape[-1:])}
    seen = dict(op=op, close=close, theirs=theirs, inputs=inputs, upstream=rng.normal(size=shape))
    seen |= dict(before={"grad": rng.normal(size=shape), "parameter": rng.normal(size=shape)})
    seen |= dict(arguments={"dim": 0, "lr": 0.1, "eps": 1e-5, "p": 0.3, "weight_decay": 0.01})
    honest = theirs * (1 + 1e-6 * rng.normal(size=shape))
    for what in ("output", "gradient", "rule", "update", "accumulated gradient"):
        e = Evidence(what=what, ours=honest, **seen)
        assert names(e) == []
        noise = 10**size * rng.normal(size=shape)
        assert names(replace(e, ours=theirs + noise)) == []
        assert names(replace(e, close=lambda a, b: np.array_equal(a, b) or not np.array_equal(a, honest))) == [], (
            "a bound too sharp"
        )


def test_one_number_is_seldom_explained_by_chance():
    explained = 0
    for _ in range(200):
        a, b = rng.uniform(0.1, 10, (2, 1))
        explained += bool(names(differing(a, b, inputs={"input": normal(32, 10)}, arguments={"lr": 0.1, "p": 0.3})))
    assert explained <= 1


def test_a_wrong_count_names_every_axis_of_that_length():
    x = normal(4, 4, 3)
    (cause,) = causes(differing(x.sum() / 4, x.mean(), op="mean", inputs={"input": x}))
    assert "4, the length of axis 0 or 1, where a mean of 48 numbers" in cause.words
